//! A disk without room: nothing that was to be written is acknowledged, reads are answered, and the process goes on by
//! itself when there is room again.

use e2e::checker;
use e2e::faults::Fault;
use e2e::rest::Answer;
use e2e::wait::{self, holds};
use e2e::world::{Shop, World};
use xtask::mesh::Service;

use super::{Load, Refused, registered, start, start_again};

const UNITS: i32 = 2_000;
/// Writes that are tried while there is no room.
const TRIES: usize = 5;

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room_again() {
    let (world, disks) = start().await;
    let shop = world.shop(1, UNITS).await;
    let load = Load::new(&world, &shop);
    let filling = async {
        let mut orders = Vec::new();
        for (service, is_killed) in [(Service::Order, false), (Service::Order, true), (Service::Shop, false)] {
            let disk = &disks[service.index()];
            load.goes_on(8).await;
            disk.switch(Fault::Full, true);
            let running = world.mesh().state(service);
            let refused = no_room(&world, &shop, service, || disk.struck(Fault::Full)).await;
            reads_are_answered(&world, &shop, service, &load).await;
            assert_eq!(world.mesh().state(service), running, "a full disk ends no process");
            if is_killed {
                world.kill(service).await;
            }
            disk.switch(Fault::Full, false);
            start_again(&world, &[service]).await;
            orders.extend(refused.succeed().await);
        }
        load.goes_on(8).await;
        orders
    };
    let retried = load.during(filling, |_| true).await;
    registered(&world, &shop, i64::from(UNITS) + i64::try_from(TRIES).expect("few")).await;
    checker::settled(&world, &shop, &[load.acknowledged(), retried].concat()).await;
}

async fn no_room(world: &World, shop: &Shop, service: Service, has_struck: impl Fn() -> bool) -> Refused {
    let before = world.mesh().log(service).expect("its log").len();
    let mut refused = Refused::default();
    wait::until("a write without room", || async { holds(has_struck(), "none") }).await;
    for _ in 0..TRIES {
        let answer = refused.expect(world, shop, service).await.expect("the process goes on");
        answer.refused(503, "STORE_UNAVAILABLE");
        assert!(!answer.header("retry-after").is_empty(), "{answer}");
        tells_nothing_internal(&answer);
    }
    wait::until("the log to say so", || async {
        let log = world.mesh().log(service).expect("its log");
        let database = world.mesh().database(service).display().to_string();
        let told = log[before..].lines().find(|line| line.contains("the disk is full")).unwrap_or_default();
        holds(told.contains(&database) && told.contains("make room"), log[before..].to_owned())
    })
    .await;
    refused
}

async fn reads_are_answered(world: &World, shop: &Shop, service: Service, load: &Load<'_>) {
    if service == Service::Shop {
        world.rest(&shop.staff).get(&format!("/v1/shops/{}", shop.id)).await.ok();
        return;
    }
    let orders = load.acknowledged();
    let placed = orders.last().expect("an order");
    world.rest(&placed.customer).get(&format!("/v1/orders/{}", placed.order_id)).await.ok();
}

fn tells_nothing_internal(answer: &Answer) {
    let told = answer.body.to_string().to_lowercase();
    for internal in ["sqlite", "disk", "full", "wal", "commit", ".db", "(code"] {
        assert!(!told.contains(internal), "{internal} in {answer}");
    }
}
