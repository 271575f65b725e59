use chassis::auth::unruled;
use notify_svc::adapters::access;

#[test]
fn every_rpc_has_a_rule_and_every_rule_an_rpc() {
    let missing = unruled(&[access::RULES], proto::DESCRIPTORS, &["tword.notify.v1.NotifyService"]);
    assert_eq!(missing, Vec::<String>::new());
}
