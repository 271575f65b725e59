-- What could not be taken back after a restore, for operators to look at.
CREATE TABLE recovery_loss (
    subject text NOT NULL CHECK (subject <> ''),
    what    text NOT NULL CHECK (what <> ''),
    PRIMARY KEY (subject, what)
);
