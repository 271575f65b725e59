//! `twordctl` against a running mesh: what operators read, and how it ends.

use e2e::db;
use e2e::flow::{self, deliver, reaches};
use e2e::twordctl::Twordctl;
use e2e::wait::{self, holds};
use e2e::world::World;
use serde_json::{Value, json};
use xtask::mesh::Service;
use xtask::token::Role;

use crate::poison::publish;

const ALL: [&str; 5] = ["order", "shop", "delivery", "notify", "mypage"];

fn column<'a>(rows: &'a Value, name: &str) -> Vec<&'a str> {
    rows.as_array().expect("rows").iter().filter_map(|row| row[name].as_str()).collect()
}

#[tokio::test]
async fn an_order_s_story_is_told_across_the_services_in_time_order() {
    let world = World::shared().await;
    let shop = world.shop(1, 2).await;
    let placed = flow::place(&world, &shop).await;
    let (id, staff) = (placed.order_id.as_str(), world.rest(&shop.staff));
    reaches(&world.rest(&placed.customer), id, "CONFIRMED").await;
    deliver(&staff, id).await;
    reaches(&world.rest(&placed.customer), id, "DELIVERED").await;
    db::drained(&world).await;

    let operator = Twordctl::new(&world, &world.operator());
    let (code, told) = operator.json(&["order", "show", id]).await;
    assert_eq!((code, &told["away"], &told["more"]), (0, &json!([]), &json!(false)), "{told}");
    assert_eq!((&told["order"]["orderId"], &told["order"]["status"]), (&json!(id), &json!("STATUS_DELIVERED")));
    let story = &told["story"];
    let times = column(story, "time");
    let mut sorted = times.clone();
    sorted.sort_by_key(|time| instant(time));
    assert_eq!(times, sorted, "in time order");
    let of = |kind: &str| -> Vec<&str> {
        let lines = story.as_array().expect("lines").iter().filter(|line| line["kind"] == kind);
        lines.filter_map(|line| line["what"].as_str()).collect()
    };
    let events = of("event");
    let expected = [
        "OrderPlaced",
        "OrderConfirmed",
        "OrderShipped",
        "OrderDelivered",
        "StockReserved",
        "UnitsSold",
        "DeliveryBooked",
        "DeliveryReady",
        "DeliveryStarted",
        "DeliveryCompleted",
    ];
    for event in expected {
        assert_eq!(events.iter().filter(|one| **one == event).count(), 1, "{event} in {events:?}");
    }
    let before = |first: &str, then: &str| {
        let at = |name: &str| events.iter().position(|one| *one == name).expect("there");
        assert!(at(first) < at(then), "{first} before {then}: {events:?}");
    };
    before("OrderPlaced", "StockReserved");
    before("StockReserved", "OrderConfirmed");
    before("OrderConfirmed", "DeliveryReady");
    before("DeliveryStarted", "OrderShipped");
    // Placed: customer and shop; confirmed, shipped, delivered: the customer.
    assert_eq!((of("message").len(), events.iter().filter(|one| **one == "MessageSent").count()), (5, 5), "{told}");
    let audited = of("audit");
    assert!(["PlaceOrder", "ShipDelivery", "CompleteDelivery"].iter().all(|did| audited.contains(did)), "{audited:?}");
    let text = told.to_string();
    for personal in [&placed.recipient.name, &placed.recipient.phone_number, &placed.recipient.address] {
        assert!(!text.contains(personal.as_str()), "{personal} in {text}");
    }

    let table = operator.run(&["order", "show", id]).await;
    assert!(table.code == 0 && table.err.is_empty(), "{table:?}");
    for part in ["is DELIVERED", "StockReserved", "CJ대한통운 1234567890", "TIME", "SERVICE"] {
        assert!(table.out.contains(part), "{part} in {}", table.out);
    }
    let nobody = operator.run(&["order", "show", "0190b2a0-0000-7000-8000-000000000000"]).await;
    assert!(nobody.code == 1 && nobody.err.contains("NOT_FOUND"), "{nobody:?}");
    let wrong = operator.run(&["order", "show", "x"]).await;
    assert!(wrong.code == 64 && wrong.err.contains("ORDER"), "{wrong:?}");
}

