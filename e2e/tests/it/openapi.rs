//! The `OpenAPI` document says what the edge does: every public RPC is in it, and answers are as it says.

mod schema;

use std::collections::BTreeSet;

use e2e::flow;
use e2e::rest::Rest;
use e2e::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use xtask::token::Role;
use yaml_rust2::{Yaml, YamlLoader};

use crate::contract;
use crate::http::client;
use crate::stub::Edge;

/// The document as the edge serves it to anyone.
async fn served(address: &str) -> Value {
    let text =
        client().get(format!("{address}/openapi.yaml")).send().await.expect("an answer").text().await.expect("a text");
    let documents = YamlLoader::load_from_str(&text).expect("YAML");
    let [document] = documents.as_slice() else { panic!("{} documents", documents.len()) };
    json_of(document)
}

fn json_of(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::String(text) => Value::from(text.as_str()),
        Yaml::Integer(number) => Value::from(*number),
        Yaml::Boolean(flag) => Value::from(*flag),
        Yaml::Array(items) => items.iter().map(json_of).collect(),
        Yaml::Hash(entries) => {
            entries.iter().map(|(key, value)| (key.as_str().expect("a text").to_owned(), json_of(value))).collect()
        }
        other => panic!("{other:?} is nothing that the document should have"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_public_method_is_in_it_and_no_other() {
    let edge = Edge::start(|mesh| mesh).await;
    let document = served(&edge.mesh().edge()).await;
    let mut told = BTreeSet::new();
    for (path, verbs) in document["paths"].as_object().expect("paths") {
        for (verb, operation) in verbs.as_object().expect("verbs") {
            told.insert((
                verb.to_uppercase(),
                path.clone(),
                operation["x-grpc"].as_str().expect("a method").to_owned(),
            ));
        }
    }
    let public = contract::public().into_iter().map(|method| {
        let (verb, template) = method.rest.clone().expect("a binding");
        (verb.to_string(), camel(&template), method.path.trim_start_matches('/').to_owned())
    });
    assert_eq!(told, public.collect());
}

/// A path template with its fields by their JSON names.
fn camel(template: &str) -> String {
    let mut path = String::new();
    for part in template.split('_') {
        if path.rfind('{') > path.rfind('}') {
            let (first, rest) = part.split_at(1);
            path.push_str(&first.to_uppercase());
            path.push_str(rest);
        } else {
            path.push_str(part);
        }
    }
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_what_it_says() {
    let world = World::shared().await;
    let document = served(&world.mesh().edge()).await;
    let shop = world.shop(1, 2).await;
    let placed = flow::place(&world, &shop).await;
    let (customer, staff) = (world.rest(&placed.customer), world.rest(&shop.staff));
    flow::reaches(&customer, &placed.order_id, "CONFIRMED").await;
    let id = &placed.order_id;
    for (rest, template, path) in [
        (&customer, "/v1/orders", "/v1/orders".to_owned()),
        (&customer, "/v1/orders/{orderId}", format!("/v1/orders/{id}")),
        (&customer, "/v1/orders/{orderId}/events", format!("/v1/orders/{id}/events")),
        (&customer, "/v1/mypage/orders", "/v1/mypage/orders".to_owned()),
        (&customer, "/v1/messages", "/v1/messages".to_owned()),
        (&customer, "/v1/contact", "/v1/contact".to_owned()),
        (&staff, "/v1/deliveries/{deliveryId}", format!("/v1/deliveries/{id}")),
        (&staff, "/v1/shops/{shopId}/phones", format!("/v1/shops/{}/phones", shop.id)),
        (&staff, "/v1/shops/{shopId}/orders", format!("/v1/shops/{}/orders", shop.id)),
        (
            &staff,
            "/v1/shops/{shopId}/phones/{phoneId}/units",
            format!("/v1/shops/{}/phones/{}/units", shop.id, shop.phones[0]),
        ),
    ] {
        let answer = rest.get(&path).await.ok();
        let content = &document["paths"][template]["get"]["responses"]["200"]["content"];
        schema::assert_fits(&document, &content["application/json"]["schema"], &answer);
    }
    let order = flow::order_of(&shop, &shop.phones[0], 1);
    let post = &document["paths"]["/v1/orders"]["post"];
    schema::assert_fits(&document, &post["requestBody"]["content"]["application/json"]["schema"], &order);
    let answer = customer.post_keyed("/v1/orders", &flow::key(), &order).await.ok();
    schema::assert_fits(&document, &post["responses"]["200"]["content"]["application/json"]["schema"], &answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_what_it_says() {
    let world = World::shared().await;
    let document = served(&world.mesh().edge()).await;
    let status = &document["components"]["responses"]["Refused"]["content"]["application/json"]["schema"];
    let rest = world.rest(&world.customer());
    let nobody = Rest::new(&world.mesh().edge());
    let unknown = format!("/v1/orders/{}", Uuid::new_v4());
    for refused in [
        rest.get(&unknown).await,
        rest.get("/v1/nope").await,
        nobody.get(&unknown).await,
        rest.post("/v1/orders", &json!({})).await,
        rest.call(Method::PUT, "/v1/orders", None, None).await.expect("an answer"),
    ] {
        assert!(!refused.status.is_success(), "{refused}");
        schema::assert_fits(&document, status, &refused.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watchs_events_are_what_it_says() {
    let world = World::shared().await;
    let document = served(&world.mesh().edge()).await;
    let watch = &document["paths"]["/v1/mypage/orders:watch"]["get"]["responses"]["200"]["content"];
    let schema = &watch["text/event-stream"]["x-event-schema"];
    assert!(schema.is_object(), "{watch}");
    let shop = world.shop(1, 1).await;
    let placed = flow::place(&world, &shop).await;
    flow::reaches(&world.rest(&placed.customer), &placed.order_id, "CONFIRMED").await;
    let mut events = world.rest(&placed.customer).events("/v1/mypage/orders:watch").await.expect("events");
    loop {
        let event = events.next().await.expect("an event");
        schema::assert_fits(&document, schema, &event);
        if event["kind"] == "KIND_CURRENT" {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contracts_are_there_for_everybody_in_each_form() {
    let edge = Edge::start(|mesh| mesh).await;
    let get = async |path: &str| {
        let answer = client().get(format!("{}{path}", edge.mesh().edge())).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*", "{path}");
        let kind = answer.headers()["content-type"].to_str().expect("a type").to_owned();
        (kind, answer.bytes().await.expect("a body"))
    };
    let (kind, page) = get("/docs").await;
    let page = String::from_utf8(page.to_vec()).expect("a text");
    assert_eq!(kind, "text/html; charset=utf-8");
    for foreign in ["<script", "<link", "src=", "url(", "href=\"http", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for method in contract::public() {
        assert!(page.contains(&format!("<code>{}</code>", method.path.trim_start_matches('/'))), "{}", method.path);
    }
    let archive = xtask::contracts::archive().expect("an archive");
    assert_eq!(get("/protos.zip").await, ("application/zip".to_owned(), archive.into()));
    assert_eq!(get("/descriptors.binpb").await, ("application/octet-stream".to_owned(), proto::DESCRIPTORS.into()));
    assert_eq!(get("/openapi.yaml").await.0, "application/yaml");
    let slashed = client().get(format!("{}/docs/", edge.mesh().edge())).send().await.expect("an answer");
    assert_eq!((slashed.status().as_u16(), slashed.url().path()), (200, "/docs"), "it leads to the page");
    let refused = edge.rest(Role::Customer).call(Method::GET, "/docs/other", None, None).await.expect("an answer");
    assert_eq!(refused.status, 404);
}
