//! Envoy's own statistics.

use serde_json::Value;

use crate::rest::Rest;
use crate::world::World;

/// The cluster that bookings alone use.
pub const BOOKINGS: &str = "delivery_booking";

/// A counter or gauge of a cluster; 0 where it was never touched.
pub async fn cluster(world: &World, cluster: &str, name: &str) -> u64 {
    stat(world, &format!("cluster.{cluster}.{name}")).await
}

/// Any counter or gauge by its full name; 0 where it was never touched.
pub async fn stat(world: &World, name: &str) -> u64 {
    let admin = Rest::new(&world.mesh().envoy_admin());
    let body = admin.get(&format!("/stats?format=json&filter=^{}$", name.replace('.', "\\."))).await.ok();
    let stats = body["stats"].as_array().cloned().unwrap_or_default();
    stats.iter().find(|stat| stat["name"] == name).and_then(|stat| stat["value"].as_u64()).unwrap_or_default()
}

/// Whether calls to book are refused at once: no host is left to send them to.
pub async fn circuit_is_open(world: &World) -> bool {
    cluster(world, BOOKINGS, "membership_healthy").await == 0
}

/// Bookings that were sent on to delivery-svc so far.
pub async fn bookings_sent(world: &World) -> u64 {
    cluster(world, BOOKINGS, "upstream_rq_total").await
}

/// A cluster's hosts, as `/clusters` shows them.
pub async fn hosts(world: &World, cluster: &str) -> Vec<Value> {
    let body = Rest::new(&world.mesh().envoy_admin()).get("/clusters?format=json").await.ok();
    let statuses = body["cluster_statuses"].as_array().cloned().unwrap_or_default();
    let found = statuses.into_iter().find(|status| status["name"] == cluster).unwrap_or_default();
    found["host_statuses"].as_array().cloned().unwrap_or_default()
}
