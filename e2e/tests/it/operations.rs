//! What operators see and mend of each service's own working, through gRPC and REST alike.

use e2e::checker;
use e2e::db;
use e2e::flow::{self, order_of};
use e2e::rest::Rest;
use e2e::wait::{self, holds};
use e2e::world::World;
use proto::ops::v1::{
    DeadLetter, DropDeadLetterRequest, GetDeadLetterRequest, ListAggregateEventsRequest, ListAuditRecordsRequest,
    ListConsumersRequest, ListDeadLettersRequest, ListUnpublishedRequest, RedriveDeadLettersRequest,
    dead_letter::Status, redrive_outcome::Result as Outcome,
};
use reqwest::Method;
use serde_json::{Value, json};
use xtask::mesh::{Part, Service};

use crate::metrics::table;
use crate::poison::publish;

const LETTERS: &str = "/v1/ops/deadLetters";

/// The dead letters of a service, oldest first, once there are so many.
async fn letters(world: &World, service: Service, count: usize) -> Vec<DeadLetter> {
    let grpc = world.grpc(&world.operator()).to(service);
    wait::until(&format!("{count} dead letters of {}", service.name()), || async {
        let answer = grpc.operations().list_dead_letters(ListDeadLettersRequest::default()).await;
        let found = answer.map_err(|status| status.to_string())?.into_inner().dead_letters;
        holds(found.len() == count, format!("{found:?}")).map(|()| found)
    })
    .await
}

/// What REST tells, once it holds.
async fn told(rest: &Rest, path: &str, right: impl Fn(&Value) -> bool) -> Value {
    wait::until(path, || async {
        let answer = rest.call(Method::GET, path, None, None).await?;
        holds(answer.status.is_success() && right(&answer.body), answer.to_string()).map(|()| answer.body)
    })
    .await
}

