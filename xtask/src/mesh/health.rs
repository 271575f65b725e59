//! Looks at a process from outside: each look answers at once with what it saw.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tonic::transport::Endpoint;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// The longest that one look takes.
const LOOK: Duration = Duration::from_secs(2);

/// Whether the broker greets.
pub(super) async fn nats(port: u16) -> Result<(), String> {
    let greeting = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
        let mut begin = [0; 5];
        stream.read_exact(&mut begin).await.map_err(|error| error.to_string())?;
        if begin == *b"INFO " { Ok(()) } else { Err("a greeting that is not NATS's".to_owned()) }
    };
    within(greeting).await
}

/// Whether a service says that it serves.
pub(super) async fn service(port: u16) -> Result<(), String> {
    let asked = async {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).map_err(|error| error.to_string())?;
        let channel = endpoint.connect().await.map_err(|_| format!("nothing that listens on {port}"))?;
        let answer = HealthClient::new(channel).check(HealthCheckRequest { service: String::new() }).await;
        let status =
            answer.map_err(|status| format!("{:?}: {}", status.code(), status.message()))?.into_inner().status();
        if status == ServingStatus::Serving { Ok(()) } else { Err(status.as_str_name().to_owned()) }
    };
    within(asked).await
}

/// Whether Envoy has started.
pub(super) async fn envoy(admin: u16) -> Result<(), String> {
    get(admin, "ready").await.map(drop)
}

/// Whether Envoy takes each of these upstream ports, in every cluster that has it, for healthy.
pub(super) async fn routed(admin: u16, upstreams: &[u16]) -> Result<(), String> {
    let text = get(admin, "clusters?format=json").await?;
    let clusters: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let seen = hosts(&clusters);
    for port in upstreams {
        match seen.get(port) {
            None => return Err(format!("an Envoy that knows no upstream {port}")),
            Some(Some(problem)) => return Err(format!("an Envoy that finds {port} {problem}")),
            Some(None) => {}
        }
    }
    Ok(())
}

/// Requests that Envoy has in flight on its edge listener.
pub(super) async fn in_flight(admin: u16) -> Result<u64, String> {
    let text = get(admin, "stats?filter=http.edge.downstream_rq_active").await?;
    let count = text.lines().find_map(|line| line.rsplit_once(": ")?.1.trim().parse().ok());
    Ok(count.unwrap_or(0))
}

/// Tells Envoy to finish what it has and take nothing new.
pub(super) async fn drain(admin: u16) -> Result<(), String> {
    let sent = client()?.post(format!("http://127.0.0.1:{admin}/drain_listeners?graceful")).send().await;
    sent.and_then(reqwest::Response::error_for_status).map(drop).map_err(|error| error.to_string())
}

async fn get(admin: u16, path: &str) -> Result<String, String> {
    let answer = client()?.get(format!("http://127.0.0.1:{admin}/{path}")).send().await;
    let answer = answer.map_err(|_| format!("nothing that listens on {admin}"))?;
    let (status, text) = (answer.status(), answer.text().await.map_err(|error| error.to_string())?);
    if status.is_success() { Ok(text) } else { Err(format!("{status}: {}", text.trim())) }
}

fn client() -> Result<reqwest::Client, String> {
    reqwest::Client::builder().timeout(LOOK).no_proxy().build().map_err(|error| error.to_string())
}

async fn within(look: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    tokio::time::timeout(LOOK, look).await.unwrap_or_else(|_| Err("no answer".to_owned()))
}

/// Every upstream port with what is wrong with it in some cluster, from Envoy's `/clusters`.
fn hosts(clusters: &Value) -> BTreeMap<u16, Option<String>> {
    let mut seen = BTreeMap::new();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for cluster in list(&clusters["cluster_statuses"]) {
        for host in list(&cluster["host_statuses"]) {
            let port =
                host["address"]["socket_address"]["port_value"].as_u64().and_then(|port| u16::try_from(port).ok());
            let Some(port) = port else { continue };
            let problem: &mut Option<String> = seen.entry(port).or_default();
            *problem = problem.take().or_else(|| unfit(&host["health_status"]));
        }
    }
    seen
}

fn unfit(health: &Value) -> Option<String> {
    let flags = ["failed_active_health_check", "failed_outlier_check", "pending_active_hc", "pending_dynamic_removal"];
    flags.into_iter().find(|flag| health[flag] == true).map(|flag| flag.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn an_upstream_is_as_bad_as_its_worst_cluster_finds_it() {
        let host = |port: u16, health: serde_json::Value| json!({"address": {"socket_address": {"port_value": port}}, "health_status": health});
        let clusters = json!({"cluster_statuses": [
            {"host_statuses": [host(1, json!({"eds_health_status": "HEALTHY"})), host(2, json!({}))]},
            {"host_statuses": [host(2, json!({"failed_outlier_check": true}))]},
        ]});
        let seen = super::hosts(&clusters);
        assert_eq!(seen.get(&1), Some(&None));
        assert_eq!(seen.get(&2), Some(&Some("failed outlier check".to_owned())));
        assert_eq!(seen.get(&3), None);
    }
}
