use chassis::{auth::unruled, event_log, operations};
use proto::ops::v1::ListConsumersRequest;
use tonic::{Code, Request};

use super::world::{World, client};
use crate::people;

#[test]
fn every_method_has_a_rule() {
    let services = ["tword.ops.v1.EventLogService", "tword.ops.v1.OperationsService"];
    let missing = unruled(&[event_log::RULES, operations::RULES], proto::DESCRIPTORS, &services);
    assert_eq!(missing, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_may_call_and_nobody_else() {
    let world = World::start().await;
    let mut right = client(&world.right);
    for role in ["customer", "staff", "manager", "Operator", ""] {
        let request = people::request("somebody", role, ListConsumersRequest {});
        let refused = right.list_consumers(request).await.expect_err("refused");
        assert_eq!(refused.code(), Code::PermissionDenied, "{role}");
    }
    let nobody = right.list_consumers(Request::new(ListConsumersRequest {})).await.expect_err("refused");
    assert_eq!(nobody.code(), Code::Unauthenticated);
    let operator = people::request("somebody", "operator", ListConsumersRequest {});
    assert!(right.list_consumers(operator).await.is_ok());
}
