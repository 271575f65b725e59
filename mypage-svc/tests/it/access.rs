use chassis::auth::unruled;
use mypage_svc::adapters::access;

#[test]
fn every_rpc_has_a_rule_and_every_rule_an_rpc() {
    let missing = unruled(
        &[access::RULES],
        proto::DESCRIPTORS,
        &["tword.mypage.v1.MyPageService", "tword.mypage.v1.MyPageOperationsService"],
    );
    assert_eq!(missing, Vec::<String>::new());
}
