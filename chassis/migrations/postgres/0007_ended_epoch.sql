-- Epochs of this producer that have ended, in the order of their numbers: a database that was restored to an older point
-- begins a new one. Their events keep their numbers.
CREATE TABLE ended_epoch (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    epoch  uuid   NOT NULL UNIQUE,
    head   bigint NOT NULL CHECK (head >= 0)
);
