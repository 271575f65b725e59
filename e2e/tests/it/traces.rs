//! One trace tells what became of a request, across every process that it reached.

mod receiver;
mod tree;

use e2e::db::Lock;
use e2e::flow;
use e2e::wait::{self, holds};
use e2e::world::World;
use xtask::mesh::Service;

use self::receiver::{Hanging, Receiver};
use self::tree::{Spans, Told};

const ORDER_PLACED: &str = "tword.order.v1.OrderPlaced";

/// A mesh that is traced, and where its spans arrive.
async fn start() -> (Receiver, World) {
    let hanging = Hanging::bind().await;
    let endpoint = hanging.endpoint();
    let receiver = hanging.receive();
    (receiver, World::start_with(|mesh| mesh.otlp(&endpoint)).await)
}

/// Waits until the trace that published an event of an order looks as it should.
async fn trace<T>(receiver: &Receiver, event: &str, order_id: &str, look: impl Fn(&Spans) -> Result<T, String>) -> T {
    wait::until(&format!("the trace of {event}"), || async {
        let spans = receiver.spans().of(event, order_id)?;
        spans.whole()?;
        look(&spans)
    })
    .await
}

/// Checks that a service handled an event once below its publication, and answers that span.
fn handled<'a>(spans: &'a Spans, producer: &str, event: &str, consumer: &str) -> Result<&'a Told, String> {
    let published = spans.one(producer, &format!("publish {event}"))?;
    let handled = spans.one(consumer, &format!("process {event}"))?;
    assert_eq!(handled.parent, published.id, "{handled:?} hangs on {published:?}");
    assert_eq!(handled.links, [published.id.as_str()], "{handled:?}");
    assert_eq!(handled.attribute("tword.outcome"), "handled", "{handled:?}");
    assert_eq!(handled.attribute("messaging.message.id"), published.attribute("messaging.message.id"));
    Ok(handled)
}

/// Checks that a service published an event because of `cause`.
fn follows(spans: &Spans, cause: &Told, service: &str, event: &str) -> Result<(), String> {
    let published = spans.one(service, &format!("publish {event}"))?;
    assert!(spans.is_above(cause, published), "{published:?} does not follow from {cause:?}: {spans}");
    Ok(())
}

/// What placing an order does, until its delivery is READY and its customer is told.
fn placed(spans: &Spans) -> Result<(), String> {
    let root = spans.whole()?;
    assert!(root.service == "envoy" && root.name.starts_with("edge /"), "{spans}");
    let place = spans.one("order-svc", "tword.order.v1.OrderService/PlaceOrder")?;
    assert!(spans.is_above(root, place), "{spans}");
    assert_eq!(place.attribute("rpc.grpc.status_code"), "0");
    let called = spans.one("order-svc", "tword.delivery.v1.BookingService/BookDelivery")?;
    assert_eq!(called.parent, place.id, "{spans}");
    let booked = spans.one("delivery-svc", "tword.delivery.v1.BookingService/BookDelivery")?;
    assert!(spans.is_above(called, booked) && booked.parent != called.id, "the mesh is between them: {spans}");
    follows(spans, booked, "delivery-svc", "tword.delivery.v1.DeliveryBooked")?;
    handled(spans, "delivery-svc", "tword.delivery.v1.DeliveryBooked", "mypage-svc")?;

    follows(spans, place, "order-svc", ORDER_PLACED)?;
    let reserved = handled(spans, "order-svc", ORDER_PLACED, "shop-svc")?;
    for consumer in ["delivery-svc", "notify-svc", "mypage-svc"] {
        handled(spans, "order-svc", ORDER_PLACED, consumer)?;
    }
    follows(spans, reserved, "shop-svc", "tword.shop.v1.StockReserved")?;
    let confirmed = handled(spans, "shop-svc", "tword.shop.v1.StockReserved", "order-svc")?;
    follows(spans, confirmed, "order-svc", "tword.order.v1.OrderConfirmed")?;
    let ready = handled(spans, "order-svc", "tword.order.v1.OrderConfirmed", "delivery-svc")?;
    for consumer in ["shop-svc", "notify-svc", "mypage-svc"] {
        handled(spans, "order-svc", "tword.order.v1.OrderConfirmed", consumer)?;
    }
    follows(spans, ready, "delivery-svc", "tword.delivery.v1.DeliveryReady")?;
    // Two messages say that it was placed, one that it was confirmed.
    let sent = (spans.all("notify-svc", "send message").len(), told(spans));
    holds(sent == (3, 3), format!("{sent:?} messages: {spans}"))
}

/// How many messages my page has heard of.
fn told(spans: &Spans) -> usize {
    let event = "tword.notify.v1.MessageSent";
    let published = spans.all("notify-svc", &format!("publish {event}"));
    let heard = spans.all("mypage-svc", &format!("process {event}"));
    heard.iter().filter(|heard| published.iter().any(|published| published.id == heard.parent)).count()
}

