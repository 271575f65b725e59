//! A power cut drops what was not synced: what was acknowledged is there. On a disk that lies about its syncs it is not,
//! which shows that the cut cuts.

use std::collections::BTreeSet;

use e2e::checker::{self, Placed};
use e2e::db;
use e2e::faults::{Disk, Fault, Quarters};
use e2e::wait;
use e2e::world::World;
use xtask::mesh::Service;

use super::{Load, start, start_again};

/// Power cuts of a run; the variable sets another number, for long ones.
const CUTS: usize = 24;
const VARIABLE: &str = "TWORD_POWER_CUTS";
/// Orders between two cuts.
const ORDERS: usize = 4;

#[tokio::test]
async fn power_cuts_lose_nothing_that_was_acknowledged() {
    let cuts = wanted(CUTS);
    let (world, disks) = start().await;
    let shop = world.shop(1, 2_000).await;
    let load = Load::new(&world, &shop);
    let lost = load.during(cut(&world, &disks, &load, cuts), Vec::is_empty).await;
    assert_eq!(lost, [] as [String; 0], "acknowledged orders that are not there");
    let orders = load.acknowledged();
    eprintln!("{cuts} power cuts, {} orders acknowledged, 0 lost", orders.len());
    checker::settled(&world, &shop, &orders).await;
}

#[tokio::test]
async fn power_cuts_of_a_disk_that_lies_about_its_syncs_lose_acknowledged_orders() {
    let (world, disks) = start().await;
    let shop = world.shop(1, 2_000).await;
    for disk in &disks {
        disk.switch(Fault::FsyncLies, true);
    }
    let load = Load::new(&world, &shop);
    let lost = load.during(cut(&world, &disks, &load, CUTS), Vec::is_empty).await;
    let acknowledged = load.acknowledged().len();
    assert!(!lost.is_empty(), "{acknowledged} orders acknowledged, and none lost: the cuts cut nothing");
    eprintln!("a disk that lies: {} of {acknowledged} acknowledged orders lost", lost.len());
}

/// The cuts that this run is to have.
pub fn wanted(cuts: usize) -> usize {
    std::env::var(VARIABLE).map_or(cuts, |count| count.parse().expect("a number of cuts"))
}

/// Cuts the power of order-svc alone, of those around it and of all the five by turns, while customers order; ends at the
/// first cut that lost something, with the ids of the orders that are not there.
async fn cut(world: &World, disks: &[Disk; 5], load: &Load<'_>, cuts: usize) -> Vec<String> {
    const TURNS: [&[Service]; 3] = [&[Service::Order], &[Service::Shop, Service::Delivery], &Service::ALL];
    for number in 0..cuts {
        load.goes_on(ORDERS).await;
        let services = TURNS[number % TURNS.len()];
        futures::future::join_all(services.iter().map(|service| world.kill(*service))).await;
        for service in services {
            let data = world.mesh().database(*service);
            disks[service.index()].cut(data.parent().expect("its directory"), Quarters(number / TURNS.len() % 4));
        }
        let lost = missing(world, &load.acknowledged()).await;
        if !lost.is_empty() {
            return lost;
        }
        start_again(world, services).await;
    }
    load.goes_on(ORDERS).await;
    Vec::new()
}

/// The ids of those that order-svc's database does not hold.
pub async fn missing(world: &World, orders: &[Placed]) -> Vec<String> {
    let rows = wait::until("order-svc's database", || {
        db::triples(world, Service::Order, "SELECT id, version, version FROM orders".to_owned())
    });
    let found: BTreeSet<String> = rows.await.into_iter().map(|(id, ..)| id.to_string()).collect();
    orders.iter().map(|placed| placed.order_id.clone()).filter(|id| !found.contains(id)).collect()
}
