-- What could not be taken back after a restore, for operators to look at.
CREATE TABLE recovery_loss (
    subject TEXT NOT NULL CHECK (subject <> ''),
    what    TEXT NOT NULL CHECK (what <> ''),
    PRIMARY KEY (subject, what)
) STRICT, WITHOUT ROWID;
