//! Internal RPCs: people never, other services never.

use e2e::grpc::Grpc;
use prost_reflect::prost::bytes::Bytes;
use tonic::Code::{self, PermissionDenied, Unauthenticated};
use tonic::{Request, Status};
use xtask::mesh::Service;
use xtask::token::Role;

use super::{Place, World, expired, person, roleless};
use crate::contract::{self, Method};

/// Which services may call a method.
fn callers(method: &Method) -> Vec<Service> {
    match method.path.as_str() {
        "/tword.delivery.v1.BookingService/BookDelivery" | "/tword.delivery.v1.BookingService/CancelDelivery" => {
            vec![Service::Order]
        }
        "/tword.order.v1.ClaimService/ResolveBookings" => vec![Service::Delivery],
        "/tword.ops.v1.EventLogService/ReadEvents" => Service::ALL.to_vec(),
        other => panic!("say here who may call {other}"),
    }
}

async fn code(grpc: &Grpc, method: &Method) -> Code {
    let answer: Result<Bytes, Status> = contract::call(grpc.service(), &method.path, Request::new(Bytes::new())).await;
    answer.map_or_else(|status| status.code(), |_answer| Code::Ok)
}

#[tokio::test(flavor = "multi_thread")]
async fn internal_methods_are_for_the_service_that_needs_them() {
    let world = World::shared().await;
    let place = Place::new(&world).await;
    for method in contract::internal() {
        for served_by in method.served_by() {
            let direct = Grpc::new(&world.mesh().grpc(served_by));
            let path = &method.path;
            assert_eq!(code(&direct, &method).await, Unauthenticated, "nobody calls {path}");
            assert_eq!(
                code(&direct.with_token(&expired(&world)), &method).await,
                Unauthenticated,
                "too late for {path}"
            );
            assert_eq!(
                code(&direct.with_token(&roleless(&world)), &method).await,
                PermissionDenied,
                "a visitor calls {path}"
            );
            for role in Role::ALL {
                let person = person(&world, role, &place);
                assert_eq!(code(&direct.by(&person), &method).await, PermissionDenied, "{} calls {path}", role.name());
            }
            for service in Service::ALL {
                let token = world.mesh().keys().mint_service(service).expect("a token");
                let refused =
                    [Unauthenticated, PermissionDenied].contains(&code(&direct.with_token(&token), &method).await);
                assert_eq!(!refused, callers(&method).contains(&service), "{} calls {path}", service.name());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_token_opens_nothing_on_the_mesh() {
    let world = World::shared().await;
    let mesh = Grpc::new(&world.mesh().mesh()).by(&world.operator());
    for method in contract::internal() {
        for service in method.served_by() {
            let mut request = Request::new(Bytes::new());
            request.metadata_mut().insert("x-tword-service", service.context().parse().expect("a value"));
            let refused = contract::call(mesh.service(), &method.path, request).await.expect_err(&method.path);
            assert_eq!(refused.code(), PermissionDenied, "{} {refused:?}", method.path);
        }
    }
}
