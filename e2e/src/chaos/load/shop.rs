//! The people of a shop: staff ship and complete, a manager adds and withdraws units.

use std::sync::Arc;
use std::time::Duration;

use proto::delivery::v1::ListDeliveriesRequest;
use proto::delivery::v1::delivery::Status;
use proto::shop::v1::{GetPhoneRequest, ListUnitsRequest, unit};
use tokio::sync::watch;

use super::super::edge::{Call, Edge, Outcome, Reply};
use super::super::ledger::Fate;
use super::{Scene, Worker};
use crate::world::Shop;

/// Where the numbers of the staff's and the managers' choices begin, past all customers.
const STAFF: usize = 100_000;
const MANAGERS: usize = 200_000;
/// How long a look may take.
const LOOK: Duration = Duration::from_secs(3);
/// Below so many available units a manager adds some.
const SCARCE: i32 = 6;

/// Ships what is READY and completes some of what is SHIPPED, until it is told to stop.
pub(super) async fn ship(scene: Arc<Scene>, number: usize, end: watch::Receiver<bool>) {
    let shop = scene.shops[number].clone();
    let edge = Edge::new(&scene.world, &shop.staff);
    let mut worker = Worker::new(scene, format!("staff-{number}"), STAFF + number, edge);
    while !*end.borrow() {
        for delivery_id in listed(&worker, &shop, Status::Ready).await.into_iter().take(4) {
            // The rest stays for the next time, or for its customer to cancel.
            if worker.random.chance(60) {
                step(&mut worker, Call::Ship(delivery_id.clone()), &delivery_id, Fate::Shipped).await;
            }
        }
        for delivery_id in listed(&worker, &shop, Status::Shipped).await.into_iter().take(4) {
            if worker.random.chance(50) {
                step(&mut worker, Call::Complete(delivery_id.clone()), &delivery_id, Fate::Delivered).await;
            }
        }
        worker.rest(200, 1_000).await;
    }
}

async fn step(worker: &mut Worker, call: Call, order_id: &str, done: Fate) {
    let key = worker.key();
    match worker.call(&key, &call, &["CANCELLED"]).await {
        Outcome::Done(_) => worker.scene.ledger.fate(order_id, done),
        Outcome::Refused(reason) if reason == "CANCELLED" => worker.scene.ledger.fate(order_id, Fate::Ended),
        Outcome::Refused(_) | Outcome::Unknown(_) => {}
    }
}

async fn listed(worker: &Worker, shop: &Shop, status: Status) -> Vec<String> {
    let request = ListDeliveriesRequest {
        shop_id: shop.id.clone(),
        status: status.into(),
        page_size: 50,
        page_token: String::new(),
    };
    let answer = tokio::time::timeout(LOOK, worker.edge.grpc().delivery().list_deliveries(request)).await;
    let Ok(Ok(answer)) = answer else { return Vec::new() };
    answer.into_inner().deliveries.into_iter().map(|delivery| delivery.delivery_id).collect()
}

/// Adds units where they are scarce and withdraws one now and then, until it is told to stop.
pub(super) async fn keep_stock(scene: Arc<Scene>, number: usize, end: watch::Receiver<bool>) {
    let shop = scene.shops[number].clone();
    let edge = Edge::new(&scene.world, &shop.manager);
    let mut worker = Worker::new(scene, format!("manager-{number}"), MANAGERS + number, edge);
    while !*end.borrow() {
        let phone_id = shop.phones[worker.random.place(shop.phones.len())].clone();
        let request = GetPhoneRequest { shop_id: shop.id.clone(), phone_id: phone_id.clone() };
        let answer = tokio::time::timeout(LOOK, worker.edge.grpc().shop().get_phone(request)).await;
        if let Ok(Ok(answer)) = answer {
            let stock = answer.into_inner().phone.and_then(|phone| phone.stock).unwrap_or_default();
            if stock.available < SCARCE {
                add(&mut worker, &shop, phone_id).await;
            } else if worker.random.chance(10) {
                withdraw(&mut worker, &shop, phone_id).await;
            }
        }
        worker.rest(300, 1_200).await;
    }
}

async fn add(worker: &mut Worker, shop: &Shop, phone_id: String) {
    let quantity = i32::try_from(worker.random.between(6, 18)).unwrap_or(6);
    let (key, shop_id) = (worker.key(), shop.id.clone());
    let call = Call::Add { shop_id, phone_id: phone_id.clone(), quantity };
    if let Outcome::Done(Reply::Added(serials)) = worker.call(&key, &call, &[]).await {
        let mut book = worker.scene.ledger.book();
        *book.registered.entry(phone_id.clone()).or_default() += serials.len();
        book.added.entry(phone_id).or_default().extend(serials);
    }
}

async fn withdraw(worker: &mut Worker, shop: &Shop, phone_id: String) {
    let request = ListUnitsRequest {
        shop_id: shop.id.clone(),
        phone_id: phone_id.clone(),
        status: unit::Status::Available.into(),
        page_size: 20,
        page_token: String::new(),
    };
    let answer = tokio::time::timeout(LOOK, worker.edge.grpc().shop().list_units(request)).await;
    let Ok(Ok(answer)) = answer else { return };
    let Some(unit) = answer.into_inner().units.pop() else { return };
    let (key, serials) = (worker.key(), vec![unit.serial]);
    let call = Call::Withdraw { shop_id: shop.id.clone(), phone_id: phone_id.clone(), serials: serials.clone() };
    if matches!(worker.call(&key, &call, &["UNITS_NOT_AVAILABLE"]).await, Outcome::Done(_)) {
        worker.scene.ledger.book().withdrawn.entry(phone_id).or_default().extend(serials);
    }
}
