//! What becomes of calls.

use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_types::StatusExt;

use super::{
    trial::{ANSWER, PANIC},
    world::{Parts, World, next, soon},
};

#[tokio::test]
async fn a_server_serves_once_its_database_answers() {
    let world = Parts::new(&[]).await.unready().run().await;
    let mut health = world.watch().await;
    assert_eq!(next(&mut health).await, Some(ServingStatus::NotServing));
    assert_eq!(world.health("test.v1.Trial").await.expect("an answer"), ServingStatus::NotServing);
    world.ready.send_replace(true);
    assert_eq!(next(&mut health).await, Some(ServingStatus::Serving));
    let services = ["", "test.v1.Trial", "tword.ops.v1.EventLogService"];
    for service in services {
        // The names follow each other within the same change.
        while world.health(service).await.expect("an answer") != ServingStatus::Serving {}
    }
    assert_eq!(world.health("other").await.expect_err("unknown").code(), Code::NotFound);
}

#[tokio::test]
async fn a_database_that_goes_away_takes_the_server_out_until_it_is_back() {
    let world = World::start(&[]).await;
    world.serving().await;
    let mut health = world.watch().await;
    assert_eq!(next(&mut health).await, Some(ServingStatus::Serving));
    world.ready.send_replace(false);
    assert_eq!(next(&mut health).await, Some(ServingStatus::NotServing));
    world.ready.send_replace(true);
    assert_eq!(next(&mut health).await, Some(ServingStatus::Serving));
}

#[tokio::test]
async fn an_overloaded_server_refuses_calls_and_says_when_to_come_back() {
    let world = World::start(&["--max-calls=1"]).await;
    world.serving().await;
    let hanging = world.hang().await;
    let refused = soon(world.call(ANSWER)).await.expect_err("overloaded");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let details = refused.get_error_details();
    assert_eq!(details.error_info().map(|info| info.reason.as_str()), Some("OVERLOADED"));
    assert!(details.retry_info().is_some_and(|info| info.retry_delay.is_some()));
    assert!(refused.metadata().contains_key("retry-after"));
    // Overloaded is not dead.
    assert_eq!(world.health("").await.expect("exempt"), ServingStatus::Serving);
    world.release.send_replace(true);
    assert_eq!(soon(hanging).await.expect("no panic").map_err(|status| status.code()), Ok(()));
    assert_eq!(soon(world.call(ANSWER)).await.map_err(|status| status.code()), Ok(()));
}

#[tokio::test]
async fn the_limit_is_one_for_all_connections() {
    let mut world = World::start(&["--max-calls=1"]).await;
    let _hanging = world.hang().await;
    let url = format!("http://{}", world.grpc);
    world.channel = tonic::transport::Channel::from_shared(url).expect("a URL").connect_lazy();
    assert_eq!(soon(world.call(ANSWER)).await.expect_err("overloaded").code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_the_process_lives() {
    let world = World::start(&["--max-calls=1"]).await;
    // With one call at most, a panic that kept its place would lock everybody out.
    for _ in 0..3 {
        let status = soon(world.call(PANIC)).await.expect_err("a panic");
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(status.get_error_details().error_info().map(|info| info.reason.as_str()), Some("INTERNAL"));
        assert!(!status.message().contains("purpose"), "{}", status.message());
    }
    assert_eq!(soon(world.call(ANSWER)).await.map_err(|status| status.code()), Ok(()));
    assert!(!world.running.is_finished());
}

#[tokio::test]
async fn what_has_no_rule_is_refused() {
    let world = World::start(&[]).await;
    let unruled = soon(world.call("/test.v1.Trial/Unruled")).await.expect_err("no rule");
    assert_eq!(unruled.code(), Code::PermissionDenied);
    let internal = soon(world.call("/tword.ops.v1.EventLogService/ReadEvents")).await.expect_err("no token");
    assert_eq!(internal.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused() {
    let world = World::start(&[]).await;
    let status = soon(world.health(&"x".repeat(5 << 20))).await.expect_err("too large");
    assert_eq!(status.code(), Code::OutOfRange);
}

#[tokio::test]
async fn reflection_tells_what_is_served_and_can_be_switched_off() {
    let told = soon(services(&World::start(&[]).await)).await.expect("reflection");
    for service in ["grpc.health.v1.Health", "tword.ops.v1.EventLogService"] {
        assert!(told.iter().any(|name| name == service), "{service} in {told:?}");
    }
    assert!(!told.iter().any(|name| name.contains("OrderService")), "{told:?}");
    let off = soon(services(&World::start(&["--reflection=false"]).await)).await.expect_err("switched off");
    assert_eq!(off.code(), Code::Unimplemented);
}

async fn services(world: &World) -> Result<Vec<String>, tonic::Status> {
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let message_request = Some(MessageRequest::ListServices(String::new()));
    let request = ServerReflectionRequest { host: String::new(), message_request };
    let mut client = ServerReflectionClient::new(world.channel.clone());
    let mut answers = client.server_reflection_info(tokio_stream::once(request)).await?.into_inner();
    match answers.message().await?.and_then(|answer| answer.message_response) {
        Some(MessageResponse::ListServicesResponse(list)) => Ok(list.service.into_iter().map(|one| one.name).collect()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_its_senders_fault() {
    let world = World::start(&[]).await;
    world.serving().await;
    let mut client = tonic::client::Grpc::new(world.channel.clone());
    client.ready().await.expect("a connection");
    let path = http::uri::PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    // A number where the contract has a text.
    let wrong = tonic::Request::new(prost_types::Timestamp { seconds: 1, nanos: 0 });
    let codec = tonic_prost::ProstCodec::<_, ()>::default();
    let refused = client.unary(wrong, path, codec).await.expect_err("refused");
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let info = refused.get_details_error_info().expect("details");
    assert_eq!(info.reason, "INVALID_REQUEST");
}
