//! Bodies of events as JSON, by the contracts alone: who reads them needs no code of the service that wrote them.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use prost_types::{ListValue, Struct, Value, value::Kind};
use serde_json::Value as Json;

/// A longer body is not decoded.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// A payload that would grow longer is left out: a default value takes no byte of a body and many of a payload.
const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;
/// A payload that is nested deeper is left out: decoders of messages refuse more than about 100 levels, and each of these
/// takes three.
const MAX_DEPTH: u32 = 24;

static CONTRACTS: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS);
    pool.inspect_err(|error| tracing::error!(%error, "the contracts cannot be read")).ok()
});

/// The body of an event as the JSON of its message: names in lowerCamelCase, default values told. None where the contracts
/// do not know `kind`, the body is none of it, or it would be too much to answer.
pub fn decode(kind: &str, body: &[u8]) -> Option<Struct> {
    if body.len() > MAX_BODY_BYTES {
        return None;
    }
    let descriptor = CONTRACTS.as_ref()?.get_message_by_name(kind)?;
    let message = DynamicMessage::decode(descriptor, body).ok()?;
    let told = SerializeOptions::new().skip_default_fields(false);
    let json = message.serialize_with_options(serde_json::value::Serializer, &told).ok()?;
    let Some(Kind::StructValue(payload)) = value(json, MAX_DEPTH)?.kind else { return None };
    (payload.encoded_len() <= MAX_PAYLOAD_BYTES).then_some(payload)
}

fn value(json: Json, depth: u32) -> Option<Value> {
    let deeper = depth.checked_sub(1)?;
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(value) => Kind::BoolValue(value),
        Json::Number(number) => Kind::NumberValue(number.as_f64()?),
        Json::String(text) => Kind::StringValue(text),
        Json::Array(items) => {
            let values = items.into_iter().map(|item| value(item, deeper));
            Kind::ListValue(ListValue { values: values.collect::<Option<_>>()? })
        }
        Json::Object(fields) => {
            let fields = fields.into_iter().map(|(name, field)| Some((name, value(field, deeper)?)));
            Kind::StructValue(Struct { fields: fields.collect::<Option<_>>()? })
        }
    };
    Some(Value { kind: Some(kind) })
}

#[cfg(test)]
mod tests {
    use prost::Name;
    use prost_types::Timestamp;
    use proto::ops::v1::{EpochHead, LoggedEvent, ReadEventsResponse};

    use super::*;

    fn field<'a>(payload: &'a Struct, name: &str) -> &'a Kind {
        payload.fields[name].kind.as_ref().expect("a value")
    }

    #[test]
    fn a_message_is_told_with_its_defaults() {
        let event = LoggedEvent {
            event_id: "7".to_owned(),
            event_time: Some(Timestamp { seconds: 1, nanos: 0 }),
            ..LoggedEvent::default()
        };
        let payload = decode(&LoggedEvent::full_name(), &event.encode_to_vec()).expect("a payload");
        assert_eq!(field(&payload, "eventId"), &Kind::StringValue("7".to_owned()));
        assert_eq!(field(&payload, "eventTime"), &Kind::StringValue("1970-01-01T00:00:01Z".to_owned()));
        assert_eq!(field(&payload, "sequence"), &Kind::StringValue("0".to_owned()), "as JSON writes 64 bits");
        let epochs = ReadEventsResponse { epochs: vec![EpochHead::default()], ..ReadEventsResponse::default() };
        let payload = decode(&ReadEventsResponse::full_name(), &epochs.encode_to_vec()).expect("a payload");
        assert!(matches!(field(&payload, "epochs"), Kind::ListValue(list) if list.values.len() == 1));
    }

    #[test]
    fn what_is_no_message_of_the_contracts_has_no_payload() {
        assert_eq!(decode("tword.nobody.v1.Knows", b""), None);
        assert_eq!(decode(&LoggedEvent::full_name(), b"\xff\xff"), None);
        assert_eq!(decode(&Timestamp::full_name(), b""), None, "its JSON is a text");
    }

    #[test]
    fn what_would_be_too_much_is_left_out() {
        let many = |count| {
            let response = ReadEventsResponse { epochs: vec![EpochHead::default(); count], ..Default::default() };
            decode(&ReadEventsResponse::full_name(), &response.encode_to_vec())
        };
        assert!(many(1_000).is_some());
        assert_eq!(many(100_000), None, "200 kB become many times as much");
        assert_eq!(many(600_000), None);
        let nested = |depth| {
            let innermost = Value { kind: Some(Kind::NullValue(0)) };
            let list = (0..depth)
                .fold(innermost, |value, _| Value { kind: Some(Kind::ListValue(ListValue { values: vec![value] })) });
            let payload = Struct { fields: [("a".to_owned(), list)].into() };
            decode("google.protobuf.Struct", &payload.encode_to_vec())
        };
        assert!(nested(20).is_some());
        assert_eq!(nested(30), None);
    }
}
