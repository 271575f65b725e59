//! A customer: orders, sometimes cancels, looks at my page, and uses keys as they are not meant to be used.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proto::delivery::v1::Recipient;
use proto::mypage::v1::{ListMyOrdersRequest, MyOrder};
use proto::order::v1::GetOrderRequest;
use proto::order::v1::order::Status;
use tokio::sync::watch;

use super::super::edge::{Call, Edge, Outcome, Reply, Told, Wanted, Way};
use super::super::ledger::{Bought, Fate, Ledger};
use super::{Scene, Worker};
use crate::checker::{Invariant, Placed};
use crate::world::Person;

/// How long a customer waits to see its order confirmed before it goes on.
const PATIENCE: Duration = Duration::from_secs(3);
/// Orders after which somebody else comes, so that nobody's list grows without end.
const TURN: u64 = 25;

/// Buys until it is told to stop. The first `person` keeps coming back where it has an even number.
pub(super) async fn buy(scene: Arc<Scene>, number: usize, mut person: Person, stop: watch::Receiver<bool>) {
    let edge = Edge::new(&scene.world, &person);
    let mut worker = Worker::new(Arc::clone(&scene), format!("customer-{number}"), number, edge);
    let (mut seen, mut orders) = (Seen::default(), 0);
    while !*stop.borrow() {
        if number % 2 == 1 && orders % TURN == TURN - 1 {
            person = scene.world.customer();
            worker.edge = worker.edge.by(&person);
            seen = Seen::default();
        }
        orders += 1;
        if let Some(order_id) = place(&mut worker, &person).await {
            perhaps_cancel(&mut worker, &order_id).await;
        }
        look(&worker, &mut seen).await;
        worker.rest(100, 900).await;
    }
}

async fn place(worker: &mut Worker, person: &Person) -> Option<String> {
    let (wanted, mut key) = (wanted(worker), worker.key());
    let call = Call::Place(wanted.clone());
    if worker.random.chance(8) {
        together(worker, &key, &call).await;
    }
    loop {
        let away = worker.scene.away.now();
        match worker.call(&key, &call, &["IDEMPOTENCY_KEY_WORN_OUT"]).await {
            Outcome::Done(Reply::Placed(told)) => {
                let away = worker.scene.away.still(&away);
                let order_id = told.order_id.clone();
                let placed = Placed {
                    customer: person.clone(),
                    order_id: order_id.clone(),
                    recipient: wanted.recipient.clone(),
                };
                let bought = Bought { placed, key: key.clone(), wanted: wanted.clone(), told: told.clone() };
                worker.scene.ledger.bought(bought, &away);
                if worker.random.chance(6) {
                    reuse(worker, &key, wanted, &told).await;
                }
                return Some(order_id);
            }
            Outcome::Refused(reason) if reason == "IDEMPOTENCY_KEY_WORN_OUT" => {
                worker.scene.ledger.book().counts.worn_out += 1;
                key = worker.key();
            }
            Outcome::Done(_) | Outcome::Refused(_) | Outcome::Unknown(_) => return None,
        }
    }
}

/// One to three phones of some shop, one or two of each. The first phone is left to orders that must not be turned away.
fn wanted(worker: &mut Worker) -> Wanted {
    let scene = Arc::clone(&worker.scene);
    let shop = &scene.shops[worker.random.place(scene.shops.len())];
    let mut phones = shop.phones[1..].to_vec();
    worker.random.shuffle(&mut phones);
    let lines = worker.random.between(1, 3);
    let lines = phones.into_iter().take(usize::try_from(lines).unwrap_or(1));
    let lines = lines.map(|phone_id| (phone_id, if worker.random.chance(20) { 2 } else { 1 })).collect();
    let recipient = Recipient {
        name: "김하나".to_owned(),
        phone_number: "010-1234-5678".to_owned(),
        address: format!("서울특별시 강남구 테헤란로 {} {}", worker.name, worker.keys),
    };
    Wanted { shop_id: shop.id.clone(), lines, recipient }
}

