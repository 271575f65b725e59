use chassis::auth::unruled;
use notify_svc::adapters::access;

const SERVICES: &[&str] = &["tword.notify.v1.NotifyService", "tword.notify.v1.NotifyOperationsService"];

#[test]
fn every_rpc_has_a_rule_and_every_rule_an_rpc() {
    let missing = unruled(&[access::RULES], proto::DESCRIPTORS, SERVICES);
    assert_eq!(missing, Vec::<String>::new());
}
