-- Where and in which language a customer or a shop hears of changes. Without a row: the channel log, the default language.
-- A contact's target is the log, a webhook with the secrets that sign what is posted to it, or a mailbox.
CREATE TABLE contact (
    contact_id                  uuid        NOT NULL PRIMARY KEY,
    owner_kind                  text        NOT NULL CHECK (owner_kind IN ('CUSTOMER', 'SHOP')),
    owner_id                    text        NOT NULL CHECK (owner_id <> ''),
    language                    text        NOT NULL CHECK (language IN ('ko', 'en')),
    channel                     text        NOT NULL CHECK (channel IN ('log', 'webhook', 'smtp')),
    url                         text        CHECK (url <> ''),
    -- Host and port of the URL, by which endpoints are told apart that one machine serves.
    receiver                    text        CHECK (receiver <> ''),
    secret                      bytea       CHECK (length(secret) = 32),
    secret_time                 timestamptz,
    previous_secret             bytea       CHECK (length(previous_secret) = 32),
    previous_secret_expire_time timestamptz,
    address                     text        CHECK (address <> ''),
    update_time                 timestamptz NOT NULL,
    -- Of two who set a first contact at once, one fails here and sees the other's.
    UNIQUE (owner_kind, owner_id),

    CHECK ((channel = 'webhook') = (url IS NOT NULL)),
    CHECK ((url IS NULL) = (receiver IS NULL)),
    CHECK ((url IS NULL) = (secret IS NULL)),
    CHECK ((url IS NULL) = (secret_time IS NULL)),
    CHECK (previous_secret IS NULL OR secret IS NOT NULL),
    CHECK ((previous_secret IS NULL) = (previous_secret_expire_time IS NULL)),
    CHECK ((channel = 'smtp') = (address IS NOT NULL))
);
