-- A phone's units counted by status. Counting them anew costs more with every unit ever sold, so the database keeps the
-- counts itself: a statement that writes units moves all of them from one count to another, and no count can fall below 0.
CREATE TABLE stock (
    phone_id uuid NOT NULL PRIMARY KEY REFERENCES phone (phone_id),
    available bigint NOT NULL DEFAULT 0 CHECK (available >= 0),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    sold bigint NOT NULL DEFAULT 0 CHECK (sold >= 0),
    withdrawn bigint NOT NULL DEFAULT 0 CHECK (withdrawn >= 0)
) WITH (fillfactor = 50); -- Counts change often, and find room for it beside them.

CREATE FUNCTION stock_of_phones() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stock (phone_id) SELECT phone_id FROM new_phones;
    RETURN NULL;
END
$$;

CREATE TRIGGER stock_of_phones AFTER INSERT ON phone
REFERENCING NEW TABLE AS new_phones FOR EACH STATEMENT EXECUTE FUNCTION stock_of_phones();

-- What a statement moved, phone by phone.
CREATE FUNCTION stock_of_new_units() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    added record;
BEGIN
    FOR added IN
        SELECT
            phone_id,
            count(*) FILTER (WHERE status = 'AVAILABLE') AS available,
            count(*) FILTER (WHERE status = 'RESERVED') AS reserved,
            count(*) FILTER (WHERE status = 'SOLD') AS sold,
            count(*) FILTER (WHERE status = 'WITHDRAWN') AS withdrawn
        FROM new_units GROUP BY phone_id ORDER BY phone_id
    LOOP
        UPDATE stock SET
            available = available + added.available,
            reserved = reserved + added.reserved,
            sold = sold + added.sold,
            withdrawn = withdrawn + added.withdrawn
        WHERE phone_id = added.phone_id;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE TRIGGER stock_of_new_units AFTER INSERT ON unit
REFERENCING NEW TABLE AS new_units FOR EACH STATEMENT EXECUTE FUNCTION stock_of_new_units();

CREATE FUNCTION stock_of_changed_units() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved record;
BEGIN
    FOR moved IN
        SELECT
            phone_id,
            coalesce(sum(units) FILTER (WHERE status = 'AVAILABLE'), 0) AS available,
            coalesce(sum(units) FILTER (WHERE status = 'RESERVED'), 0) AS reserved,
            coalesce(sum(units) FILTER (WHERE status = 'SOLD'), 0) AS sold,
            coalesce(sum(units) FILTER (WHERE status = 'WITHDRAWN'), 0) AS withdrawn
        FROM (
            SELECT phone_id, status, 1 AS units FROM new_units UNION ALL SELECT phone_id, status, -1 FROM old_units
        ) AS way
        GROUP BY phone_id ORDER BY phone_id
    LOOP
        UPDATE stock SET
            available = available + moved.available,
            reserved = reserved + moved.reserved,
            sold = sold + moved.sold,
            withdrawn = withdrawn + moved.withdrawn
        WHERE phone_id = moved.phone_id;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE TRIGGER stock_of_changed_units AFTER UPDATE ON unit
REFERENCING OLD TABLE AS old_units NEW TABLE AS new_units FOR EACH STATEMENT EXECUTE FUNCTION stock_of_changed_units();
