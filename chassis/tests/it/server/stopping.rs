//! How a server starts and stops.

use chassis::service::Error;
use tokio::net::{TcpListener, TcpStream};
use tonic_health::pb::health_check_response::ServingStatus;

use super::{
    trial::ANSWER,
    world::{Parts, World, next, soon},
};

#[tokio::test]
async fn a_drain_says_so_serves_on_and_then_finishes_what_is_in_flight() {
    let world = World::start(&["--drain-delay=1h", "--drain-timeout=1h"]).await;
    world.serving().await;
    let hanging = world.hang().await;
    let mut health = world.watch().await;
    assert_eq!(next(&mut health).await, Some(ServingStatus::Serving));

    world.stop.send("SIGTERM").expect("taken");
    assert_eq!(next(&mut health).await, Some(ServingStatus::NotServing));
    assert_eq!(
        soon(world.call(ANSWER)).await.map_err(|status| status.code()),
        Ok(()),
        "serves on while endpoints spread"
    );

    world.stop.send("SIGTERM").expect("taken");
    assert_eq!(next(&mut health).await, None, "whoever watches does not hold up the shutdown");
    soon(async { while TcpStream::connect(world.grpc).await.is_ok() {} }).await;
    assert!(!world.running.is_finished(), "a call is in flight");

    world.release.send_replace(true);
    assert_eq!(soon(hanging).await.expect("no panic").map_err(|status| status.code()), Ok(()));
    assert!(matches!(soon(world.running).await.expect("no panic"), Ok(())));
}

#[tokio::test]
async fn a_call_that_hangs_is_cut_at_the_hard_deadline() {
    let world = World::start(&["--drain-timeout=50ms"]).await;
    let _hanging = world.hang().await;
    world.stop.send("SIGTERM").expect("taken");
    match soon(world.running).await.expect("no panic") {
        Err(Error::Cut { what, .. }) => assert_eq!(what, ["gRPC server"]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn streams_that_nobody_reads_do_not_make_the_end_an_error() {
    for (unread, error) in [(1, false), (0, true)] {
        let mut parts = Parts::new(&["--drain-timeout=5s"]).await;
        parts.service.unread_streams(move || unread);
        let world = parts.run().await;
        let _in_flight = world.hang().await;
        world.stop.send("SIGTERM").expect("taken");
        assert_eq!(soon(world.running).await.expect("no panic").is_err(), error, "{unread} of 1 call unread");
    }
}

#[tokio::test]
async fn background_tasks_are_waited_for() {
    let (ended, has_ended) = tokio::sync::oneshot::channel();
    let mut parts = Parts::new(&[]).await;
    parts.service.background("tidy up", |drain| {
        Box::pin(async move {
            drain.cancelled().await;
            ended.send(()).expect("awaited");
        })
    });
    let world = parts.run().await;
    world.stop.send("SIGINT").expect("taken");
    assert!(matches!(soon(world.running).await.expect("no panic"), Ok(())));
    soon(has_ended).await.expect("it ended by itself");
}

#[tokio::test]
async fn a_background_task_that_panics_fails_the_process() {
    let mut parts = Parts::new(&["--drain-delay=1h"]).await;
    parts.service.background("doomed", |_drain| Box::pin(async { panic!("on purpose") }));
    let world = parts.run().await;
    match soon(world.running).await.expect("no panic") {
        Err(Error::Ended(name)) => assert_eq!(name, "doomed"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_busy_port_is_told_with_the_flag_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address");
    for flag in ["--listen", "--admin-listen"] {
        let parts = Parts::new(&[&format!("{flag}={address}")]).await;
        let Err(error) = parts.service.bind().await else { panic!("bound") };
        let told = chassis::refusal::chain(&error);
        for part in [address.to_string(), format!("free port {}", address.port()), format!("with {flag}:")] {
            assert!(told.contains(&part), "{part:?} in {told:?}");
        }
    }
}
