//! docs/errors.md says what the code does: every error reason that a client can meet, and no other.

mod envoy;
mod table;

use std::collections::BTreeMap;

use chassis::refusal::Reason;

use self::table::{EDGE, Row};

/// Every table of reasons in the code, with who tells them.
fn coded() -> Vec<Row> {
    let tables: [(&str, &[&Reason]); 6] = [
        ("every service", chassis::refusal::reason::ALL),
        ("shop-svc", shop_svc::adapters::refusals::reason::ALL),
        ("order-svc", order_svc::adapters::refusals::reason::ALL),
        ("delivery-svc", delivery_svc::adapters::refusals::reason::ALL),
        ("notify-svc", notify_svc::adapters::refusals::reason::ALL),
        ("mypage-svc", mypage_svc::adapters::refusals::reason::ALL),
    ];
    let rows = |(from, reasons): (&str, &[&Reason])| reasons.iter().map(move |reason| Row::new(reason, from)).collect();
    tables.into_iter().flat_map(|table| -> Vec<Row> { rows(table) }).collect()
}

#[test]
fn the_services_reasons_are_documented_as_they_are() {
    let documented: Vec<_> = table::documented().into_iter().filter(|row| row.from != EDGE).collect();
    let coded = coded();
    let lines: Vec<_> = coded.iter().map(ToString::to_string).collect();
    assert!(documented == coded, "docs/errors.md needs these rows, in this order:\n{}\n", lines.join("\n"));
}

#[test]
fn the_edges_own_reasons_are_documented_as_they_are() {
    let documented: Vec<_> = table::documented().into_iter().filter(|row| row.from == EDGE).collect();
    let told: Vec<_> =
        documented.iter().map(|row| (row.reason.as_str(), row.grpc.as_str(), row.http.as_str())).collect();
    let configured = envoy::refusals();
    let configured: Vec<_> =
        configured.iter().map(|own| (own.reason.as_str(), own.grpc.as_str(), own.http.as_str())).collect();
    assert_eq!(told, configured, "docs/errors.md needs a row for each of the second, in this order");
    assert!(documented.iter().all(|row| row.meaning.ends_with('.')), "each says what it means: {documented:#?}");
}

#[test]
fn a_reason_has_one_grpc_code_whoever_tells_it() {
    let mut codes = BTreeMap::new();
    for row in table::documented() {
        let before = codes.insert(row.reason.clone(), row.grpc.clone());
        assert!(before.as_ref().is_none_or(|code| *code == row.grpc), "{row} is also told as {before:?}");
    }
    assert!(codes.len() > 10, "the table is read: {codes:?}");
}
