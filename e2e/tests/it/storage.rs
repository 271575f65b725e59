//! What a disk does wrong under a service: syncs that fail, no room, a power cut. What was acknowledged is on the disk.

mod fsync;
mod full;
mod layer;
mod postgres;
mod power;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::checker::Placed;
use e2e::faults::Disk;
use e2e::flow;
use e2e::rest::{Answer, Rest};
use e2e::wait::{self, holds};
use e2e::world::{Shop, World};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use xtask::mesh::Service;

/// Customers who order at once.
const BUYERS: usize = 4;

/// A mesh whose services each have a disk of their own, in the order of [`Service::ALL`].
async fn start() -> (World, [Disk; 5]) {
    let disks = Service::ALL.map(|_| Disk::with_power_cuts());
    let under = |mesh, (service, disk): (Service, &Disk)| disk.under(mesh, service);
    let world = World::start_with(|mesh| Service::ALL.into_iter().zip(&disks).fold(mesh, under)).await;
    (world, disks)
}

/// Customers who order one after another, each until the order is acknowledged.
struct Load<'a> {
    world: &'a World,
    shop: &'a Shop,
    orders: Mutex<Vec<Placed>>,
    count: watch::Sender<usize>,
    is_over: AtomicBool,
}

impl<'a> Load<'a> {
    fn new(world: &'a World, shop: &'a Shop) -> Self {
        let (orders, is_over) = (Mutex::default(), AtomicBool::new(false));
        Self { world, shop, orders, count: watch::Sender::new(0), is_over }
    }

    /// Goes on while `script` does its worst, and until every order that was begun is acknowledged, where it says so.
    async fn during<T>(&self, script: impl Future<Output = T>, is_finished: impl Fn(&T) -> bool) -> T {
        let mut buyers = Box::pin(join_all((0..BUYERS).map(|_| self.buy())));
        let outcome = tokio::select! {
            outcome = script => outcome,
            _ = &mut buyers => panic!("customers go on until the script is over"),
        };
        if is_finished(&outcome) {
            self.is_over.store(true, Ordering::Relaxed);
            buyers.await;
        }
        outcome
    }

    async fn buy(&self) {
        while !self.is_over.load(Ordering::Relaxed) {
            let placed = flow::place(self.world, self.shop).await;
            self.orders.lock().expect("nobody panics while it is held").push(placed);
            self.count.send_modify(|count| *count += 1);
        }
    }

    /// Waits until so many more orders are acknowledged.
    async fn goes_on(&self, more: usize) {
        let mut count = self.count.subscribe();
        let wanted = *count.borrow() + more;
        let reached = async { count.wait_for(|count| *count >= wanted).await.map(|_| ()) };
        tokio::time::timeout(wait::LIMIT, reached).await.expect("orders are taken").expect("the customers are there");
    }

    fn acknowledged(&self) -> Vec<Placed> {
        self.orders.lock().expect("nobody panics while it is held").clone()
    }
}

/// A write that can be tried again with its key.
struct Attempt {
    rest: Rest,
    path: String,
    key: String,
    body: Value,
}

impl Attempt {
    /// One that this service has to commit: of order-svc an order, of shop-svc one more unit.
    fn new(world: &World, shop: &Shop, service: Service) -> (Self, Option<Placed>) {
        let key = flow::key();
        if service == Service::Shop {
            let path = format!("/v1/shops/{}/phones/{}/units", shop.id, shop.phones[0]);
            let body = json!({ "units": { "quantity": 1 } });
            return (Self { rest: world.rest(&shop.manager), path, key, body }, None);
        }
        let customer = world.customer();
        let body = flow::order_by(shop, &customer);
        let placed = Placed { order_id: String::new(), recipient: flow::recipient(&body), customer };
        (Self { rest: world.rest(&placed.customer), path: "/v1/orders".to_owned(), key, body }, Some(placed))
    }

    /// One try. The connection may end with the service.
    async fn once(&self) -> Result<Answer, String> {
        self.rest.call(Method::POST, &self.path, Some(&self.key), Some(&self.body)).await
    }

    async fn persist(&self) -> Value {
        self.rest.persist(&self.path, &self.key, &self.body).await.ok()
    }
}

/// Writes that a service refused, to be tried again when it can.
#[derive(Default)]
struct Refused(Vec<(Attempt, Option<Placed>)>);

impl Refused {
    /// Tries a new write, which has to fail, and keeps it; answers what was said, if anything.
    async fn expect(&mut self, world: &World, shop: &Shop, service: Service) -> Option<Answer> {
        let (attempt, placed) = Attempt::new(world, shop, service);
        let answer = attempt.once().await;
        assert!(!answer.as_ref().is_ok_and(|answer| answer.status.is_success()), "acknowledged: {answer:?}");
        self.0.push((attempt, placed));
        answer.ok()
    }

    /// Tries all again until they are acknowledged; answers the orders among them.
    async fn succeed(self) -> Vec<Placed> {
        let retried = self.0.into_iter().map(|(attempt, placed)| async move {
            let body = attempt.persist().await;
            placed.map(|placed| Placed { order_id: flow::order_id(&body), ..placed })
        });
        join_all(retried).await.into_iter().flatten().collect()
    }
}

/// Starts services again and waits until each has opened its database and listens; customers come back by themselves.
async fn start_again(world: &World, services: &[Service]) {
    for service in services {
        world.mesh().start(*service).unwrap_or_else(|error| panic!("{error}"));
    }
    for service in services {
        let address = world.mesh().grpc(*service).replace("http://", "");
        wait::until(&format!("{} to listen", service.name()), || async {
            TcpStream::connect(&address).await.map(drop).map_err(|error| error.to_string())
        })
        .await;
    }
}

/// Waits until the shop has so many units of its first phone.
async fn registered(world: &World, shop: &Shop, units: i64) {
    wait::until("the units that were acknowledged", || async {
        let [registered, ..] = flow::stock(world, shop, &shop.phones[0]).await;
        holds(registered == units, format!("{registered} and not {units}"))
    })
    .await;
}
