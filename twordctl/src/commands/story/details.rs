//! What an event says, in short.

use serde_json::Value;

use crate::json;

/// Serials that are told of an event; of more the number.
const SERIALS: usize = 5;

/// Who caused an event: `CUSTOMER c-1`.
pub fn actor(actor: &Value) -> String {
    format!("{} {}", json::named(actor, "kind", "KIND_"), json::text(actor, "id")).trim().to_owned()
}

/// What happened, from the aggregate's state after it.
pub fn of_payload(payload: &Value) -> String {
    let states = ["order", "reservation", "delivery", "message"];
    let Some(state) = states.into_iter().map(|name| &payload[name]).find(|state| state.is_object()) else {
        return String::new();
    };
    let told = [
        json::named(state, "rejectReason", "REJECT_REASON_").to_owned(),
        json::text(state, "cancelReason").to_owned(),
        format!("{} {}", json::text(state, "carrier"), json::text(state, "trackingNumber")),
        units(&state["lines"]),
        money(&state["total"]),
        message(state),
        if state["bookingOutstanding"] == Value::Bool(true) { "booking outstanding" } else { "" }.to_owned(),
    ];
    let told = told.iter().map(|part| part.trim().trim_start_matches(", ")).filter(|part| !part.is_empty());
    told.collect::<Vec<_>>().join("; ")
}

/// `, 2000000 KRW`; empty where there is none.
pub fn money(money: &Value) -> String {
    let (units, code) = (json::text(money, "units"), json::text(money, "currencyCode"));
    match money["nanos"].as_i64() {
        _ if code.is_empty() => String::new(),
        None | Some(0) => format!(", {units} {code}"),
        Some(nanos) => {
            let decimals = format!("{:09}", nanos.unsigned_abs());
            format!(", {units}.{} {code}", decimals.trim_end_matches('0'))
        }
    }
}

fn units(lines: &Value) -> String {
    let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
    let serials: Vec<&str> = lines
        .iter()
        .flat_map(|line| line["serials"].as_array().map(Vec::as_slice).unwrap_or_default())
        .filter_map(Value::as_str)
        .collect();
    let wanted: i64 = lines.iter().filter_map(|line| line["quantity"].as_i64()).sum();
    match serials.len() {
        0 if wanted == 0 => String::new(),
        0 => format!("{wanted} units"),
        1..=SERIALS => serials.join(" "),
        more => format!("{} and {} more", serials[..SERIALS].join(" "), more - SERIALS),
    }
}

fn message(state: &Value) -> String {
    let template = json::named(state, "template", "TEMPLATE_");
    if template.is_empty() {
        return String::new();
    }
    let to = format!("{} {}", json::named(state, "recipientKind", "RECIPIENT_KIND_"), json::text(state, "recipientId"));
    format!("{template} to {to} by {}", json::text(state, "channel"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_told_in_short() {
        let shipped = json!({ "delivery": { "carrier": "CJ", "trackingNumber": "7", "cancelReason": "" } });
        assert_eq!(of_payload(&shipped), "CJ 7");
        let rejected = json!({ "reservation": { "rejectReason": "REJECT_REASON_OUT_OF_STOCK", "lines": [] } });
        assert_eq!(of_payload(&rejected), "OUT_OF_STOCK");
        let lines = json!([{ "quantity": 2, "serials": ["A", "B"] }]);
        let total = json!({ "currencyCode": "KRW", "units": "2000000", "nanos": 0 });
        assert_eq!(of_payload(&json!({ "order": { "lines": lines, "total": total } })), "A B; 2000000 KRW");
        let placed = json!({ "order": { "lines": [{ "quantity": 2, "serials": [] }], "bookingOutstanding": true } });
        assert_eq!(of_payload(&placed), "2 units; booking outstanding");
        assert_eq!(of_payload(&json!({ "shop": {} })), "");
    }

    #[test]
    fn many_serials_are_counted() {
        let serials: Vec<String> = (0..12).map(|number| format!("S{number}")).collect();
        assert_eq!(units(&json!([{ "serials": serials }])), "S0 S1 S2 S3 S4 and 7 more");
    }

    #[test]
    fn people_services_and_money_are_named() {
        assert_eq!(actor(&json!({ "kind": "KIND_CUSTOMER", "id": "c-1" })), "CUSTOMER c-1");
        assert_eq!(actor(&Value::Null), "");
        assert_eq!(money(&json!({ "currencyCode": "USD", "units": "9", "nanos": 500_000_000 })), ", 9.5 USD");
    }
}
