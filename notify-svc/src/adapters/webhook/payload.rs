//! What is posted: JSON, the same at every attempt.

use chassis::wire;
use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;

use crate::{app::ports::Envelope, domain::Change};

/// A message cannot be written as JSON.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its time cannot be written.
    #[error("the time cannot be written")]
    Time(#[from] time::error::Format),
    /// The rest cannot.
    #[error("the payload cannot be written")]
    Json(#[from] serde_json::Error),
}

/// The body of a post.
///
/// # Errors
/// See [`Error`].
pub fn of(envelope: &Envelope) -> Result<Vec<u8>, Error> {
    let mut data = Map::new();
    data.insert("messageId".to_owned(), envelope.message_id.to_string().into());
    data.insert("orderId".to_owned(), envelope.order_id.to_string().into());
    data.insert("recipientKind".to_owned(), envelope.recipient.kind().into());
    data.insert("recipientId".to_owned(), envelope.recipient.id().into());
    data.insert("language".to_owned(), envelope.language.code().into());
    data.insert("subject".to_owned(), envelope.words.subject.as_str().into());
    data.insert("text".to_owned(), envelope.words.text.as_str().into());
    data.extend(told(&envelope.change));
    let body = json!({
        "type": format!("order.{}", envelope.template.name().to_lowercase()),
        "timestamp": envelope.create_time.format(&Rfc3339)?,
        "data": data,
    });
    Ok(serde_json::to_vec(&body)?)
}

/// What the text tells, for programs.
fn told(change: &Change) -> Vec<(String, Value)> {
    let field = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    match change {
        Change::Placed | Change::Delivered => Vec::new(),
        Change::Confirmed { total } => {
            let money = wire::money(total.minor_units, &total.currency);
            let total =
                json!({ "currencyCode": money.currency_code, "units": money.units.to_string(), "nanos": money.nanos });
            vec![("total".to_owned(), total)]
        }
        Change::Rejected { reason } => vec![field("rejectReason", reason.name())],
        Change::Cancelled { reason } => vec![field("cancelReason", reason)],
        Change::Shipped { carrier, tracking_number } => {
            vec![field("carrier", carrier), field("trackingNumber", tracking_number)]
        }
    }
}