/// What shipping does.
fn shipped(spans: &Spans) -> Result<(), String> {
    let ship = spans.one("delivery-svc", "tword.delivery.v1.DeliveryService/ShipDelivery")?;
    follows(spans, ship, "delivery-svc", "tword.delivery.v1.DeliveryStarted")?;
    let followed = handled(spans, "delivery-svc", "tword.delivery.v1.DeliveryStarted", "order-svc")?;
    follows(spans, followed, "order-svc", "tword.order.v1.OrderShipped")?;
    for consumer in ["shop-svc", "notify-svc", "mypage-svc"] {
        handled(spans, "order-svc", "tword.order.v1.OrderShipped", consumer)?;
    }
    holds(told(spans) == 1, format!("no message: {spans}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_trace_through_every_service_and_back() {
    let (receiver, world) = start().await;
    let shop = world.shop(1, 10).await;
    let order = flow::place(&world, &shop).await;
    let staff = world.rest(&shop.staff);
    flow::delivery_reaches(&staff, &order.order_id, "READY").await;
    flow::ship(&staff, &order.order_id).await.ok();

    let placing = trace(&receiver, ORDER_PLACED, &order.order_id, |spans| placed(spans).map(|()| spans.clone())).await;
    trace(&receiver, "tword.delivery.v1.DeliveryStarted", &order.order_id, shipped).await;
    for service in Service::ALL {
        let log = world.mesh().log(service).expect("a log");
        let lines = log.lines().filter(|line| line.contains(placing.trace())).count();
        assert!(lines > 0, "the log of {} does not name the trace {}", service.name(), placing.trace());
    }
    let everything = receiver.spans();
    let asked: Vec<_> = everything.0.iter().filter(|span| span.name.contains("ReadEvents")).collect();
    assert!(asked.is_empty(), "what consumers ask every few seconds is no trace: {asked:?}");
    let alone = |span: &&Told| {
        span.name == "transaction" && span.parent.is_empty() && everything.0.iter().all(|other| other.parent != span.id)
    };
    let alone: Vec<_> = everything.0.iter().filter(alone).collect();
    assert!(alone.is_empty(), "a transaction of nobody's interest is no trace: {alone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redelivery_is_one_more_span_of_the_trace() {
    let (receiver, world) = start().await;
    let shop = world.shop(1, 10).await;
    // My page cannot write, so what it is brought comes again.
    let locked = Lock::take(&world, Service::MyPage).await;
    let order = flow::place(&world, &shop).await;
    let handling = format!("process {ORDER_PLACED}");
    let tries = |spans: &Spans| -> Vec<Told> { spans.all("mypage-svc", &handling).into_iter().cloned().collect() };
    trace(&receiver, ORDER_PLACED, &order.order_id, |spans| {
        let refused = tries(spans);
        holds(refused.iter().any(|span| span.attribute("tword.outcome") == "not_stored"), format!("{refused:?}"))
    })
    .await;
    locked.release().await;
    let spans = trace(&receiver, ORDER_PLACED, &order.order_id, |spans| {
        let taken = tries(spans);
        holds(taken.iter().any(|span| span.attribute("tword.outcome") == "handled"), format!("{taken:?}"))?;
        Ok(spans.clone())
    })
    .await;
    let published = spans.one("order-svc", &format!("publish {ORDER_PLACED}")).expect("published once");
    for (at, one) in tries(&spans).iter().enumerate() {
        assert_eq!((one.parent.as_str(), &one.links[..]), (published.id.as_str(), &[published.id.clone()][..]));
        assert!(one.attribute("tword.redelivered") == (at > 0).to_string(), "{one:?}: {:?}", one.attributes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_is_told_of_once_and_holds_up_nothing() {
    let hanging = Hanging::bind().await;
    let world = World::start_with(|mesh| mesh.otlp(&hanging.endpoint())).await;
    let shop = world.shop(1, 10).await;
    let order = flow::place(&world, &shop).await;
    flow::reaches(&world.rest(&order.customer), &order.order_id, "CONFIRMED").await;
    let told = |text: &'static str| {
        let log = world.mesh().log(Service::Order).expect("a log");
        log.lines().filter(|line| line.contains(text)).count()
    };
    wait::until("a word of the trouble", || async { holds(told("spans cannot be exported") > 0, "none") }).await;
    let receiver = hanging.receive();
    let rest = world.rest(&order.customer);
    wait::until("spans that arrive", || async {
        rest.get("/v1/orders").await.ok();
        let arrived = receiver.spans().all("order-svc", "tword.order.v1.OrderService/ListOrders").len();
        holds(arrived > 0, "none")
    })
    .await;
    wait::until("a word of its end", || async { holds(told("spans are exported again") > 0, "none") }).await;
    assert_eq!((told("spans cannot be exported"), told("spans are exported again")), (1, 1));
}