/// A time that can be compared: parts of a second have 3, 6 or 9 digits.
fn instant(time: &str) -> (String, String) {
    let (whole, part) = time.trim_end_matches('Z').split_once('.').unwrap_or((time.trim_end_matches('Z'), ""));
    (whole.to_owned(), format!("{part:0<9}"))
}

#[tokio::test]
async fn dead_letters_are_listed_shown_redriven_and_dropped() {
    let world = World::start().await;
    let operator = Twordctl::new(&world, &world.operator());
    let (code, none) = operator.json(&["dead-letters", "list"]).await;
    assert_eq!((code, &none["deadLetters"], &none["away"]), (0, &json!([]), &json!([])));
    let id = publish(&world, b"").await.to_string();
    let listed = wait::until("every consumer to put it aside", || async {
        let (_, told) = operator.json(&["dead-letters", "list", "--producer", "order"]).await;
        holds(column(&told["deadLetters"], "eventId").len() == 4, told.to_string()).map(|()| told)
    })
    .await;
    assert_eq!(column(&listed["deadLetters"], "service"), ["shop", "delivery", "notify", "mypage"]);

    let (code, shown) = operator.json(&["dead-letters", "show", &id, "--service", "shop"]).await;
    assert_eq!((code, &shown["deadLetters"][0]["eventId"]), (0, &json!(id)), "{shown}");
    assert!(shown["deadLetters"][0]["payload"].is_object(), "{shown}");
    let (code, again) = operator.json(&["dead-letters", "redrive", &id, "--service", "shop,notify"]).await;
    assert_eq!((code, column(&again["outcomes"], "result")), (1, vec!["RESULT_FAILED"; 2]), "{again}");
    let (code, all) = operator.json(&["dead-letters", "redrive", "--all"]).await;
    assert_eq!((code, column(&all["outcomes"], "result").len(), &all["waiting"]), (1, 4, &json!(4)), "{all}");

    let which = operator.run(&["dead-letters", "drop", &id, "--reason", "poison"]).await;
    assert!(which.code == 64 && which.err.contains("--service"), "{which:?}");
    for service in ["shop", "delivery", "notify", "mypage"] {
        let dropped = operator.run(&["dead-letters", "drop", &id, "--reason", "poison", "--service", service]).await;
        assert_eq!(dropped.code, 0, "{dropped:?}");
    }
    let (_, waiting) = operator.json(&["dead-letters", "list"]).await;
    assert_eq!(waiting["deadLetters"], json!([]));
    let (_, dropped) = operator.json(&["dead-letters", "list", "--status", "dropped"]).await;
    assert_eq!(column(&dropped["deadLetters"], "dropReason"), ["poison"; 4]);
    let gone = operator.run(&["dead-letters", "show", "0190b2a0-0000-7000-8000-000000000000"]).await;
    assert!(gone.code == 1 && gone.err.contains("NOT_FOUND"), "{gone:?}");
}

