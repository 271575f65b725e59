-- Events as written with the change they tell of; numbered later by the relay, never changed, never pruned. Positions are
-- given as rows are written: what commits late may stand before what was numbered long ago.
CREATE TABLE outbox (
    position     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     uuid        NOT NULL UNIQUE,
    kind         text        NOT NULL,
    aggregate_id uuid        NOT NULL,
    version      bigint      NOT NULL CHECK (version >= 1),
    time         timestamptz NOT NULL,
    traceparent  text,
    body         bytea       NOT NULL,
    epoch        uuid,
    sequence     bigint      CHECK (sequence >= 1),
    -- Each version of an aggregate has exactly one event.
    UNIQUE (aggregate_id, version),
    CHECK ((epoch IS NULL) = (sequence IS NULL))
);

CREATE UNIQUE INDEX outbox_by_sequence ON outbox (epoch, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX outbox_unnumbered ON outbox (position) WHERE sequence IS NULL;

CREATE FUNCTION refuse_outbox_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'event % has its number and stays as it is', OLD.event_id;
END $$;

CREATE TRIGGER outbox_keeps_numbers BEFORE UPDATE ON outbox
    FOR EACH ROW WHEN (OLD.sequence IS NOT NULL) EXECUTE FUNCTION refuse_outbox_change();
CREATE TRIGGER outbox_keeps_events BEFORE DELETE ON outbox
    FOR EACH ROW WHEN (OLD.sequence IS NOT NULL) EXECUTE FUNCTION refuse_outbox_change();
