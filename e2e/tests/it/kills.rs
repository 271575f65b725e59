//! `kill -9` of each process in the middle of the flow: every order is finished, once.

use e2e::checker::{self, Placed};
use e2e::flow::{self, cancel, complete, delivery_reaches, never_backward, reaches, ship};
use e2e::world::{Shop, World};
use futures::future::{join, join_all};
use tokio::sync::watch;
use xtask::mesh::Part;

const BUYERS: usize = 8;
/// Steps of all buyers after which the process is killed.
const KILLS: [usize; 3] = [3, 11, 19];

#[tokio::test]
async fn orders_are_finished_once_whatever_is_killed() {
    let world = World::start().await;
    for part in world.mesh().parts() {
        let shop = world.shop(1, 20).await;
        let steps = watch::Sender::new(0);
        let lives = join_all((0..BUYERS).map(|number| life(&world, &shop, number, &steps)));
        let (orders, ()) = join(lives, kill(&world, part, steps.subscribe())).await;
        checker::settled(&world, &shop, &orders).await;
    }
}

async fn kill(world: &World, part: Part, mut steps: watch::Receiver<usize>) {
    for at in KILLS {
        steps.wait_for(|steps| *steps >= at).await.expect("the buyers go on");
        world.kill(part).await;
        world.restart(part).await;
    }
}

/// One order's life: half of them are completed, a quarter is left shipped, a quarter is cancelled.
async fn life(world: &World, shop: &Shop, number: usize, steps: &watch::Sender<usize>) -> Placed {
    let step = || steps.send_modify(|steps| *steps += 1);
    let placed = flow::place(world, shop).await;
    step();
    let (customer, staff) = (world.rest(&placed.customer), world.rest(&shop.staff));
    let finished = async {
        reaches(&customer, &placed.order_id, "CONFIRMED").await;
        step();
        if number.is_multiple_of(4) {
            cancel(&customer, &placed.order_id, "").await.ok();
            return step();
        }
        delivery_reaches(&staff, &placed.order_id, "READY").await;
        ship(&staff, &placed.order_id).await.ok();
        step();
        if number % 4 > 1 {
            complete(&staff, &placed.order_id).await.ok();
            step();
        }
    };
    tokio::select! {
        () = finished => {}
        () = never_backward(&customer, &placed.order_id) => {}
    }
    placed
}
