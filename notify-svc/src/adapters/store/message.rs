//! One row of `message` and what it means.

use chassis::store::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Time, parse_channel, parse_language};
use crate::{
    app::ports::Due,
    domain::{Change, Message, Money, Recipient, RejectReason, Template, message::State},
};

/// The columns of [`Row`].
pub(super) const COLUMNS: &str = "message_id, order_id, recipient_kind, recipient_id, contact_id, template, channel, \
    language, status, erased, attempts, earlier_attempts, version, create_time, due_time, sent_time, total_minor, \
    currency, reason, carrier, tracking_number, traceparent";

/// A row as it is stored, with times as the database keeps them.
#[derive(sqlx::FromRow)]
pub(super) struct Row<T> {
    message_id: Uuid,
    order_id: Uuid,
    recipient_kind: String,
    recipient_id: String,
    contact_id: Option<Uuid>,
    template: String,
    channel: String,
    language: String,
    status: String,
    erased: bool,
    attempts: i64,
    earlier_attempts: i64,
    version: i64,
    create_time: T,
    due_time: Option<T>,
    sent_time: Option<T>,
    traceparent: Option<String>,
    #[sqlx(flatten)]
    parameters: Parameters,
}

/// What a text is made of, as columns; all empty once it is forgotten.
#[derive(Default, sqlx::FromRow)]
pub(super) struct Parameters {
    pub(super) total_minor: Option<i64>,
    pub(super) currency: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) carrier: Option<String>,
    pub(super) tracking_number: Option<String>,
}

impl Parameters {
    /// What is kept in this state.
    pub(super) fn of(state: &State) -> Self {
        let change = match state {
            State::Pending { change, .. } | State::Failed { change } => change,
            State::Sent { .. } | State::Erased => return Self::default(),
        };
        match change {
            Change::Placed | Change::Delivered => Self::default(),
            Change::Confirmed { total } => {
                let currency = Some(total.currency.clone());
                Self { total_minor: Some(total.minor_units), currency, ..Self::default() }
            }
            Change::Rejected { reason } => Self { reason: Some(reason.name().to_owned()), ..Self::default() },
            Change::Cancelled { reason } => Self { reason: Some(reason.clone()), ..Self::default() },
            Change::Shipped { carrier, tracking_number } => {
                let (carrier, tracking_number) = (Some(carrier.clone()), Some(tracking_number.clone()));
                Self { carrier, tracking_number, ..Self::default() }
            }
        }
    }

    fn change(self, template: Template) -> Result<Change, Error> {
        let Self { total_minor, currency, reason, carrier, tracking_number } = self;
        let change = match (template, total_minor.zip(currency), reason, carrier.zip(tracking_number)) {
            (Template::Placed, None, None, None) => Change::Placed,
            (Template::Confirmed, Some((minor_units, currency)), None, None) => {
                Change::Confirmed { total: Money { minor_units, currency } }
            }
            (Template::Rejected, None, Some(reason), None) => Change::Rejected { reason: reject_reason(&reason)? },
            (Template::Cancelled, None, Some(reason), None) => Change::Cancelled { reason },
            (Template::Shipped, None, None, Some((carrier, tracking_number))) => {
                Change::Shipped { carrier, tracking_number }
            }
            (Template::Delivered, None, None, None) => Change::Delivered,
            (template, ..) => return Err(Error::inconsistent(format!("parameters of a {} message", template.name()))),
        };
        Ok(change)
    }
}

/// When a message is due and when it was sent.
pub(super) fn times(message: &Message) -> (Option<OffsetDateTime>, Option<OffsetDateTime>) {
    match message.state {
        State::Pending { due_time, .. } => (Some(due_time), None),
        State::Sent { sent_time } => (None, Some(sent_time)),
        State::Failed { .. } | State::Erased => (None, None),
    }
}

/// Whether a message's text was erased.
pub(super) fn is_erased(message: &Message) -> bool {
    message.state == State::Erased
}

impl<T: Time> TryFrom<Row<T>> for Message {
    type Error = Error;

    fn try_from(row: Row<T>) -> Result<Self, Error> {
        let template = template(&row.template)?;
        let state = match (row.status.as_str(), row.erased, row.due_time, row.sent_time) {
            ("PENDING", false, Some(due), None) => {
                State::Pending { change: row.parameters.change(template)?, due_time: due.time()? }
            }
            ("SENT", false, None, Some(sent)) => State::Sent { sent_time: sent.time()? },
            ("FAILED", false, None, None) => State::Failed { change: row.parameters.change(template)? },
            ("FAILED", true, None, None) => State::Erased,
            (status, ..) => return Err(Error::inconsistent(format!("times of a {status} message"))),
        };
        Ok(Self {
            id: row.message_id,
            order_id: row.order_id,
            recipient: recipient(&row.recipient_kind, row.recipient_id)?,
            contact_id: row.contact_id,
            template,
            channel: parse_channel(&row.channel)?,
            language: parse_language(&row.language)?,
            state,
            attempts: count(row.attempts)?,
            earlier_attempts: count(row.earlier_attempts)?,
            version: row.version,
            create_time: row.create_time.time()?,
            traceparent: row.traceparent,
        })
    }
}

fn count(number: i64) -> Result<u32, Error> {
    u32::try_from(number).map_err(Error::inconsistent)
}

fn template(name: &str) -> Result<Template, Error> {
    let known = Template::ALL.into_iter().find(|template| template.name() == name);
    known.ok_or_else(|| Error::inconsistent(format!("template {name}")))
}

fn reject_reason(name: &str) -> Result<RejectReason, Error> {
    let known = RejectReason::ALL.into_iter().find(|reason| reason.name() == name);
    known.ok_or_else(|| Error::inconsistent(format!("reject reason {name}")))
}

fn recipient(kind: &str, id: String) -> Result<Recipient, Error> {
    match kind {
        "CUSTOMER" => Ok(Recipient::Customer(id)),
        "SHOP" => Ok(Recipient::Shop(Uuid::try_parse(&id).map_err(Error::inconsistent)?)),
        other => Err(Error::inconsistent(format!("recipient kind {other}"))),
    }
}

/// What is known of a message that is due.
#[derive(sqlx::FromRow)]
pub(super) struct DueRow {
    message_id: Uuid,
    recipient_kind: String,
    recipient_id: String,
    receiver: Option<String>,
}

impl TryFrom<DueRow> for Due {
    type Error = Error;

    fn try_from(row: DueRow) -> Result<Self, Error> {
        let recipient = recipient(&row.recipient_kind, row.recipient_id)?;
        Ok(Self { message_id: row.message_id, recipient, receiver: row.receiver })
    }
}
