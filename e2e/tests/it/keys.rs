//! One key, one order; and so for every other change.

mod changes;

use std::collections::BTreeSet;

use e2e::checker::{self, Placed};
use e2e::db::Lock;
use e2e::flow::{self, key, order_id, order_of, orders_of, recipient, stock};
use e2e::grpc::keyed_by;
use e2e::rest::Rest;
use e2e::wait::{self, holds};
use e2e::world::{Person, Shop, World};
use proto::delivery::v1::delivery::Status;
use proto::order::v1::{NewOrderLine, PlaceOrderRequest, Recipient};
use xtask::mesh::Service;

const REUSED: &str = "IDEMPOTENCY_KEY_REUSED";

#[tokio::test]
async fn a_hundred_uses_at_once_make_one_order() {
    let world = World::shared().await;
    let shop = world.shop(1, 10).await;
    let (customer, key, body) = (world.customer(), key(), order_of(&shop, &shop.phones[0], 1));
    let uses = (0..100).map(|_| {
        let (rest, key, body) = (Rest::new(&world.mesh().edge()).by(&customer), &key, &body);
        async move { order_id(&rest.persist("/v1/orders", key, body).await.ok()) }
    });
    let ids: BTreeSet<_> = futures::future::join_all(uses).await.into_iter().collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let placed = Placed { order_id: ids.into_iter().next().expect("one"), customer, recipient: recipient(&body) };
    assert_eq!(orders_of(&world, &placed.customer).await, 1);
    checker::settled(&world, &shop, std::slice::from_ref(&placed)).await;
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [10, 9, 1, 0]);

    let again = world.grpc(&placed.customer).order().place_order(keyed_by(&key, same_by_grpc(&shop))).await;
    let again = again.expect("the same answer").into_inner().order.expect("the order");
    assert_eq!(again.order_id, placed.order_id, "REST and gRPC agree on what is the same request");
    assert_eq!((again.version, again.total), (1, None), "it is answered as it was placed");
    let other = order_of(&shop, &shop.phones[0], 2);
    world.rest(&placed.customer).post_keyed("/v1/orders", &key, &other).await.refused(400, REUSED);
    let stranger = world.customer();
    let theirs = order_id(&world.rest(&stranger).post_keyed("/v1/orders", &key, &other).await.ok());
    assert_ne!(theirs, placed.order_id, "a key is its caller's own");
}

fn same_by_grpc(shop: &Shop) -> PlaceOrderRequest {
    PlaceOrderRequest {
        shop_id: shop.id.clone(),
        lines: vec![NewOrderLine { phone_id: shop.phones[0].clone(), quantity: 1, ..Default::default() }],
        recipient: Some(Recipient {
            name: "김하나".to_owned(),
            phone_number: "010-1234-5678".to_owned(),
            address: "서울특별시 강남구 테헤란로 1".to_owned(),
        }),
    }
}

/// The first try died between booking and commit: the key stays bound to its body until the booking is voided.
#[tokio::test]
async fn a_key_whose_first_try_died_is_bound_until_its_booking_is_voided() {
    let world = World::start_with(|mesh| mesh.env(Service::Delivery, "TWORD_VOID_AFTER", "10s")).await;
    let shop = world.shop(1, 10).await;
    let (body, other) = (order_of(&shop, &shop.phones[0], 1), order_of(&shop, &shop.phones[0], 2));

    let (customer, key) = (world.customer(), key());
    dies_after_booking(&world, &shop, &customer, &key).await;
    let rest = world.rest(&customer);
    rest.persist("/v1/orders", &key, &other).await.refused(400, REUSED);
    let kept = order_id(&rest.persist("/v1/orders", &key, &body).await.ok());
    assert_eq!(bookings(&world, &shop, &customer).await.expect("bookings"), [(kept.clone(), true)]);
    let kept = Placed { order_id: kept, customer, recipient: recipient(&body) };

    let (customer, key) = (world.customer(), flow::key());
    dies_after_booking(&world, &shop, &customer, &key).await;
    wait::until("the orphaned booking to be voided", || async {
        let bookings = bookings(&world, &shop, &customer).await?;
        holds(bookings.iter().all(|(_, live)| !live), format!("{bookings:?}"))
    })
    .await;
    let rest = world.rest(&customer);
    let placed = rest.persist("/v1/orders", &key, &other).await.ok();
    let freed = Placed { order_id: order_id(&placed), customer, recipient: recipient(&other) };
    rest.post_keyed("/v1/orders", &key, &body).await.refused(400, REUSED);
    checker::settled(&world, &shop, &[kept, freed]).await;
}

/// Holds order-svc between booking and commit, and kills it there.
async fn dies_after_booking(world: &World, shop: &Shop, customer: &Person, key: &str) {
    let (rest, body) = (world.rest(customer), order_of(shop, &shop.phones[0], 1));
    let lock = Lock::take(world, Service::Order).await;
    let attempt = rest.call(reqwest::Method::POST, "/v1/orders", Some(key), Some(&body));
    let killed = async {
        wait::until("the booking", || async {
            let bookings = bookings(world, shop, customer).await?;
            holds(bookings.len() == 1, "none")
        })
        .await;
        world.kill(Service::Order).await;
    };
    let (answer, ()) = futures::future::join(attempt, killed).await;
    assert!(answer.as_ref().is_ok_and(|answer| answer.status.is_server_error()), "no success: {answer:?}");
    lock.release().await;
    world.restart(Service::Order).await;
    assert_eq!(orders_of(world, customer).await, 0, "it died before the commit");
}

/// The customer's bookings, each with whether it lives.
async fn bookings(world: &World, shop: &Shop, customer: &Person) -> Result<Vec<(String, bool)>, String> {
    let all = checker::deliveries(&world.grpc(&shop.staff), &shop.id).await?;
    let own = all.into_iter().filter(|delivery| delivery.customer_id == customer.id);
    Ok(own.map(|delivery| (delivery.order_id.clone(), delivery.status() != Status::Cancelled)).collect())
}
