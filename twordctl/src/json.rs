//! Messages as the JSON that the edge gives: names in lowerCamelCase, default values told.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

use crate::error::Error;

static CONTRACTS: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTORS).ok());

/// A message of the contracts as JSON.
///
/// # Errors
/// The contracts do not know it.
pub fn of<M: Message + Name>(message: &M) -> Result<Value, Error> {
    let unknown = || Error::Broken(format!("{} is not in the contracts", M::full_name()));
    let descriptor = CONTRACTS.as_ref().and_then(|pool| pool.get_message_by_name(&M::full_name()));
    let bytes = message.encode_to_vec();
    let message = DynamicMessage::decode(descriptor.ok_or_else(unknown)?, bytes.as_slice()).map_err(|_| unknown())?;
    let told = SerializeOptions::new().skip_default_fields(false);
    message.serialize_with_options(serde_json::value::Serializer, &told).map_err(|_| unknown())
}

/// An object with a field more in front.
pub fn with(name: &str, value: impl Into<Value>, object: Value) -> Value {
    let fields = match object {
        Value::Object(fields) => fields,
        other => [("value".to_owned(), other)].into_iter().collect(),
    };
    Value::Object([(name.to_owned(), value.into())].into_iter().chain(fields).collect())
}

/// The text of a field; empty where it is none.
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// An enum's value without its prefix: `CONFIRMED` of `STATUS_CONFIRMED`; empty where unspecified.
pub fn named<'a>(value: &'a Value, field: &str, prefix: &str) -> &'a str {
    let name = text(value, field);
    let short = name.strip_prefix(prefix).unwrap_or(name);
    if short == "UNSPECIFIED" { "" } else { short }
}

#[cfg(test)]
mod tests {
    use proto::ops::v1::{AuditRecord, ListConsumersResponse};

    use super::*;

    #[test]
    fn messages_are_told_as_the_edge_tells_them() {
        let record = AuditRecord { actor_role: "STAFF".into(), ..AuditRecord::default() };
        let told = of(&record).expect("known");
        assert_eq!((text(&told, "actorRole"), text(&told, "recordId")), ("STAFF", ""));
        assert_eq!(told["changes"], serde_json::json!([]));
        assert_eq!(with("service", "order", of(&ListConsumersResponse::default()).expect("known"))["service"], "order");
    }

    #[test]
    fn enums_are_told_without_their_prefix() {
        let value = serde_json::json!({ "status": "STATUS_CONFIRMED", "reason": "REASON_UNSPECIFIED" });
        assert_eq!((named(&value, "status", "STATUS_"), named(&value, "reason", "REASON_")), ("CONFIRMED", ""));
    }
}
