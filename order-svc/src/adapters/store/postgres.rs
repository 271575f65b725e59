//! Orders in PostgreSQL. Units of several replicas run at once: an order is locked before anything is decided on it, and
//! what is claimed or keyed is decided by a unique index.

mod beside;
mod reads;
mod rows;
pub mod statements;
mod taking_back;

use chassis::{
    idempotency::{Request, Scope},
    outbox::Outbox,
    store::{
        AfterCommit, Error,
        postgres::{Tx as PostgresTx, one_row},
    },
};
use sqlx::{PgConnection, migrate::Migrator};
use time::OffsetDateTime;
use uuid::Uuid;

pub use reads::Reads;

use super::rows::{StateColumns, claim_name, parse_claim, reason};
use crate::{
    adapters::{events, metrics, names},
    app::ports::{Claim, DueBooking, Erased, Placed, Tx},
    domain::{
        Change, Order, Status,
        order::{Line, Reservation},
    },
};

/// order-svc's own tables.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

#[async_trait::async_trait]
impl Tx for PostgresTx {
    async fn claim(&mut self, id: Uuid, claim: Claim, now: OffsetDateTime) -> Result<Claim, Error> {
        // Waits for whoever is just claiming it; what that came to is seen by the next statement, not by this one.
        let claimed =
            sqlx::query("INSERT INTO claim (id, claimed_by, create_time) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(id)
                .bind(claim_name(claim))
                .bind(now)
                .execute(self.connection())
                .await?;
        if claimed.rows_affected() == 1 {
            return Ok(claim);
        }
        let stands = sqlx::query_scalar("SELECT claimed_by FROM claim WHERE id = $1").bind(id);
        let stands: String = stands.fetch_one(self.connection()).await?;
        parse_claim(&stands)
    }

    async fn order(&mut self, id: Uuid) -> Result<Option<Order>, Error> {
        rows::locked(self.connection(), statements::LOCKED, id).await
    }

    async fn order_if_idle(&mut self, id: Uuid) -> Result<Option<Order>, Error> {
        rows::locked(self.connection(), statements::LOCKED_IF_IDLE, id).await
    }

    async fn placed_with(&mut self, scope: &Scope) -> Result<Option<Placed>, Error> {
        rows::placed_with(self.connection(), scope).await
    }

    async fn insert(&mut self, placed: &Change, request: Option<&Request>) -> Result<(), Error> {
        insert(self.connection(), placed, request).await?;
        tell(self, placed).await
    }

    async fn save(&mut self, changes: &[Change]) -> Result<(), Error> {
        for change in changes {
            update(self.connection(), change).await?;
            if change.order.status == Status::Confirmed {
                hold_units(self.connection(), &change.order).await?;
            }
            beside::forget(self.connection(), &change.order).await?;
            tell(self, change).await?;
        }
        Ok(())
    }

    async fn await_booking(&mut self, due: &DueBooking) -> Result<(), Error> {
        beside::await_booking(self.connection(), due).await
    }

    async fn take_due_bookings(
        &mut self,
        now: OffsetDateTime,
        until: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<DueBooking>, Error> {
        beside::take_due_bookings(self.connection(), now, until, limit).await
    }

    async fn take_booking(&mut self, due: &DueBooking, until: OffsetDateTime) -> Result<bool, Error> {
        beside::take_booking(self.connection(), due, until).await
    }

    async fn put_off_booking(&mut self, order_id: Uuid, until: OffsetDateTime) -> Result<(), Error> {
        beside::put_off_booking(self.connection(), order_id, until).await
    }

    async fn booked(&mut self, order_id: Uuid) -> Result<(), Error> {
        beside::booked(self.connection(), order_id).await
    }

    async fn hold(&mut self, order_id: Uuid, reservation: &Reservation) -> Result<(), Error> {
        beside::hold(self.connection(), order_id, reservation).await
    }

    async fn held(&mut self, order_id: Uuid) -> Result<Option<Reservation>, Error> {
        beside::held(self.connection(), order_id).await
    }

    async fn adopt(&mut self, id: Uuid, request: &Request) -> Result<Option<Order>, Error> {
        if taking_back::adopt(self.connection(), id, request).await? { Tx::order(self, id).await } else { Ok(None) }
    }

    async fn take_back(&mut self, told: &Change) -> Result<Claim, Error> {
        let claim = self.claim(told.order.id, Claim::Order, told.order.create_time).await?;
        if claim == Claim::Void {
            taking_back::unvoid(self.connection(), &told.order).await?;
        }
        taking_back::set(self.connection(), told).await?;
        Ok(claim)
    }

    async fn without_recipient(&mut self) -> Result<Vec<Uuid>, Error> {
        taking_back::without_recipient(self.connection()).await
    }

    async fn erase(&mut self, customer_id: &str) -> Result<Erased, Error> {
        beside::erase(self.connection(), customer_id).await
    }
}

/// Writes a change's event, and counts it once it is committed.
async fn tell(tx: &mut PostgresTx, change: &Change) -> Result<(), Error> {
    let committed = metrics::Change::of(&change.order);
    tx.after_commit(Box::new(move || committed.count()));
    tx.append(events::encode(change)).await
}

/// Writes an order with its lines and the begin of its history, in one statement.
async fn insert(connection: &mut PgConnection, placed: &Change, request: Option<&Request>) -> Result<(), Error> {
    let (order, actor) = (&placed.order, &placed.actor);
    let (scope, hash) = (request.map(|request| &request.scope), request.map(|request| request.hash.as_slice()));
    let lines = &order.lines;
    let quantities: Vec<i32> =
        lines.iter().map(|line| line.quantity.try_into()).collect::<Result<_, _>>().map_err(Error::inconsistent)?;
    let expected = |line: &Line| line.expected_unit_price.clone();
    let requested =
        lines.iter().map(|line| (!line.requested_serials.is_empty()).then(|| line.requested_serials.join(" ")));
    let written = sqlx::query(
        "WITH placed AS (INSERT INTO orders (id, customer_id, shop_id, status, booking, reserve_by, version, create_time, \
         update_time, key_issuer, key_subject, key_method, key, request_hash) \
         VALUES ($1, $2, $3, 'PLACED', $4, $5, 1, $6, $7, $8, $9, $10, $11, $12) RETURNING id), \
         told AS (INSERT INTO order_event (order_id, version, status, actor_kind, actor_id, reason, event_time) \
         SELECT id, 1, 'PLACED', $13, $14, '', $7 FROM placed) \
         INSERT INTO order_line (order_id, position, phone_id, quantity, expected_price, expected_currency, \
         requested_serials) SELECT id, line.place - 1, phone_id, quantity, price, currency, serials FROM placed, \
         unnest($15::uuid[], $16::integer[], $17::bigint[], $18::text[], $19::text[]) \
         WITH ORDINALITY AS line (phone_id, quantity, price, currency, serials, place)",
    )
    .bind(order.id)
    .bind(&order.customer_id)
    .bind(order.shop_id)
    .bind(names::booking(order.booking))
    .bind(order.reserve_by)
    .bind(order.create_time)
    .bind(order.update_time)
    .bind(scope.map(|scope| &scope.issuer))
    .bind(scope.map(|scope| &scope.subject))
    .bind(scope.map(|scope| &scope.method))
    .bind(scope.map(|scope| &scope.key))
    .bind(hash)
    .bind(actor.kind.name())
    .bind(&actor.id)
    .bind(lines.iter().map(|line| line.phone_id).collect::<Vec<_>>())
    .bind(quantities)
    .bind(lines.iter().map(|line| expected(line).map(|price| price.minor_units)).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| expected(line).map(|price| price.currency)).collect::<Vec<_>>())
    .bind(requested.collect::<Vec<_>>())
    .execute(connection)
    .await?;
    all_lines(written.rows_affected(), order)
}

/// Moves an order one version on, with its history; the version before guards against a lost update.
async fn update(connection: &mut PgConnection, change: &Change) -> Result<(), Error> {
    let (order, actor) = (&change.order, &change.actor);
    let state = StateColumns::of(&order.status);
    let written = sqlx::query(
        "WITH moved AS (UPDATE orders SET status = $3, total = $4, total_currency = $5, reject_reason = $6, \
         cancelled_by_kind = $7, cancelled_by_id = $8, cancel_reason = $9, carrier = $10, tracking_number = $11, \
         version = $2, update_time = $12 WHERE id = $1 AND version = $2 - 1 RETURNING id) \
         INSERT INTO order_event (order_id, version, status, actor_kind, actor_id, reason, event_time) \
         SELECT id, $2, $3, $13, $14, $15, $12 FROM moved",
    )
    .bind(order.id)
    .bind(order.version)
    .bind(order.status.name())
    .bind(order.total.as_ref().map(|total| total.minor_units))
    .bind(order.total.as_ref().map(|total| &total.currency))
    .bind(state.reject_reason)
    .bind(state.cancelled_by_kind)
    .bind(state.cancelled_by_id)
    .bind(state.cancel_reason)
    .bind(state.carrier)
    .bind(state.tracking_number)
    .bind(order.update_time)
    .bind(actor.kind.name())
    .bind(&actor.id)
    .bind(reason(&order.status))
    .execute(connection)
    .await?;
    one_row(&written, "order")
}

/// Writes what is held for all lines of an order.
async fn hold_units(connection: &mut PgConnection, order: &Order) -> Result<(), Error> {
    let held: Vec<_> =
        order.lines.iter().filter_map(|line| line.reserved.as_ref().map(|held| (line.phone_id, held))).collect();
    let written = sqlx::query(
        "UPDATE order_line AS line SET unit_price = held.price, unit_currency = held.currency, serials = held.serials \
         FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[]) AS held (phone_id, price, currency, serials) \
         WHERE line.order_id = $1 AND line.phone_id = held.phone_id",
    )
    .bind(order.id)
    .bind(held.iter().map(|(phone_id, _)| *phone_id).collect::<Vec<_>>())
    .bind(held.iter().map(|(_, held)| held.unit_price.minor_units).collect::<Vec<_>>())
    .bind(held.iter().map(|(_, held)| held.unit_price.currency.as_str()).collect::<Vec<_>>())
    .bind(held.iter().map(|(_, held)| held.serials.join(" ")).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    all_lines(written.rows_affected(), order)
}

fn all_lines(written: u64, order: &Order) -> Result<(), Error> {
    if usize::try_from(written) == Ok(order.lines.len()) {
        return Ok(());
    }
    Err(Error::inconsistent(format!("{written} lines written of an order with {}", order.lines.len())))
}
