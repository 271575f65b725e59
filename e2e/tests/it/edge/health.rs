//! Active health checks: a service that says that it does not serve is not taken for one that does.

use e2e::rest::Rest;
use e2e::wait::{self, holds};
use serde_json::Value;
use xtask::mesh::Service;

use crate::stub::{Edge, Reply, Stub};

/// Every cluster with the service behind it.
const CLUSTERS: [(&str, Service); 6] = [
    ("shop", Service::Shop),
    ("order", Service::Order),
    ("delivery", Service::Delivery),
    ("delivery_booking", Service::Delivery),
    ("notify", Service::Notify),
    ("mypage", Service::MyPage),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_cluster_asks_its_hosts_whether_they_serve() {
    let stub = Stub::always(Reply::Empty);
    let edge = Edge::prepare(|mesh| mesh);
    let well = |service| !matches!(service, Service::Delivery | Service::Shop);
    let _serving = Service::ALL.map(|service| stub.serve_as(&edge, service, well(service)));
    edge.run().await;
    for (cluster, service) in CLUSTERS {
        wait::until(&format!("{cluster} to be checked"), || async {
            let healthy = edge.stat(&format!("cluster.{cluster}.membership_healthy")).await;
            let asked = edge.stat(&format!("cluster.{cluster}.health_check.attempt")).await;
            let seen = format!("{healthy} healthy after {asked} checks");
            holds(asked > 0 && healthy == u64::from(well(service)), seen)
        })
        .await;
        let failed = edge.stat(&format!("cluster.{cluster}.health_check.failure")).await;
        assert!(failed > 0 || well(service), "{cluster} failed no check");
    }
    assert_eq!(stub.calls(), 0, "a check is no call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_health_check_turns_nobody_away_but_bookings() {
    let stub = Stub::always(Reply::Empty);
    let edge = Edge::prepare(|mesh| mesh);
    let _serving = stub.serve_as(&edge, Service::Delivery, false);
    edge.run().await;
    wait::until("the service to be taken for ill", || async {
        holds(failed_check(&edge, "delivery").await && failed_check(&edge, "delivery_booking").await, "a healthy one")
    })
    .await;
    let grpc = edge.internal(Service::Order);
    let mut bookings = proto::delivery::v1::booking_service_client::BookingServiceClient::new(grpc.service());
    bookings
        .cancel_delivery(proto::delivery::v1::CancelDeliveryRequest::default())
        .await
        .expect("a call that is tried");
    let refused =
        bookings.book_delivery(proto::delivery::v1::BookDeliveryRequest::default()).await.expect_err("no booking");
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    assert_eq!(stub.calls(), 1);
}

async fn failed_check(edge: &Edge, cluster: &str) -> bool {
    let body = Rest::new(&edge.mesh().envoy_admin()).get("/clusters?format=json").await.ok();
    let statuses = body["cluster_statuses"].as_array().expect("clusters").clone();
    let found = statuses.into_iter().find(|status| status["name"] == cluster).expect("the cluster");
    found["host_statuses"][0]["health_status"]["failed_active_health_check"] == Value::Bool(true)
}