#[tokio::test]
async fn poison_is_listed_tried_again_and_dropped() {
    let world = World::start().await;
    let empty = publish(&world, b"").await.to_string();
    let undecodable = publish(&world, b"\xff\xff\xff").await.to_string();
    let found = letters(&world, Service::Shop, 2).await;
    let of = |id: &str| found.iter().find(|letter| letter.event_id == id).expect("listed");
    assert_eq!((of(&empty).attempts, of(&undecodable).attempts), (5, 1));
    assert!(found.iter().all(|letter| letter.producer == "order" && letter.r#type == "tword.order.v1.OrderPlaced"));

    let operator = world.operator();
    let mut shop = world.grpc(&operator).to(Service::Shop).operations();
    let rest = world.rest(&operator).to(Service::Shop);
    let listed = rest.get(LETTERS).await.ok();
    let ids: Vec<_> = found.iter().map(|letter| letter.event_id.as_str()).collect();
    let same: Vec<_> = listed["deadLetters"].as_array().expect("letters").iter().map(|one| &one["eventId"]).collect();
    assert_eq!(same, ids, "REST and gRPC agree");
    let payload = async |id: &str| rest.get(&format!("{LETTERS}/{id}")).await.ok()["deadLetter"]["payload"].clone();
    assert_eq!(payload(&empty).await["order"], Value::Null, "an event of nothing");
    assert!(payload(&empty).await.is_object());
    assert!(payload(&undecodable).await.is_null(), "what nobody can read");

    let again = rest.post(&format!("{LETTERS}:redrive"), &json!({})).await.ok();
    assert_eq!(again["waiting"], "2");
    let outcomes = again["outcomes"].as_array().expect("outcomes");
    assert!(outcomes.len() == 2 && outcomes.iter().all(|one| one["result"] == "RESULT_FAILED" && one["cause"] != ""));
    let named = RedriveDeadLettersRequest { event_ids: vec![empty.clone()], producer: String::new() };
    let named = shop.redrive_dead_letters(named).await.expect("an answer").into_inner();
    assert_eq!((named.outcomes.len(), named.outcomes[0].result()), (1, Outcome::Failed));
    assert_eq!(letters(&world, Service::Shop, 2).await.iter().map(|letter| letter.attempts).sum::<i64>(), 5 + 1 + 3);

    let dropped = DropDeadLetterRequest { event_id: empty.clone(), reason: "an event of nothing".to_owned() };
    let dropped = shop.drop_dead_letter(dropped).await.expect("dropped").into_inner().dead_letter.expect("it");
    assert_eq!((dropped.status(), dropped.drop_reason.as_str()), (Status::Dropped, "an event of nothing"));
    let path = format!("{LETTERS}/{undecodable}:drop");
    let by_rest = rest.post(&path, &json!({ "reason": "nobody can read it" })).await.ok();
    assert_eq!(by_rest["deadLetter"]["status"], "STATUS_DROPPED");
    assert_eq!(rest.post(&path, &json!({ "reason": "again" })).await.ok(), by_rest, "once is enough");
    assert_eq!(
        rest.post(&format!("{LETTERS}:redrive"), &json!({})).await.ok(),
        json!({ "outcomes": [], "waiting": "0" })
    );
    let kept = rest.get(&format!("{LETTERS}?status=STATUS_DROPPED&producer=order")).await.ok();
    assert_eq!(kept["deadLetters"].as_array().map(Vec::len), Some(2), "they are kept");

    let by_grpc = ListAuditRecordsRequest { actor_id: operator.id.clone(), ..Default::default() };
    let by_grpc = shop.list_audit_records(by_grpc).await.expect("records").into_inner().records;
    let actions: Vec<_> = by_grpc.iter().map(|record| record.action.as_str()).collect();
    let redrive = "RedriveDeadLetters";
    assert_eq!(actions, [redrive, redrive, redrive, "DropDeadLetter", "DropDeadLetter"]);
    let of_one = rest.get(&format!("/v1/ops/auditRecords?subjectId={undecodable}")).await.ok();
    let of_one = of_one["records"].as_array().expect("records");
    assert_eq!((of_one.len(), &of_one[1]["actorRole"]), (2, &json!("OPERATOR")));
    // Others hold the same events, and have not heard of it.
    assert!(letters(&world, Service::Delivery, 2).await.iter().all(|letter| letter.status() == Status::Waiting));
}

#[tokio::test]
async fn what_can_be_handled_now_is_handled_once() {
    let world = World::start().await;
    let shop = world.shop(1, 10).await;
    db::break_inserts(&world, Service::Shop, "reservation").await;
    let orders = flow::place_many(&world, &shop, 3).await;
    let found = letters(&world, Service::Shop, 3).await;
    db::mend_inserts(&world, Service::Shop, "reservation").await;
    let later = flow::place(&world, &shop).await;
    flow::reaches(&world.rest(&later.customer), &later.order_id, "CONFIRMED").await;
    let status = world.rest(&orders[0].customer).get(&format!("/v1/orders/{}", orders[0].order_id)).await.ok();
    assert_eq!(status["order"]["status"], "STATUS_PLACED", "it waits for what was put aside");

    let mut operations = world.grpc(&world.operator()).to(Service::Shop).operations();
    let request = GetDeadLetterRequest { event_id: found[0].event_id.clone() };
    let letter = operations.get_dead_letter(request).await.expect("a letter").into_inner().dead_letter;
    let payload = serde_json::to_string(&format!("{:?}", letter.and_then(|letter| letter.payload))).expect("text");
    assert!(orders.iter().any(|order| payload.contains(&order.order_id)), "{payload}");
    assert!(!payload.contains("강남구"), "events carry no personal data");

    let operators = (0..3).map(|_| {
        let mut operations = world.grpc(&world.operator()).to(Service::Shop).operations();
        async move { operations.redrive_dead_letters(RedriveDeadLettersRequest::default()).await }
    });
    let answers = futures::future::join_all(operators).await;
    let outcomes = answers.into_iter().flat_map(|answer| answer.expect("an answer").into_inner().outcomes);
    assert_eq!(outcomes.filter(|outcome| outcome.result() == Outcome::Handled).count(), 3, "each once");
    for order in &orders {
        flow::reaches(&world.rest(&order.customer), &order.order_id, "CONFIRMED").await;
    }
    checker::settled(&world, &shop, &[orders, vec![later]].concat()).await;

    let rest = world.rest(&world.operator()).to(Service::Order);
    let customer = world.customer();
    let body = order_of(&shop, &shop.phones[0], 1);
    let placed = world.rest(&customer).persist("/v1/orders", &flow::key(), &body).await.ok();
    let order_id = flow::order_id(&placed);
    flow::reaches(&world.rest(&customer), &order_id, "CONFIRMED").await;
    let story = rest.get(&format!("/v1/ops/aggregates/{order_id}/events")).await.ok();
    let told: Vec<_> = story["events"].as_array().expect("events").iter().map(|event| event["type"].clone()).collect();
    assert_eq!(told, ["tword.order.v1.OrderPlaced", "tword.order.v1.OrderConfirmed"]);
    assert_eq!(story["events"][1]["payload"]["order"]["status"], "STATUS_CONFIRMED");
    let by_grpc = ListAggregateEventsRequest { aggregate_id: order_id, ..Default::default() };
    let mut operations = world.grpc(&world.operator()).to(Service::Order).operations();
    let by_grpc = operations.list_aggregate_events(by_grpc).await.expect("events").into_inner().events;
    assert_eq!(by_grpc.iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn what_waits_is_told_whoever_is_away() {
    let world = World::start().await;
    let shop = world.shop(1, 10).await;
    let operator = world.operator();
    let (order, shops) = (world.rest(&operator).to(Service::Order), world.rest(&operator).to(Service::Shop));
    let mut orders = vec![flow::place(&world, &shop).await];
    checker::settled(&world, &shop, &orders).await;
    let quiet = |body: &Value| body["consumers"][0]["missing"] == "0" && body["consumers"][0]["pending"] == "0";
    let lag = told(&shops, "/v1/ops/consumers", quiet).await["consumers"][0].clone();
    assert_eq!((lag["producer"].as_str(), lag["producerAnswers"].as_bool()), (Some("order"), Some(true)));
    assert_eq!(lag["head"], lag["highest"]);

    world.stop(Part::Nats).await;
    orders.push(flow::place(&world, &shop).await);
    let away =
        |body: &Value| body["brokerConnected"] == false && body["events"].as_array().is_some_and(|all| !all.is_empty());
    let waiting = told(&order, "/v1/ops/unpublished", away).await;
    let (event, placed) = (&waiting["events"][0], &orders[1].order_id);
    assert_eq!((&event["aggregateId"], &event["type"]), (&json!(placed), &json!("tword.order.v1.OrderPlaced")));
    let by_grpc = world.grpc(&operator).to(Service::Order).operations();
    let by_grpc = { by_grpc }.list_unpublished(ListUnpublishedRequest::default()).await.expect("events").into_inner();
    assert_eq!(json!(by_grpc.events[0].event_id), event["eventId"]);
    told(&shops, "/v1/ops/consumers", |body| body["consumers"][0]["pending"] == "-1").await;
    gauge(&world, "tword_outbox_unpublished", |value| value >= 1.0).await;

    world.stop(Service::Order).await;
    let mut operations = world.grpc(&operator).to(Service::Shop).operations();
    let alone = operations.list_consumers(ListConsumersRequest {}).await.expect("an answer").into_inner().consumers;
    assert!(!alone[0].producer_answers && alone[0].highest > 0, "{alone:?}");

    world.restart(Part::Nats).await;
    world.restart(Service::Order).await;
    let gone = |body: &Value| body["brokerConnected"] == true && body["events"].as_array().is_some_and(Vec::is_empty);
    told(&order, "/v1/ops/unpublished", gone).await;
    gauge(&world, "tword_outbox_unpublished", |value| value == 0.0).await;
    checker::settled(&world, &shop, &orders).await;
    told(&shops, "/v1/ops/consumers", |body| quiet(body) && !body["consumers"][0]["caughtUpTime"].is_null()).await;
}

/// Waits for a value of one of order-svc's gauges.
async fn gauge(world: &World, name: &str, right: impl Fn(f64) -> bool) {
    let metrics = Rest::new(&world.mesh().admin(Service::Order));
    wait::until(name, || async {
        let text = metrics.call(Method::GET, "/metrics", None, None).await?.body;
        let value = table::value(text.as_str().unwrap_or_default(), name);
        holds(value.is_some_and(&right), format!("{value:?}"))
    })
    .await;
}
