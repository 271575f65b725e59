-- How the database stands: a copy made to be restored, and one that was found to be older than what its service has told,
-- is RESTORED until its service has taken back what it can, then CATCHING_UP until it has heard what its peers told since.
ALTER TABLE relay ADD COLUMN standing TEXT NOT NULL DEFAULT 'LIVE'
    CHECK (standing IN ('LIVE', 'RESTORED', 'CATCHING_UP'));
