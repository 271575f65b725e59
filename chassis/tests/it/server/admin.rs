//! The admin HTTP.

use std::net::SocketAddr;

use chassis::{config::LogFormat, telemetry};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::world::{Parts, World, soon};

#[tokio::test]
async fn metrics_tell_of_calls_by_method_and_code() {
    let world = World::start(&[]).await;
    world.serving().await;
    world.health("").await.expect("healthy");
    world.health("other").await.expect_err("unknown");
    for code in ["OK", "NOT_FOUND"] {
        let counted = format!(
            r#"grpc_server_handled_total{{grpc_service="grpc.health.v1.Health",grpc_method="Check",grpc_code="{code}"}} "#
        );
        // A call is counted after its last byte has left.
        soon(async { while !counts(&metrics(&world).await, &counted) {} }).await;
    }
    let text = metrics(&world).await;
    assert!(text.contains(r#"grpc_server_handling_seconds_bucket{grpc_service="grpc.health.v1.Health""#), "{text}");
    assert!(text.contains("tword_serving "), "{text}");
}

async fn metrics(world: &World) -> String {
    let (code, text) = http(world.admin, "GET", "/metrics", "").await;
    assert_eq!(code, 200);
    text
}

/// Whether a counter is there and not 0.
fn counts(text: &str, counter: &str) -> bool {
    text.lines().any(|line| line.strip_prefix(counter).is_some_and(|value| value != "0"))
}

#[tokio::test]
async fn readiness_follows_health() {
    let world = Parts::new(&[]).await.unready().run().await;
    assert_eq!(http(world.admin, "GET", "/healthz", "").await, (503, "NOT_SERVING\n".to_owned()));
    world.ready.send_replace(true);
    world.serving().await;
    soon(async { while http(world.admin, "GET", "/healthz", "").await.0 != 200 {} }).await;
}

#[tokio::test]
async fn the_log_level_changes_while_the_process_runs() {
    telemetry::init(LogFormat::Json, "error").expect("logs");
    let world = World::start(&[]).await;
    assert_eq!(http(world.admin, "GET", "/log-level", "").await, (200, "error\n".to_owned()));
    assert_eq!(http(world.admin, "PUT", "/log-level", "off").await, (200, "off\n".to_owned()));
    let (code, told) = http(world.admin, "PUT", "/log-level", "loud").await;
    assert!(code == 400 && told.contains("loud"), "{code} {told}");
    assert_eq!(http(world.admin, "GET", "/log-level", "").await, (200, "off\n".to_owned()));
    assert_eq!(http(world.admin, "PUT", "/log-level", &"x".repeat(5_000)).await.0, 413);
}

/// One HTTP/1.1 exchange: the status and the body.
async fn http(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\ncontent-length: {length}\r\n");
        stream.write_all(format!("{head}content-type: text/plain\r\n\r\n{body}").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = soon(exchange).await.expect("an exchange");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, body.to_owned())
}
