//! `twordctl erase`: one customer's personal data goes from every service, orders stay and add up.

use e2e::checker::{self, Placed};
use e2e::db;
use e2e::flow::{self, cancel, complete, deliver, delivery_reaches, key, reaches, ship};
use e2e::rest::Rest;
use e2e::twordctl::{Ran, Twordctl};
use e2e::wait::{self, holds};
use e2e::world::{Person, Shop, World};
use reqwest::Method;
use serde_json::{Value, json};
use xtask::mesh::Service;

/// What must be nowhere in the end.
const PERSONAL: [&str; 4] = ["Erasmus Gildong", "010-7777-8888", "77 Vanishing-ro", "erasmus@example.org"];

fn body(shop: &Shop) -> Value {
    let [name, phone_number, address, _] = PERSONAL;
    json!({
        "shopId": shop.id,
        "lines": [{ "phoneId": shop.phones[0], "quantity": 1 }],
        "recipient": { "name": name, "phoneNumber": phone_number, "address": address },
    })
}

async fn place(rest: &Rest, customer: &Person, shop: &Shop) -> Placed {
    let body = body(shop);
    let placed = rest.persist("/v1/orders", &key(), &body).await.ok();
    let order_id = flow::order_id(&placed);
    reaches(rest, &order_id, "CONFIRMED").await;
    Placed { customer: customer.clone(), order_id, recipient: flow::recipient(&body) }
}

/// Every place of every table of every service that holds one of these texts: `service table.column`.
async fn places(world: &World, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for service in Service::ALL {
        let held = db::places(world, service, texts).await;
        found.extend(held.into_iter().map(|place| format!("{} {place}", service.name())));
    }
    found.sort();
    found
}

/// Waits until nothing personal is anywhere.
async fn nothing_left(world: &World) {
    wait::until("nothing personal to be left", || async {
        let left = places(world, &PERSONAL).await;
        holds(left.is_empty(), format!("{left:?}"))
    })
    .await;
}

/// Erases by all services, once the one that was away can be reached again.
async fn erased_by_all(operator: &Twordctl, customer: &Person) -> Ran {
    wait::until("every service to be reachable again", || async {
        let ran = operator.run(&["erase", &customer.id, "--yes"]).await;
        holds(ran.code == 0, format!("{ran:?}")).map(|()| ran)
    })
    .await
}

/// Waits until so many messages are sent and none waits: a text that waits would be erased as well.
async fn told(world: &World, least: i64) {
    wait::until("every message to be sent", || async {
        let waiting =
            db::count(world, Service::Notify, "SELECT count(*) FROM message WHERE status = 'PENDING'").await?;
        let sent = db::count(world, Service::Notify, "SELECT count(*) FROM message WHERE status = 'SENT'").await?;
        holds(waiting == 0 && sent >= least, format!("{sent} sent, {waiting} wait"))
    })
    .await;
}

