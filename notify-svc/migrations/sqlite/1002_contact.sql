-- Where and in which language a customer or a shop hears of changes. Without a row: the channel log, the default language.
CREATE TABLE contact (
    contact_id     BLOB NOT NULL PRIMARY KEY CHECK (length(contact_id) = 16),
    recipient_kind TEXT NOT NULL CHECK (recipient_kind IN ('CUSTOMER', 'SHOP')),
    recipient_id   TEXT NOT NULL CHECK (recipient_id <> ''),
    language       TEXT NOT NULL CHECK (language IN ('ko', 'en')),
    channel        TEXT NOT NULL CHECK (channel <> ''),
    UNIQUE (recipient_kind, recipient_id)
) STRICT, WITHOUT ROWID;
