//! A service's database restored to an older point, while the others went on: it is found out, and taken back.

use std::path::Path;
use std::process::Output;

use e2e::checker::{self, Placed};
use e2e::flow::{self, cancel, complete, delivery_reaches, reaches, ship};
use e2e::wait::LIMIT;
use e2e::world::{Shop, World};
use futures::future::{join, join_all};
use xtask::mesh::{DatabaseKind, Service, State};

/// Orders placed before the backup, and after it.
const ORDERS: usize = 6;

#[tokio::test]
async fn order_svc_takes_its_orders_back() {
    restored(Service::Order).await;
}

#[tokio::test]
async fn shop_svc_takes_its_units_back() {
    restored(Service::Shop).await;
}

async fn restored(service: Service) {
    let world = World::start_with(|mesh| mesh.database(DatabaseKind::Sqlite)).await;
    let shop = world.shop(2, 40).await;
    let mut orders = lives(&world, &shop).await;
    let copy = world.dir().join("copy");
    // The copy is of a moment in the middle of everything.
    let (more, backup) = join(lives(&world, &shop), run(&world, service, &["backup".as_ref(), copy.as_ref()])).await;
    assert!(backup.status.success(), "{backup:?}");
    orders.extend(more);
    // What is on its way is published, or it would be lost with the database.
    checker::settled(&world, &shop, &orders).await;

    world.stop(service).await;
    put_in_place(&copy, &world.mesh().database(service));
    world.mesh().start(service).expect("started");
    let mut state = world.mesh().watch(service).expect("its state");
    let died = state.wait_for(|state| matches!(state, State::Died(_)));
    tokio::time::timeout(LIMIT, died).await.expect("it ends").expect("watched");
    let command = format!("{} recover", service.name());
    let log = world.mesh().log(service).expect("its log");
    assert!(log.lines().rev().take(3).any(|line| line.contains(&command)), "it says what to do: {log}");
    if service == Service::Shop {
        orders.extend(flow::place_many(&world, &shop, ORDERS).await);
    }

    let recovered = run(&world, service, &["recover".as_ref()]).await;
    let told = String::from_utf8_lossy(&recovered.stdout).into_owned();
    assert!(recovered.status.success() && told.contains("Took back"), "{recovered:?}");
    world.restart(service).await;
    checker::settled(&world, &shop, &orders).await;
    orders.extend(lives(&world, &shop).await);
    checker::settled(&world, &shop, &orders).await;
}

/// Runs one of a service's subcommands with its settings.
async fn run(world: &World, service: Service, arguments: &[&Path]) -> Output {
    let mut command = tokio::process::Command::from(world.mesh().command(service).expect("a part"));
    command.args(arguments).output().await.expect("it runs")
}

fn put_in_place(copy: &Path, database: &Path) {
    for suffix in ["-wal", "-shm"] {
        let beside = format!("{}{suffix}", database.display());
        if Path::new(&beside).exists() {
            std::fs::remove_file(&beside).expect("moved away");
        }
    }
    std::fs::copy(copy, database).expect("in place");
}

/// Orders that end in different ways, or have not ended.
async fn lives(world: &World, shop: &Shop) -> Vec<Placed> {
    join_all((0..ORDERS).map(|number| life(world, shop, number))).await
}

async fn life(world: &World, shop: &Shop, number: usize) -> Placed {
    let placed = flow::place(world, shop).await;
    let (customer, staff) = (world.rest(&placed.customer), world.rest(&shop.staff));
    reaches(&customer, &placed.order_id, "CONFIRMED").await;
    match number % 3 {
        0 => {
            cancel(&customer, &placed.order_id, "").await.ok();
        }
        1 => {
            delivery_reaches(&staff, &placed.order_id, "READY").await;
            ship(&staff, &placed.order_id).await.ok();
            complete(&staff, &placed.order_id).await.ok();
        }
        _ => {}
    }
    placed
}