#[tokio::test]
async fn one_customer_s_personal_data_goes_from_every_database_and_orders_stay() {
    // Nothing listens there: a letter stays unsent.
    let mail = [("TWORD_SMTP_URL", "smtps://127.0.0.1:1"), ("TWORD_SMTP_FROM", "Tword <no-reply@tword.example>")];
    let world =
        World::start_with(|mesh| mail.iter().fold(mesh, |mesh, (name, value)| mesh.env(Service::Notify, name, value)))
            .await;
    let shop = world.shop(1, 10).await;
    let (customer, staff) = (world.customer(), world.rest(&shop.staff));
    let rest = world.rest(&customer);
    let key = key();
    let replayed = rest.persist("/v1/orders", &key, &body(&shop)).await.ok();
    let delivered = Placed {
        customer: customer.clone(),
        order_id: flow::order_id(&replayed),
        recipient: flow::recipient(&body(&shop)),
    };
    reaches(&rest, &delivered.order_id, "CONFIRMED").await;
    let (cancelled, open) = (place(&rest, &customer, &shop).await, place(&rest, &customer, &shop).await);
    deliver(&staff, &delivered.order_id).await;
    cancel(&rest, &cancelled.order_id, "changed my mind").await.ok();
    delivery_reaches(&staff, &open.order_id, "READY").await;
    db::drained(&world).await;
    told(&world, 13).await;
    let contact = json!({ "language": "en", "smtp": { "address": PERSONAL[3] } });
    rest.call(Method::PATCH, "/v1/contact", None, Some(&contact)).await.expect("an answer").ok();
    let held = places(&world, &PERSONAL).await;
    for place in ["delivery-svc delivery.recipient_name", "notify-svc contact.address"] {
        assert!(held.iter().any(|held| held == place), "{place} is not in {held:?}");
    }

    let bystander = flow::place(&world, &shop).await;
    reaches(&world.rest(&bystander.customer), &bystander.order_id, "CONFIRMED").await;
    let operator = Twordctl::new(&world, &world.operator());
    let refused = operator.run(&["erase", &customer.id]).await;
    assert_eq!(refused.code, 64, "nobody confirmed it: {refused:?}");
    let (code, told) = operator.json(&["erase", &customer.id, "--yes"]).await;
    assert_eq!((code, &told["done"]), (0, &json!(true)), "{told}");
    let of = |told: &Value, name: &str| {
        told["services"].as_array().and_then(|all| all.iter().find(|one| one["service"] == name).cloned())
    };
    assert_eq!(of(&told, "delivery"), Some(json!({ "service": "delivery", "cleared": 2, "outstanding": 1 })));

    // What is under way is delivered to somebody still, and cleared then.
    let shipped = ship(&staff, &open.order_id).await.ok();
    assert_eq!(shipped["delivery"]["recipient"]["name"], PERSONAL[0], "{shipped}");
    let completed = complete(&staff, &open.order_id).await.ok();
    assert_eq!(completed["delivery"]["recipient"], Value::Null, "{completed}");
    reaches(&rest, &open.order_id, "DELIVERED").await;
    db::drained(&world).await;
    nothing_left(&world).await;

    assert_eq!(rest.persist("/v1/orders", &key, &body(&shop)).await.ok(), replayed, "a key answers for ever");
    let (code, again) = operator.json(&["erase", &customer.id, "--yes"]).await;
    assert_eq!(
        (code, of(&again, "delivery")),
        (0, Some(json!({ "service": "delivery", "cleared": 0, "outstanding": 0 })))
    );
    let kept = world.rest(&shop.staff).get(&format!("/v1/deliveries/{}", bystander.order_id)).await.ok();
    assert_eq!(flow::recipient(&kept["delivery"]), bystander.recipient, "{kept}");
    checker::settled(&world, &shop, &[delivered, cancelled, open, bystander]).await;
}

#[tokio::test]
async fn what_one_service_could_not_do_is_named_and_done_by_the_next_run() {
    let world = World::start().await;
    let shop = world.shop(1, 2).await;
    let customer = world.customer();
    let placed = place(&world.rest(&customer), &customer, &shop).await;
    cancel(&world.rest(&customer), &placed.order_id, "changed my mind").await.ok();
    let operator = Twordctl::new(&world, &world.operator());
    told(&world, 5).await;
    world.stop(Service::Notify).await;
    let partly = operator.run(&["--timeout", "5s", "erase", &customer.id, "--yes"]).await;
    assert_eq!(partly.code, 1, "{partly:?}");
    assert!(partly.err.contains("Left: notify"), "{partly:?}");
    assert!(partly.out.contains("delivery") && partly.out.contains("not done"), "{partly:?}");
    world.restart(Service::Notify).await;
    let whole = erased_by_all(&operator, &customer).await;
    assert!(whole.err.is_empty(), "{whole:?}");
    assert_eq!(places(&world, &PERSONAL[..3]).await, Vec::<String>::new());
    checker::settled(&world, &shop, &[placed]).await;
}

/// The recipient of an order whose booking is outstanding is order-svc's, and then delivery's.
#[tokio::test]
async fn what_is_booked_after_the_erasure_is_cleared_when_it_is_final() {
    let world = World::start_with(|mesh| mesh.env(Service::Order, "TWORD_DELIVERY_FALLBACK", "accept")).await;
    let shop = world.shop(1, 2).await;
    let customer = world.customer();
    let (rest, staff) = (world.rest(&customer), world.rest(&shop.staff));
    world.stop(Service::Delivery).await;
    // It is not confirmed before the erasure is over: no message waits meanwhile.
    world.stop(Service::Shop).await;
    let body = body(&shop);
    let taken = rest.persist("/v1/orders", &key(), &body).await.ok();
    let order_id = flow::order_id(&taken);
    assert_eq!(taken["order"]["bookingOutstanding"], true, "{taken}");
    let operator = Twordctl::new(&world, &world.operator());
    told(&world, 2).await;
    let partly = operator.run(&["--timeout", "5s", "erase", &customer.id, "--yes"]).await;
    assert!(partly.code == 1 && partly.err.contains("Left: delivery"), "{partly:?}");
    world.restart(Service::Delivery).await;
    erased_by_all(&operator, &customer).await;
    world.restart(Service::Shop).await;
    reaches(&rest, &order_id, "CONFIRMED").await;
    deliver(&staff, &order_id).await;
    reaches(&rest, &order_id, "DELIVERED").await;
    nothing_left(&world).await;
    let recipient = flow::recipient(&body);
    checker::settled(&world, &shop, &[Placed { customer, order_id, recipient }]).await;
}
