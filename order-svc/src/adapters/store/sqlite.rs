//! Orders in SQLite.

mod beside;
mod reads;
mod rows;
mod taking_back;
mod waiting;

use chassis::{
    idempotency::{Request, Scope},
    outbox::Outbox,
    store::{
        AfterCommit, Error,
        sqlite::{Tx as SqliteTx, micros, one_row},
    },
};
use sqlx::{SqliteConnection, migrate::Migrator};
use time::OffsetDateTime;
use uuid::Uuid;

pub use reads::Reads;

use super::rows::{StateColumns, claim_name, reason};
use crate::{
    adapters::{events, metrics, names},
    app::ports::{Claim, DueBooking, Erased, Placed, Tx},
    domain::{
        Change, Order, Status,
        order::{Line, Reservation},
    },
};

/// order-svc's own tables.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

#[async_trait::async_trait]
impl Tx for SqliteTx {
    async fn claim(&mut self, id: Uuid, claim: Claim, now: OffsetDateTime) -> Result<Claim, Error> {
        sqlx::query("INSERT INTO claim (id, claimed_by, create_time) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(claim_name(claim))
            .bind(micros(now))
            .execute(self.connection())
            .await?;
        rows::claim(self.connection(), id).await?.ok_or_else(|| Error::inconsistent("a claim vanished"))
    }

    async fn order(&mut self, id: Uuid) -> Result<Option<Order>, Error> {
        rows::order(self.connection(), id).await
    }

    async fn order_if_idle(&mut self, id: Uuid) -> Result<Option<Order>, Error> {
        rows::order(self.connection(), id).await
    }

    async fn placed_with(&mut self, scope: &Scope) -> Result<Option<Placed>, Error> {
        rows::placed_with(self.connection(), scope).await
    }

    async fn insert(&mut self, placed: &Change, request: Option<&Request>) -> Result<(), Error> {
        let order = &placed.order;
        let (scope, hash) = (request.map(|request| &request.scope), request.map(|request| request.hash.to_vec()));
        let written = sqlx::query(
            "INSERT INTO orders (id, customer_id, shop_id, status, booking, reserve_by, version, create_time, \
             update_time, key_issuer, key_subject, key_method, key, request_hash) \
             VALUES (?, ?, ?, 'PLACED', ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(order.id)
        .bind(&order.customer_id)
        .bind(order.shop_id)
        .bind(names::booking(order.booking))
        .bind(micros(order.reserve_by))
        .bind(micros(order.create_time))
        .bind(micros(order.update_time))
        .bind(scope.map(|scope| &scope.issuer))
        .bind(scope.map(|scope| &scope.subject))
        .bind(scope.map(|scope| &scope.method))
        .bind(scope.map(|scope| &scope.key))
        .bind(hash)
        .execute(self.connection())
        .await?;
        one_row(&written, "order")?;
        for (position, line) in (0_i64..).zip(&order.lines) {
            insert_line(self.connection(), order.id, position, line).await?;
        }
        remember(self, placed).await
    }

    async fn save(&mut self, changes: &[Change]) -> Result<(), Error> {
        for change in changes {
            update(self.connection(), &change.order).await?;
            if change.order.status == Status::Confirmed {
                hold_units(self.connection(), &change.order).await?;
            }
            beside::forget(self.connection(), &change.order).await?;
            remember(self, change).await?;
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

/// Writes a change's history and its event.
async fn remember(tx: &mut SqliteTx, change: &Change) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO order_event (order_id, version, status, actor_kind, actor_id, reason, event_time) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(change.order.id)
    .bind(change.order.version)
    .bind(change.order.status.name())
    .bind(change.actor.kind.name())
    .bind(&change.actor.id)
    .bind(reason(&change.order.status))
    .bind(micros(change.order.update_time))
    .execute(tx.connection())
    .await?;
    one_row(&written, "history entry")?;
    let committed = metrics::Change::of(&change.order);
    tx.after_commit(Box::new(move || committed.count()));
    tx.append(events::encode(change)).await
}

async fn insert_line(
    connection: &mut SqliteConnection,
    order_id: Uuid,
    position: i64,
    line: &Line,
) -> Result<(), Error> {
    let expected = line.expected_unit_price.as_ref();
    let written = sqlx::query(
        "INSERT INTO order_line (order_id, position, phone_id, quantity, expected_price, expected_currency, \
         requested_serials) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(order_id)
    .bind(position)
    .bind(line.phone_id)
    .bind(line.quantity)
    .bind(expected.map(|price| price.minor_units))
    .bind(expected.map(|price| &price.currency))
    .bind((!line.requested_serials.is_empty()).then(|| line.requested_serials.join(" ")))
    .execute(connection)
    .await?;
    one_row(&written, "order line")
}

/// Moves an order one version on; the version before guards against a lost update.
async fn update(connection: &mut SqliteConnection, order: &Order) -> Result<(), Error> {
    let state = StateColumns::of(&order.status);
    let written = sqlx::query(
        "UPDATE orders SET status = ?, total = ?, total_currency = ?, reject_reason = ?, cancelled_by_kind = ?, \
         cancelled_by_id = ?, cancel_reason = ?, carrier = ?, tracking_number = ?, version = ?, update_time = ? \
         WHERE id = ? AND version = ?",
    )
    .bind(order.status.name())
    .bind(order.total.as_ref().map(|total| total.minor_units))
    .bind(order.total.as_ref().map(|total| &total.currency))
    .bind(state.reject_reason)
    .bind(state.cancelled_by_kind)
    .bind(state.cancelled_by_id)
    .bind(state.cancel_reason)
    .bind(state.carrier)
    .bind(state.tracking_number)
    .bind(order.version)
    .bind(micros(order.update_time))
    .bind(order.id)
    .bind(order.version - 1)
    .execute(connection)
    .await?;
    one_row(&written, "order")
}

async fn hold_units(connection: &mut SqliteConnection, order: &Order) -> Result<(), Error> {
    for line in &order.lines {
        let Some(held) = &line.reserved else { continue };
        let written = sqlx::query(
            "UPDATE order_line SET unit_price = ?, unit_currency = ?, serials = ? WHERE order_id = ? AND phone_id = ?",
        )
        .bind(held.unit_price.minor_units)
        .bind(&held.unit_price.currency)
        .bind(held.serials.join(" "))
        .bind(order.id)
        .bind(line.phone_id)
        .execute(&mut *connection)
        .await?;
        one_row(&written, "order line")?;
    }
    Ok(())
}
