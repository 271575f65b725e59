//! Who may do what: every RPC against everyone who may not call it, at the edge and past it.

mod existence;
mod internal;
mod open;
mod outsiders;
mod samples;
mod strangers;

use std::time::Duration;

use e2e::flow::{self, order_of};
use e2e::grpc::Grpc;
use e2e::rest::{Answer, Rest};
use e2e::wait;
use e2e::world::{Person, Shop, World};
use prost_reflect::prost::bytes::Bytes;
use reqwest::StatusCode;
use serde_json::Value;
use tonic::{Code, Request, Status};
use xtask::token::{Grant, Role};

use crate::contract::{self, Method};
use samples::Sample;

/// One shop with one confirmed order, and people who have nothing to do with either.
struct Place {
    shop: Shop,
    customer: Person,
    order_id: String,
    message_id: String,
    outsiders: Vec<(Role, Person)>,
}

impl Place {
    async fn new(world: &World) -> Self {
        let shop = world.shop(1, 5).await;
        let other = world.shop(1, 1).await;
        let customer = world.customer();
        let rest = world.rest(&customer);
        let placed = rest.persist("/v1/orders", &flow::key(), &order_of(&shop, &shop.phones[0], 1)).await.ok();
        let order_id = flow::order_id(&placed);
        flow::reaches(&rest, &order_id, "CONFIRMED").await;
        flow::delivery_reaches(&world.rest(&shop.staff), &order_id, "READY").await;
        let message_id = message(&rest, &order_id).await;
        let outsiders =
            vec![(Role::Customer, world.customer()), (Role::Staff, other.staff), (Role::Manager, other.manager)];
        Self { shop, customer, order_id, message_id, outsiders }
    }

    /// Everything that a refused call could have changed or that it must not show.
    async fn state(&self, world: &World) -> Vec<Value> {
        let (rest, staff) = (world.rest(&self.customer), world.rest(&self.shop.staff));
        let (shop, phone) = (&self.shop.id, &self.shop.phones[0]);
        let mut state = Vec::new();
        for path in [
            format!("/v1/orders/{}", self.order_id),
            format!("/v1/orders/{}/events", self.order_id),
            "/v1/orders".to_owned(),
        ] {
            state.push(rest.get(&path).await.ok());
        }
        for path in [
            format!("/v1/shops/{shop}"),
            format!("/v1/shops/{shop}/phones"),
            format!("/v1/shops/{shop}/phones/{phone}/units"),
            format!("/v1/shops/{shop}/orders"),
            format!("/v1/deliveries/{}", self.order_id),
        ] {
            state.push(staff.get(&path).await.ok());
        }
        state
    }
}

/// The id of the customer's first message about an order, once it is sent.
async fn message(rest: &Rest, order_id: &str) -> String {
    wait::until("a message", || async {
        let body = rest.get(&format!("/v1/messages?orderId={order_id}&status=STATUS_SENT")).await.ok();
        let id = body["messages"][0]["messageId"].as_str().map(str::to_owned);
        id.ok_or_else(|| body.to_string())
    })
    .await
}

/// Someone of a role, with everything but the role in order.
fn person(world: &World, role: Role, place: &Place) -> Person {
    world.person(role, Some(&place.shop.id))
}

/// A token that a change makes wrong.
fn token(world: &World, change: impl FnOnce(Grant) -> Grant) -> String {
    world.mesh().token(&change(Grant::new(Role::Operator))).unwrap_or_else(|error| panic!("{error}"))
}

/// A token of somebody whose time is over.
fn expired(world: &World) -> String {
    token(world, |grant| Grant { issued: grant.issued - 7_200, ..grant }.valid_for(Duration::from_hours(1)))
}

/// A token with a role that nobody knows.
fn roleless(world: &World) -> String {
    token(world, |grant| Grant { roles: vec!["visitor".to_owned()], ..grant })
}

/// The three ways to a public method.
struct Ways {
    edge: Grpc,
    direct: Grpc,
    rest: Rest,
}

impl Ways {
    fn new(world: &World, method: &Method) -> Self {
        // One of those that serve it; where there are several, the edge is told which.
        let service = method.served_by()[0];
        let (edge, rest) = (Grpc::new(&world.mesh().edge()), Rest::new(&world.mesh().edge()));
        Self { edge: edge.to(service), direct: Grpc::new(&world.mesh().grpc(service)), rest: rest.to(service) }
    }

    fn with_token(&self, token: &str) -> Self {
        let Self { edge, direct, rest } = self;
        Self { edge: edge.with_token(token), direct: direct.with_token(token), rest: rest.with_token(token) }
    }

    /// The three answers: gRPC by the edge, gRPC past it, REST.
    async fn call(&self, method: &Method, request: &Value) -> (Result<Bytes, Status>, Result<Bytes, Status>, Answer) {
        let rest = method.rest(request);
        if method.streams {
            let edge = contract::call_stream(self.edge.service(), &method.path, keyed(method.encode(request))).await;
            let direct =
                contract::call_stream(self.direct.service(), &method.path, keyed(method.encode(request))).await;
            return (edge, direct, first(&self.rest, &rest.path).await);
        }
        let edge = contract::call(self.edge.service(), &method.path, keyed(method.encode(request))).await;
        let direct = contract::call(self.direct.service(), &method.path, keyed(method.encode(request))).await;
        let key = flow::key();
        let answer = self.rest.call(rest.verb, &rest.path, Some(&key), rest.body.as_ref()).await;
        (edge, direct, answer.expect("an answer"))
    }

    /// Asserts that all three ways refuse.
    async fn refuse(&self, method: &Method, request: &Value, who: &str, at_edge: Code, past_it: Code, http: u16) {
        let (edge, direct, rest) = self.call(method, request).await;
        let code = |answer: Result<Bytes, Status>| answer.map_or_else(|status| status.code(), |_answer| Code::Ok);
        let codes = (code(edge), code(direct), rest.status.as_u16());
        assert_eq!(codes, (at_edge, past_it, http), "{who} calls {}: {rest}", method.path);
        let reason = if at_edge == Code::Unauthenticated { "UNAUTHENTICATED" } else { "PERMISSION_DENIED" };
        rest.refused(http, if at_edge == Code::NotFound { "NOT_FOUND" } else { reason });
    }
}

/// The first event of an answer that goes on, or the refusal.
async fn first(rest: &Rest, path: &str) -> Answer {
    match rest.events(path).await {
        Ok(mut events) => {
            let (status, headers) = (StatusCode::OK, events.headers().clone());
            Answer { status, headers, body: events.next().await.expect("an event") }
        }
        Err(refused) => refused,
    }
}

fn keyed(message: Bytes) -> Request<Bytes> {
    e2e::grpc::keyed(message)
}
