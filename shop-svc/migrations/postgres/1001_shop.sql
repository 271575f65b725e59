-- What a trigger calls to refuse a write: its argument says why.
CREATE FUNCTION shop_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation';
END
$$;

CREATE TABLE shop (
    shop_id uuid NOT NULL PRIMARY KEY,
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 100),
    currency_code text COLLATE "C" NOT NULL CHECK (currency_code ~ '^[A-Z]{3}$'),
    status text COLLATE "C" NOT NULL CHECK (status IN ('OPEN', 'CLOSED')),
    version bigint NOT NULL CHECK (version >= 1),
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL
);

CREATE INDEX shop_by_time ON shop (create_time, shop_id);
