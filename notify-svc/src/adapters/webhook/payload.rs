//! What is posted: JSON, the same at every attempt.

use chassis::wire;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use crate::{
    app::ports::Envelope,
    domain::{Change, Money},
};

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

#[derive(Serialize)]
struct Payload<'a> {
    r#type: String,
    timestamp: String,
    data: Data<'a>,
}

/// What the text tells, for programs as well; what a change does not tell is absent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    message_id: String,
    order_id: String,
    recipient_kind: &'a str,
    recipient_id: String,
    language: &'a str,
    subject: &'a str,
    text: &'a str,
    #[serde(flatten)]
    told: Told<'a>,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Told<'a> {
    Total { total: Total },
    Rejected { reject_reason: &'a str },
    Cancelled { cancel_reason: &'a str },
    Shipped { carrier: &'a str, tracking_number: &'a str },
    Nothing {},
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Total {
    currency_code: String,
    units: String,
    nanos: i32,
}

/// The body of a post.
///
/// # Errors
/// See [`Error`].
pub fn of(envelope: &Envelope) -> Result<Vec<u8>, Error> {
    let data = Data {
        message_id: envelope.message_id.to_string(),
        order_id: envelope.order_id.to_string(),
        recipient_kind: envelope.recipient.kind(),
        recipient_id: envelope.recipient.id(),
        language: envelope.language.code(),
        subject: &envelope.words.subject,
        text: &envelope.words.text,
        told: told(&envelope.change),
    };
    let r#type = format!("order.{}", envelope.template.name().to_lowercase());
    let timestamp = envelope.create_time.format(&Rfc3339)?;
    Ok(serde_json::to_vec(&Payload { r#type, timestamp, data })?)
}

fn told(change: &Change) -> Told<'_> {
    match change {
        Change::Placed | Change::Delivered => Told::Nothing {},
        Change::Confirmed { total } => Told::Total { total: amount(total) },
        Change::Rejected { reason } => Told::Rejected { reject_reason: reason.name() },
        Change::Cancelled { reason } => Told::Cancelled { cancel_reason: reason },
        Change::Shipped { carrier, tracking_number } => Told::Shipped { carrier, tracking_number },
    }
}

/// An amount as REST shows it.
fn amount(money: &Money) -> Total {
    let money = wire::money(money.minor_units, &money.currency);
    Total { currency_code: money.currency_code, units: money.units.to_string(), nanos: money.nanos }
}

#[cfg(test)]
mod tests {
    use time::{OffsetDateTime, macros::datetime};
    use uuid::Uuid;

    use super::*;
    use crate::{
        app::Words,
        domain::{Language, Recipient, Target},
    };

    const TIME: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);

    fn json(change: Change) -> String {
        let envelope = Envelope {
            message_id: Uuid::from_u128(7),
            order_id: Uuid::from_u128(8),
            recipient: Recipient::Customer("mina".to_owned()),
            target: Target::Log,
            template: change.template(),
            change,
            create_time: TIME,
            language: Language::Korean,
            words: Words { subject: "주문".to_owned(), text: "a \"text\"".to_owned() },
        };
        String::from_utf8(of(&envelope).expect("a payload")).expect("UTF-8")
    }

    #[test]
    fn a_payload_tells_what_happened_to_whom() {
        let start = r#"{"type":"order.placed","timestamp":"2026-11-23T09:00:00Z","data":{"messageId":"00000000-0000-0000-0000-000000000007","orderId":"00000000-0000-0000-0000-000000000008","recipientKind":"CUSTOMER","recipientId":"mina","language":"ko","subject":"주문","text":"a \"text\""}}"#;
        assert_eq!(json(Change::Placed), start);
    }

    #[test]
    fn a_payload_tells_programs_what_its_text_tells() {
        let total = Money { minor_units: 123_450, currency: "USD".to_owned() };
        let (carrier, tracking_number) = ("CJ".to_owned(), "6890".to_owned());
        for (change, end) in [
            (Change::Delivered, r#""text":"a \"text\""}}"#),
            (Change::Confirmed { total }, r#","total":{"currencyCode":"USD","units":"1234","nanos":500000000}}}"#),
            (Change::Cancelled { reason: "late".to_owned() }, r#","cancelReason":"late"}}"#),
            (Change::Shipped { carrier, tracking_number }, r#","carrier":"CJ","trackingNumber":"6890"}}"#),
        ] {
            assert!(json(change).ends_with(end), "{end}");
        }
    }
}
