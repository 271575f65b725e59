-- A contact's target: the log, a webhook with the secrets that sign what is posted to it, or a mailbox.
CREATE TABLE contact_new (
    contact_id                  BLOB    NOT NULL PRIMARY KEY CHECK (length(contact_id) = 16),
    owner_kind                  TEXT    NOT NULL CHECK (owner_kind IN ('CUSTOMER', 'SHOP')),
    owner_id                    TEXT    NOT NULL CHECK (owner_id <> ''),
    language                    TEXT    NOT NULL CHECK (language IN ('ko', 'en')),
    channel                     TEXT    NOT NULL CHECK (channel IN ('log', 'webhook', 'smtp')),
    url                         TEXT    CHECK (url <> ''),
    -- Host and port of the URL, by which endpoints are told apart that one machine serves.
    receiver                    TEXT    CHECK (receiver <> ''),
    secret                      BLOB    CHECK (length(secret) = 32),
    secret_time                 INTEGER,
    previous_secret             BLOB    CHECK (length(previous_secret) = 32),
    previous_secret_expire_time INTEGER,
    address                     TEXT    CHECK (address <> ''),
    update_time                 INTEGER NOT NULL,
    UNIQUE (owner_kind, owner_id),

    CHECK ((channel = 'webhook') = (url IS NOT NULL)),
    CHECK ((url IS NULL) = (receiver IS NULL)),
    CHECK ((url IS NULL) = (secret IS NULL)),
    CHECK ((url IS NULL) = (secret_time IS NULL)),
    CHECK (previous_secret IS NULL OR secret IS NOT NULL),
    CHECK ((previous_secret IS NULL) = (previous_secret_expire_time IS NULL)),
    CHECK ((channel = 'smtp') = (address IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Until now there was no channel but the log.
INSERT INTO contact_new (contact_id, owner_kind, owner_id, language, channel, update_time)
SELECT contact_id, recipient_kind, recipient_id, language, 'log', 0 FROM contact;

DROP TABLE contact;
ALTER TABLE contact_new RENAME TO contact;
