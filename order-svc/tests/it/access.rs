//! The table of who may call what.

use std::collections::BTreeSet;

use chassis::auth::{Caller, Person, unruled};
use order_svc::adapters::access::RULES;

const SERVICES: &[&str] =
    &["tword.order.v1.OrderService", "tword.order.v1.OrderOperationsService", "tword.order.v1.ClaimService"];

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
        ("delivery-svc", Caller::Service("delivery-svc".into())),
        ("shop-svc", Caller::Service("shop-svc".into())),
    ];
    let allowed = |method: &str| -> Vec<&str> {
        let rule = RULES.iter().find(|rule| rule.method.ends_with(method)).expect("a rule");
        callers.iter().filter(|(_, caller)| rule.allow.permits(caller)).map(|(name, _)| *name).collect()
    };
    assert_eq!(allowed("/PlaceOrder"), ["customer"]);
    assert_eq!(allowed("/GetOrder"), ["customer", "staff", "manager", "operator"]);
    assert_eq!(allowed("/ListOrders"), ["customer", "staff", "manager", "operator"]);
    assert_eq!(allowed("/CancelOrder"), ["customer", "staff", "manager"]);
    assert_eq!(allowed("/ListOrderEvents"), ["customer", "staff", "manager", "operator"]);
    for method in ["/ListStuckOrders", "/ResumeOrder", "/EraseCustomer"] {
        assert_eq!(allowed(method), ["operator"]);
    }
    assert_eq!(allowed("/ResolveBookings"), ["delivery-svc"]);
}
