//! One row of `message` and what it means.

use chassis::store::{Error, sqlite::time};
use uuid::Uuid;

use super::{parse_channel, parse_language};
use crate::{
    app::ports::Due,
    domain::{Change, Message, Money, Recipient, RejectReason, Template, message::State},
};

/// The columns of [`Row`].
pub(super) const COLUMNS: &str = "message_id, order_id, recipient_kind, recipient_id, contact_id, template, channel, \
    language, status, erased, attempts, earlier_attempts, version, create_time, due_time, sent_time, total_minor, \
    currency, reason, carrier, tracking_number, traceparent";

/// A row as it is stored.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
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
    attempts: u32,
    earlier_attempts: u32,
    version: i64,
    create_time: i64,
    due_time: Option<i64>,
    sent_time: Option<i64>,
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

impl TryFrom<Row> for Message {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let template = template(&row.template)?;
        let state = match (row.status.as_str(), row.erased, row.due_time, row.sent_time) {
            ("PENDING", false, Some(due), None) => {
                State::Pending { change: row.parameters.change(template)?, due_time: time(due)? }
            }
            ("SENT", false, None, Some(sent)) => State::Sent { sent_time: time(sent)? },
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
            attempts: row.attempts,
            earlier_attempts: row.earlier_attempts,
            version: row.version,
            create_time: time(row.create_time)?,
            traceparent: row.traceparent,
        })
    }
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

/// A row of a message that is due, with the machine that its contact's webhook is on.
#[derive(sqlx::FromRow)]
pub(super) struct DueRow {
    #[sqlx(flatten)]
    message: Row,
    receiver: Option<String>,
}

impl TryFrom<DueRow> for Due {
    type Error = Error;

    fn try_from(row: DueRow) -> Result<Self, Error> {
        Ok(Self { message: row.message.try_into()?, receiver: row.receiver })
    }
}
