//! Wrong requests over REST: each the right 4xx with every wrong field named, never a 5xx, and nothing changes.

mod bodies;
mod case;
mod contacts;
mod forms;
mod keys;
mod lists;
mod operations;
mod orders;
mod paths;
mod place;
mod together;
mod units;
mod values;
mod watch;

use std::collections::BTreeMap;

use e2e::db;
use e2e::world::World;
use futures::{StreamExt, stream};
use prost_reflect::prost::Message;
use proto::google::rpc::{BadRequest, Status as RpcStatus};
use serde_json::json;
use tonic::{Request, Status};
use xtask::mesh::Service;
use xtask::token::Role;

use crate::contract;
use case::Case;
use place::Place;

/// Requests at once.
const AT_ONCE: usize = 16;
/// Fewer would mean that a table was cut short.
const LEAST: usize = 400;

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_request_is_refused_precisely_and_changes_nothing() {
    let world = World::start().await;
    let place = Place::new(&world).await;
    let cases: Vec<Case> = [
        forms::all(&place),
        together::all(&place),
        bodies::all(&place),
        contacts::all(&place),
        keys::all(&place),
        lists::all(&place),
        operations::all(&place),
        orders::all(&place),
        paths::all(&place),
        units::all(&place),
        watch::all(&place),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert!(cases.len() >= LEAST, "only {} cases", cases.len());
    db::drained(&world).await;
    let before = rows(&world).await;
    let client = crate::http::client();
    let (client, base) = (&client, world.mesh().edge());
    let wrong: Vec<String> = stream::iter(&cases)
        .map(|case| case.judge(client, &base))
        .buffer_unordered(AT_ONCE)
        .filter_map(|judged| async { judged.err() })
        .collect()
        .await;
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    db::drained(&world).await;
    assert_eq!(rows(&world).await, before);
    assert_eq!(place.state(&world).await, place.before);
}

/// Numbers that the edge does not let through as REST reach a service by gRPC.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_names_all_its_wrong_fields() {
    let world = World::shared().await;
    let ids = [
        ("orderId", "order_id"),
        ("serial", "serial"),
        ("shopId", "shop_id"),
        ("phoneId", "phone_id"),
        ("aggregateId", "aggregate_id"),
    ];
    let lists = contract::public().into_iter().filter(|method| method.has_field("pageSize"));
    let mut asked = 0;
    for list in lists {
        let mut request = json!({ "pageSize": -1 });
        let mut expected = vec!["page_size"];
        for (name, field) in ids.into_iter().filter(|(name, _)| list.has_field(name)) {
            request[name] = json!("x");
            expected.push(field);
        }
        if list.has_field("status") {
            request["status"] = json!(99);
            expected.push("status");
        }
        if list.has_field("waitsFor") {
            request["waitsFor"] = json!(99);
            expected.push("waits_for");
        }
        let role = if list.path.ends_with("ListMyOrders") { Role::Customer } else { Role::Operator };
        let grpc = world.grpc(&world.person(role, None)).to(list.served_by()[0]);
        let refused = contract::call(grpc.service(), &list.path, Request::new(list.encode(&request))).await;
        let mut named = violations(&refused.expect_err(&list.path));
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "{}", list.path);
        asked += 1;
    }
    assert!(asked >= 9, "only {asked} lists");
}

/// The wrong fields that a status names.
fn violations(status: &Status) -> Vec<String> {
    let details = RpcStatus::decode(status.details()).expect("details").details;
    let wrong = details.iter().filter(|detail| detail.type_url.ends_with("google.rpc.BadRequest"));
    let wrong =
        wrong.flat_map(|detail| BadRequest::decode(detail.value.as_slice()).expect("violations").field_violations);
    wrong.map(|violation| violation.field).collect()
}

/// How many rows each table of each service has, but for how far each has looked for gaps: that goes on by itself.
async fn rows(world: &World) -> BTreeMap<String, i64> {
    let mut rows = BTreeMap::new();
    for service in Service::ALL {
        let mut own = db::rows(world, service).await;
        own.remove("inbox_complete");
        rows.extend(own.into_iter().map(|(table, count)| (format!("{} {table}", service.name()), count)));
    }
    rows
}
