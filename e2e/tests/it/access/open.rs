//! Health and reflection are open on every service.

use e2e::grpc::Grpc;
use futures::{StreamExt, stream};
use prost_reflect::prost::bytes::Bytes;
use tonic::Request;
use tonic::codegen::http::uri::PathAndQuery;
use xtask::mesh::Service;

use super::World;
use crate::contract::{self, Raw};

/// An encoded `ServerReflectionRequest { list_services: "" }`.
const LIST_SERVICES: &[u8] = &[0x3a, 0x00];

#[tokio::test(flavor = "multi_thread")]
async fn health_and_reflection_need_no_token() {
    let world = World::shared().await;
    for service in Service::ALL {
        let nobody = Grpc::new(&world.mesh().grpc(service));
        let health = contract::call(nobody.service(), "/grpc.health.v1.Health/Check", Request::new(Bytes::new())).await;
        assert_eq!(health.expect("health").as_ref(), [8, 1], "{} serves", service.name());
        for version in ["v1", "v1alpha"] {
            let mut client = tonic::client::Grpc::new(nobody.service());
            client.ready().await.expect("a connection");
            let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
            let asked = Request::new(stream::iter([Bytes::from_static(LIST_SERVICES)]));
            let path = PathAndQuery::try_from(path).expect("a path");
            let answers = client.streaming(asked, path, Raw).await.expect("an answer").into_inner();
            let answers: Vec<_> = answers.map(|answer| answer.expect("a message")).collect().await;
            let text = String::from_utf8_lossy(&answers.concat()).into_owned();
            assert!(text.contains(&format!("tword.{}.v1.", service.context())), "{} {version}: {text}", service.name());
        }
    }
}
