-- What was written to a restored database before its own events were taken back gives way to them; nothing else ever does.
DROP TRIGGER order_event_is_never_deleted;

CREATE TRIGGER order_event_is_never_deleted BEFORE DELETE ON order_event
WHEN (SELECT standing FROM relay) <> 'RESTORED'
BEGIN
    SELECT raise(ABORT, 'history is never deleted');
END;