/// The same call several times at once: those that are answered are answered alike.
async fn together(worker: &mut Worker, key: &str, call: &Call) {
    let ways: Vec<_> = (0..worker.random.between(2, 4)).map(|_| Way::any(&mut worker.random)).collect();
    let outcomes = futures::future::join_all(ways.iter().map(|way| worker.edge.once(*way, key, call))).await;
    let done: Vec<_> = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Done(_))).collect();
    if done.windows(2).any(|two| two[0] != two[1]) {
        worker.scene.ledger.broken(Invariant::I7, format!("one key, different answers: {done:?}"));
    }
    worker.scene.ledger.book().counts.together += 1;
}

/// The same key with another body: refused.
async fn reuse(worker: &mut Worker, key: &str, mut wanted: Wanted, told: &Told) {
    wanted.lines[0].1 += 1;
    match worker.call(key, &Call::Place(wanted), &["IDEMPOTENCY_KEY_REUSED"]).await {
        Outcome::Refused(_) => worker.scene.ledger.book().counts.reused += 1,
        other => {
            let what = format!("a key that has order {} took another body: {other:?}", told.order_id);
            worker.scene.ledger.broken(Invariant::I7, what);
        }
    }
}

/// Of ten orders one is cancelled at once, and one when it has been confirmed.
async fn perhaps_cancel(worker: &mut Worker, order_id: &str) {
    match worker.random.between(0, 9) {
        0 => {}
        1 => confirmed(worker, order_id).await,
        _ => return,
    }
    let key = worker.key();
    let reasons = ["ALREADY_SHIPPED", "ORDER_NOT_CANCELLABLE"];
    let fate = match worker.call(&key, &Call::Cancel(order_id.to_owned()), &reasons).await {
        Outcome::Done(_) => Fate::Cancelled,
        Outcome::Refused(reason) if reason == "ALREADY_SHIPPED" => Fate::Shipped,
        Outcome::Refused(_) | Outcome::Unknown(_) => return,
    };
    worker.scene.ledger.fate(order_id, fate);
}

async fn confirmed(worker: &mut Worker, order_id: &str) {
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < PATIENCE {
        let request = GetOrderRequest { order_id: order_id.to_owned() };
        let answer = tokio::time::timeout(PATIENCE, worker.edge.grpc().order().get_order(request)).await;
        match answer {
            Ok(Ok(answer)) => {
                let order = answer.into_inner().order.unwrap_or_default();
                if order.status() != Status::Placed {
                    return;
                }
            }
            Ok(Err(status)) if status.code() == tonic::Code::NotFound => {
                let what = format!("order {order_id} is not found after it was acknowledged");
                return worker.scene.ledger.broken(Invariant::I1, what);
            }
            Ok(Err(_)) | Err(_) => {}
        }
        worker.rest(100, 300).await;
    }
}

/// One look at my page; where it answers, nothing on it is older than it was.
async fn look(worker: &Worker, seen: &mut Seen) {
    let request = ListMyOrdersRequest { status: 0, page_size: 30, page_token: String::new() };
    let answer = tokio::time::timeout(PATIENCE, worker.edge.grpc().mypage().list_my_orders(request)).await;
    let Ok(Ok(answer)) = answer else { return };
    worker.scene.ledger.book().counts.looks += 1;
    for order in &answer.into_inner().orders {
        seen.take(&worker.scene.ledger, order);
    }
}

/// What somebody saw of its orders, each at its last look, one look after the other.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<String, (i64, i64, usize)>);

impl Seen {
    /// Takes another look at an order; one that is older than the last is noted.
    pub(super) fn take(&mut self, ledger: &Ledger, order: &MyOrder) {
        let delivery = order.delivery.as_ref().map_or(0, |delivery| delivery.version);
        let now = (order.order_version, delivery, order.messages.len());
        if let Some(last) = self.0.insert(order.order_id.clone(), now)
            && (now.0 < last.0 || now.1 < last.1 || now.2 < last.2)
        {
            ledger.broken(Invariant::I6, format!("my page went back from {last:?} to {now:?}: {order:?}"));
        }
    }
}
