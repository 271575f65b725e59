//! A slow or dead receiver delays nobody else's messages.

use e2e::checker::Placed;
use e2e::flow;
use e2e::receiver::{Answer, Receiver};
use e2e::wait::{self, holds};
use e2e::world::World;
use serde_json::json;
use xtask::mesh::Service;

use super::{Town, all_sent, hook, listed, posts, set};

/// More than there are lanes.
const MANY: usize = 12;

async fn waits(world: &World, placed: &[Placed]) {
    for order in placed {
        let own = listed(&world.rest(&order.customer), &order.order_id).await;
        assert!(own.iter().all(|message| message["status"] == "STATUS_PENDING"), "{own:?}");
    }
}

#[tokio::test]
async fn those_who_can_be_reached_are_told_while_mail_and_another_endpoint_hang() {
    let town = Town::new(false).await;
    // Whatever hangs hangs for the whole test.
    let world = town
        .world(|mesh| {
            mesh.env(Service::Notify, "TWORD_ATTEMPT_TIMEOUT", "10m").env(Service::Notify, "TWORD_SEND_LANES", "4")
        })
        .await;
    let (shop, dead) = (world.shop(1, 100).await, Receiver::start(&town.authority).await);
    dead.answer([Answer::Never; 100]);

    // STARTTLS works.
    let mailed = world.customer();
    set(&world.rest(&mailed), &json!({ "language": "ko", "smtp": { "address": "first@example.com" } })).await.ok();
    let placed = flow::place_as(&world, &shop, mailed).await;
    wait::until("a first mail", || async { holds(!town.mail.taken().is_empty(), "none") }).await;
    assert!(town.mail.taken().iter().all(|mail| mail.to == "first@example.com"));
    all_sent(&world.rest(&placed.customer), &placed.order_id, 2).await;
    town.mail.fall_silent();

    let mut hanging = Vec::new();
    for number in 0..MANY {
        let customer = world.customer();
        let rest = world.rest(&customer);
        if number % 2 == 0 {
            hook(&rest, &dead.url, "en").await;
        } else {
            set(&rest, &json!({ "smtp": { "address": format!("c{number}@example.com") } })).await.ok();
        }
        hanging.push(flow::place_as(&world, &shop, customer).await);
    }
    posts(&dead, 1).await;
    let (reached, logged) = (world.customer(), world.customer());
    hook(&world.rest(&reached), &town.receiver.url, "en").await;
    for customer in [reached, logged] {
        let placed = flow::place_as(&world, &shop, customer).await;
        all_sent(&world.rest(&placed.customer), &placed.order_id, 2).await;
    }
    assert_eq!(town.receiver.posts().len(), 2);
    waits(&world, &hanging).await;
    assert!(dead.posts().len() < 4, "one machine has no more than its share of the lanes");
}
