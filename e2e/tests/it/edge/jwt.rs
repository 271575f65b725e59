//! Who has no valid token of a person gets no further than the edge.

use std::time::Duration;

use e2e::grpc::Grpc;
use e2e::rest::Rest;
use proto::order::v1::GetOrderRequest;
use tonic::Code;
use xtask::mesh::{Keys, Service};
use xtask::token::{Grant, Role};

use crate::http::assert_status;
use crate::stub::{Edge, Reply, Stub};

/// Envoy forgives clocks a minute.
const LONG_AGO: u64 = 2 * 60 * 60;

#[tokio::test(flavor = "multi_thread")]
async fn only_valid_tokens_of_people_pass() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let rest = Rest::new(&edge.mesh().edge());
    assert_status(&rest.get("/v1/orders/1").await, 401, 16, "UNAUTHENTICATED");
    for (why, token) in bad_tokens(&edge) {
        assert_status(&rest.with_token(&token).get("/v1/orders/1").await, 401, 16, "UNAUTHENTICATED");
        let grpc = Grpc::new(&edge.mesh().edge()).with_token(&token);
        let refused = grpc.order().get_order(GetOrderRequest { order_id: "1".to_owned() }).await.expect_err(why);
        assert_eq!(refused.code(), Code::Unauthenticated, "{why}");
    }
    assert_eq!(stub.calls(), 0, "{:?}", stub.seen());

    let token = edge.token(Role::Customer);
    assert!(rest.with_token(&token).get("/v1/orders/1").await.status.is_success());
    let seen = stub.seen();
    assert_eq!(seen.len(), 1);
    // The service checks again, so that it must see what the edge saw.
    assert_eq!(seen[0].header("authorization"), format!("Bearer {token}"));
}

fn bad_tokens(edge: &Edge) -> Vec<(&'static str, String)> {
    let strangers = tempfile::tempdir().expect("a temporary directory");
    let foreign = Keys::open(strangers.path()).expect("keys");
    let grant = Grant::new(Role::Customer);
    let changed = |change: fn(&mut Grant)| {
        let mut grant = grant.clone();
        change(&mut grant);
        edge.mesh().token(&grant).expect("a token")
    };
    let expired = |grant: &mut Grant| {
        grant.issued -= 2 * LONG_AGO;
        grant.expires = grant.issued + LONG_AGO;
    };
    let short = edge.mesh().token(&grant.clone().valid_for(Duration::from_mins(5))).expect("a token");
    let (unsigned, _signature) = short.rsplit_once('.').expect("three parts");
    vec![
        ("expired", changed(expired)),
        ("a foreign key", foreign.mint(&grant).expect("a token")),
        ("another issuer", changed(|grant| "somebody".clone_into(&mut grant.issuer))),
        ("services' audience", changed(|grant| "tword-internal".clone_into(&mut grant.audience))),
        ("a service's own token", edge.mesh().keys().mint_service(Service::Order).expect("a token")),
        ("no signature", format!("{unsigned}.")),
        ("no token at all", "nonsense".to_owned()),
    ]
}