#[tokio::test]
async fn what_is_unpublished_consumed_audited_and_stuck_is_listed() {
    let world = World::shared().await;
    let shop = world.shop(1, 2).await;
    let placed = flow::place(&world, &shop).await;
    reaches(&world.rest(&placed.customer), &placed.order_id, "CONFIRMED").await;
    db::drained(&world).await;
    let operator = Twordctl::new(&world, &world.operator());

    let (code, unpublished) = operator.json(&["unpublished"]).await;
    let connected = unpublished["brokerConnected"].as_object().expect("an object");
    assert_eq!((code, connected.len()), (0, 5), "{unpublished}");
    let (code, consumers) = operator.json(&["consumers"]).await;
    let pairs: Vec<_> = consumers["consumers"]
        .as_array()
        .expect("consumers")
        .iter()
        .map(|one| (one["service"].as_str().expect("a service"), one["producer"].as_str().expect("a producer")))
        .collect();
    for pair in [
        ("shop", "order"),
        ("order", "delivery"),
        ("order", "shop"),
        ("delivery", "order"),
        ("notify", "order"),
        ("mypage", "notify"),
    ] {
        assert!(pairs.contains(&pair), "{pair:?} in {pairs:?}");
    }
    assert_eq!(code, 0);
    let (code, audit) = operator.json(&["audit", "--subject", &placed.order_id]).await;
    assert_eq!((code, column(&audit["records"], "action")), (0, vec!["PlaceOrder"]), "{audit}");
    let (_, by) = operator.json(&["audit", "--actor", &placed.customer.id, "--service", "order"]).await;
    assert_eq!(column(&by["records"], "actorId"), [placed.customer.id.as_str()], "{by}");
    let (code, stuck) = operator.json(&["order", "stuck"]).await;
    assert!(code == 0 && stuck["orders"].is_array(), "{stuck}");
    let resumed = operator.run(&["order", "resume", &placed.order_id]).await;
    assert!(resumed.code == 0 && resumed.out.contains("CONFIRMED"), "{resumed:?}");
    for table in [&["unpublished"][..], &["consumers"], &["audit"], &["order", "stuck"], &["my-page", "progress"]] {
        let ran = operator.run(table).await;
        assert!(ran.code == 0 && !ran.out.trim().is_empty(), "{table:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_service_that_is_away_is_named_and_hides_nobody() {
    let world = World::start().await;
    let shop = world.shop(1, 2).await;
    let placed = flow::place(&world, &shop).await;
    reaches(&world.rest(&placed.customer), &placed.order_id, "CONFIRMED").await;
    db::drained(&world).await;
    let operator = Twordctl::new(&world, &world.operator());
    world.stop(Service::Shop).await;
    let (code, letters) = operator.json(&["dead-letters", "list"]).await;
    assert_eq!((code, column(&letters["away"], "service")), (69, vec!["shop"]), "{letters}");
    let (code, told) = operator.json(&["order", "show", &placed.order_id]).await;
    assert_eq!((code, column(&told["away"], "service")), (69, vec!["shop"]), "{told}");
    let seen: Vec<_> = ALL.into_iter().filter(|name| column(&told["story"], "service").contains(name)).collect();
    assert_eq!(seen, ["order", "delivery", "notify"], "{told}");
    let table = operator.run(&["order", "show", &placed.order_id]).await;
    assert!(table.code == 69 && table.err.contains("missing: shop"), "{table:?}");
    assert!(table.out.contains("OrderPlaced"), "{table:?}");
    let (code, rest) = operator.json(&["dead-letters", "list", "--service", "order,delivery"]).await;
    assert_eq!((code, &rest["away"]), (0, &json!([])), "{rest}");

    world.stop(Service::Order).await;
    let (code, told) = operator.json(&["order", "show", &placed.order_id]).await;
    assert_eq!((code, &told["order"]), (69, &Value::Null), "{told}");
    assert!(column(&told["story"], "what").contains(&"DeliveryBooked"), "{told}");
}

#[tokio::test]
async fn who_may_not_and_who_is_not_there_are_told_apart() {
    let world = World::shared().await;
    let customer = Twordctl::new(&world, &world.person(Role::Customer, None));
    let denied = customer.run(&["consumers"]).await;
    assert!(
        denied.code == 1 && denied.err.contains("PERMISSION_DENIED") && denied.err.contains("operator"),
        "{denied:?}"
    );
    let stranger = Twordctl::at(&world, &world.mesh().edge(), "not.a.token");
    let unknown = stranger.run(&["dead-letters", "list"]).await;
    assert!(unknown.code == 1 && unknown.err.contains("UNAUTHENTICATED"), "{unknown:?}");
    let nowhere = Twordctl::at(&world, "http://127.0.0.1:1", &world.operator().token);
    let away = nowhere.run(&["order", "stuck"]).await;
    assert!(away.code == 69 && away.err.contains("--url"), "{away:?}");
    let nothing = stranger.run(&["frobnicate"]).await;
    assert_eq!(nothing.code, 64, "{nothing:?}");
    let help = stranger.run(&["order", "--help"]).await;
    assert!(help.code == 0 && help.out.contains("show") && help.out.contains("stuck"), "{help:?}");
}
