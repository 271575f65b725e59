//! The table of who may call what.

use std::collections::BTreeSet;

use chassis::auth::{Caller, Person, unruled};
use delivery_svc::adapters::access::RULES;

const SERVICES: &[&str] = &[
    "tword.delivery.v1.DeliveryService",
    "tword.delivery.v1.BookingService",
    "tword.delivery.v1.DeliveryOperationsService",
];

#[test]
fn every_method_has_one_rule() {
    assert_eq!(unruled(&[RULES], proto::DESCRIPTORS, SERVICES), Vec::<String>::new());
}

#[test]
fn the_rules_say_who_may_call() {
    let person = |role: &str| {
        let roles = BTreeSet::from([role.to_owned()]);
        Caller::Person(Person { issuer: "tword".into(), subject: "p-1".into(), roles, tenant: None })
    };
    let callers = [
        ("customer", person("customer")),
        ("staff", person("staff")),
        ("manager", person("manager")),
        ("operator", person("operator")),
        ("nobody", person("nobody")),
        ("order-svc", Caller::Service("order-svc".into())),
        ("shop-svc", Caller::Service("shop-svc".into())),
    ];
    let allowed = |method: &str| -> Vec<&str> {
        let rule = RULES.iter().find(|rule| rule.method.ends_with(method)).expect("a rule");
        callers.iter().filter(|(_, caller)| rule.allow.permits(caller)).map(|(name, _)| *name).collect()
    };
    assert_eq!(allowed("/GetDelivery"), ["customer", "staff", "manager", "operator"]);
    assert_eq!(allowed("/ListDeliveries"), ["staff", "manager", "operator"]);
    assert_eq!(allowed("/ShipDelivery"), ["staff", "manager"]);
    assert_eq!(allowed("/CompleteDelivery"), ["staff", "manager"]);
    assert_eq!(allowed("/CorrectRecipient"), ["customer"]);
    assert_eq!(allowed("/CorrectTrackingNumber"), ["staff", "manager"]);
    assert_eq!(allowed("/EraseCustomer"), ["operator"]);
    assert_eq!(allowed("/BookDelivery"), ["order-svc"]);
    assert_eq!(allowed("/CancelDelivery"), ["order-svc"]);
}
