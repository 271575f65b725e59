-- Epochs of this producer that have ended, in the order of their numbers: a database that was restored to an older point
-- begins a new one. Their events keep their numbers.
CREATE TABLE ended_epoch (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch  BLOB    NOT NULL UNIQUE CHECK (length(epoch) = 16),
    head   INTEGER NOT NULL CHECK (head >= 0)
) STRICT;
