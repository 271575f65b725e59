-- A phone's units counted by status. Counting them anew costs more with every unit ever sold, so the database keeps the
-- counts itself: a write to a unit moves it from one count to another, and no count can fall below 0.
CREATE TABLE stock (
    phone_id BLOB NOT NULL PRIMARY KEY REFERENCES phone (phone_id),
    available INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
    reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    sold INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0),
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn >= 0)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER stock_of_phone AFTER INSERT ON phone BEGIN
    INSERT INTO stock (phone_id) VALUES (new.phone_id);
END;

CREATE TRIGGER stock_of_new_unit AFTER INSERT ON unit BEGIN
    UPDATE stock SET
        available = available + (new.status = 'AVAILABLE'),
        reserved = reserved + (new.status = 'RESERVED'),
        sold = sold + (new.status = 'SOLD'),
        withdrawn = withdrawn + (new.status = 'WITHDRAWN')
    WHERE phone_id = new.phone_id;
END;

CREATE TRIGGER stock_of_changed_unit AFTER UPDATE OF status ON unit BEGIN
    UPDATE stock SET
        available = available + (new.status = 'AVAILABLE') - (old.status = 'AVAILABLE'),
        reserved = reserved + (new.status = 'RESERVED') - (old.status = 'RESERVED'),
        sold = sold + (new.status = 'SOLD') - (old.status = 'SOLD'),
        withdrawn = withdrawn + (new.status = 'WITHDRAWN') - (old.status = 'WITHDRAWN')
    WHERE phone_id = new.phone_id;
END;

-- Units are registered for ever, as what they are, and take only the ways that a unit's states know.
CREATE TRIGGER unit_is_kept BEFORE DELETE ON unit BEGIN
    SELECT RAISE(ABORT, 'a unit is never deleted');
END;

CREATE TRIGGER unit_keeps_its_identity BEFORE UPDATE OF unit_id, phone_id, shop_id, serial ON unit BEGIN
    SELECT RAISE(ABORT, 'a unit keeps its phone and serial');
END;

CREATE TRIGGER unit_goes_its_ways BEFORE UPDATE OF status, order_id ON unit
WHEN NOT (
    (old.status = 'AVAILABLE' AND new.status IN ('RESERVED', 'WITHDRAWN'))
    OR (old.status = 'RESERVED' AND new.status = 'AVAILABLE')
    OR (old.status = 'RESERVED' AND new.status = 'SOLD' AND new.order_id = old.order_id)
) BEGIN
    SELECT RAISE(ABORT, 'a unit does not change that way');
END;
