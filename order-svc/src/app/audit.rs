//! The audit of what people do to orders: a record in the change's own transaction, and none of what services do.

use chassis::{
    audit::{Fields, Record},
    store,
};
use time::OffsetDateTime;

use super::ports::{Erased, Tx};
use crate::domain::{Actor, Change, Order, Recipient, Status};

/// Records that a customer placed an order.
///
/// # Errors
/// The database failed.
pub async fn placed(tx: &mut dyn Tx, placed: &Change, recipient: &Recipient) -> Result<(), store::Error> {
    let Change { order, actor } = placed;
    let after = fields(order)
        .personal("recipient.name", &recipient.name)
        .personal("recipient.phone_number", &recipient.phone_number)
        .personal("recipient.address", &recipient.address);
    record(tx, actor, "PlaceOrder", Subject::Order(order), (&Fields::default(), &after), order.create_time).await
}

/// Records that someone changed an order by the RPC `action`; nothing where nothing changed or a service did it.
///
/// # Errors
/// The database failed.
pub async fn changed(
    tx: &mut dyn Tx,
    actor: &Actor,
    action: &'static str,
    (before, after): (&Order, &Order),
    now: OffsetDateTime,
) -> Result<(), store::Error> {
    record(tx, actor, action, Subject::Order(after), (&fields(before), &fields(after)), now).await
}

/// Records that an operator cleared recipients of a customer; nothing where there were none.
///
/// # Errors
/// The database failed.
pub async fn erased(
    tx: &mut dyn Tx,
    operator: &Actor,
    customer_id: &str,
    erased: Erased,
    now: OffsetDateTime,
) -> Result<(), store::Error> {
    let recipients = |count| Fields::default().with("recipients", count);
    let change = (&recipients(erased.cleared + erased.outstanding), &recipients(erased.outstanding));
    record(tx, operator, "EraseCustomer", Subject::Customer(customer_id), change, now).await
}

/// What was changed.
#[derive(Clone, Copy)]
enum Subject<'a> {
    Order(&'a Order),
    Customer(&'a str),
}

async fn record(
    tx: &mut dyn Tx,
    actor: &Actor,
    action: &'static str,
    subject: Subject<'_>,
    (before, after): (&Fields, &Fields),
    time: OffsetDateTime,
) -> Result<(), store::Error> {
    let changes = before.changes(after);
    if actor.is_service() || changes.is_empty() {
        return Ok(());
    }
    let (subject_kind, subject_id) = match subject {
        Subject::Order(order) => ("order", order.id.to_string()),
        Subject::Customer(id) => ("customer", id.to_owned()),
    };
    let (actor_role, actor_id) = (actor.kind.name(), actor.id.clone());
    tx.audit(&Record { actor_role, actor_id, action, subject_kind, subject_id, changes, time }).await
}

fn fields(order: &Order) -> Fields {
    let lines: Vec<_> = order.lines.iter().map(|line| format!("{} of {}", line.quantity, line.phone_id)).collect();
    let fields = Fields::default()
        .with("shop_id", order.shop_id)
        .with("lines", lines.join(", "))
        .with("status", order.status.name())
        .with("booking_outstanding", order.booking_outstanding())
        .with("version", order.version);
    match &order.status {
        Status::Placed | Status::Confirmed => fields,
        Status::Rejected(reason) => fields.with("reject_reason", reason.name()),
        Status::Cancelled { by, reason } => fields.with("cancelled_by", &by.id).with("cancel_reason", reason),
        Status::Shipped(shipment) | Status::Delivered(shipment) => {
            fields.with("carrier", &shipment.carrier).with("tracking_number", &shipment.tracking_number)
        }
    }
}
