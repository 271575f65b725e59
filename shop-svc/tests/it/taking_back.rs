//! A restored database takes this service's own later events back.

mod conflicts;
mod older;
mod rows;

use std::sync::Arc;

use chassis::{
    clock::Clock,
    consumer::Failure,
    inbox::Event,
    recovery::{Known, Loss, TakeBack},
};
use proto::{
    order::v1 as order_v1,
    shop::v1::{self, shop_service_server::ShopService},
};
use shop_svc::adapters::events::own::OwnEvents;
use time::Duration;
use uuid::Uuid;

use rows::rows_of;

use crate::{
    orders::{Step, asking, event, order},
    world::{START, World, by, id, manager, new_phone, on_both, operator, quantity, rows, serials, won},
};

on_both! {
    an_empty_database_becomes_what_was_lost,
    what_orders_tell_again_finds_nothing_to_do,
    an_event_that_is_none_is_refused,
}

/// A world's own events, as a copy of it reads them out of the stream: numbered in the copy's epoch.
async fn own_events(world: &World, copy: &World) -> Vec<Event> {
    let [(epoch,)] = rows!(copy, "SELECT epoch FROM relay")[..] else { panic!("one epoch") };
    let written: Vec<(Uuid, String, Uuid, Vec<u8>)> =
        rows!(world, "SELECT event_id, kind, aggregate_id, body FROM outbox ORDER BY position");
    let own = |(sequence, (id, kind, aggregate_id, body)): (i64, (Uuid, String, Uuid, Vec<u8>))| Event {
        id,
        producer: "shop".to_owned(),
        epoch,
        sequence,
        kind,
        aggregate_id,
        time: START,
        traceparent: None,
        body: body.into(),
    };
    (1..).zip(written).map(own).collect()
}

fn taking_back(world: &World) -> Arc<OwnEvents> {
    Arc::new(OwnEvents::new(Arc::clone(&world.clock) as Arc<dyn Clock>))
}

/// Takes an event back as `recover` does; answers what is lost.
async fn take_back(world: &World, event: &Event) -> Result<Vec<Loss>, Failure> {
    let (event, own) = (Arc::new(event.clone()), taking_back(world));
    let unit = world.store.run(move |tx| {
        let (event, own) = (Arc::clone(&event), Arc::clone(&own));
        Box::pin(async move {
            if tx.recognise(&event).await? == Known::Yes {
                return Ok(Vec::new());
            }
            let taken = own.take_back(tx, &event).await?;
            tx.put_back(&event, taken.version).await?;
            Ok::<_, Failure>(taken.losses)
        })
    });
    unit.await
}

async fn take_all_back(world: &World, events: &[Event]) -> Vec<Loss> {
    let mut losses = Vec::new();
    for event in events {
        losses.extend(take_back(world, event).await.expect("taken back"));
    }
    losses
}

/// Ends taking back; answers what no event tells.
async fn finish(world: &World) -> Vec<Loss> {
    let own = taking_back(world);
    let unit = world.store.run(move |tx| {
        let own = Arc::clone(&own);
        Box::pin(async move { own.finish(tx).await })
    });
    unit.await.expect("finished")
}

async fn told(world: &World, order: &order_v1::Order, version: i64, step: Step, all: &mut Vec<Event>) {
    world.clock.advance(Duration::milliseconds(1_501));
    let event = event(order, version, step);
    world.take_in(&event).await.expect("taken in");
    all.push(event);
}

/// Two shops in which everything happens that can; answers what orders told.
async fn busy(world: &World) -> Vec<Event> {
    let (shop_id, other_id) = (world.shop().await, world.shop().await);
    let boss = manager(shop_id);
    let (first, second) = (world.phone(shop_id, 100, 4).await, world.phone(shop_id, 7, 3).await);
    let elsewhere = world.phone(other_id, 100, 2).await;
    let mut all = Vec::new();

    let shipped = order(shop_id, &[(second, 2, Some(7)), (first, 1, None)]);
    told(world, &shipped, 1, Step::Placed, &mut all).await;
    manage(world, shop_id, first, second).await;
    let cancelled = asking(order(shop_id, &[(first, 2, None)]), first, &["TW-00000004".to_owned(), "SN-1".to_owned()]);
    told(world, &cancelled, 1, Step::Placed, &mut all).await;
    told(world, &shipped, 2, Step::Confirmed, &mut all).await;
    told(world, &order(shop_id, &[(Uuid::nil(), 1, None)]), 1, Step::Placed, &mut all).await;
    told(world, &order(Uuid::max(), &[(first, 1, None)]), 1, Step::Placed, &mut all).await;
    let early = order(shop_id, &[(first, 1, None)]);
    told(world, &early, 2, Step::Cancelled, &mut all).await;
    told(world, &early, 1, Step::Placed, &mut all).await;
    told(world, &shipped, 3, Step::Shipped, &mut all).await;
    told(world, &cancelled, 2, Step::Cancelled, &mut all).await;
    // Takes what was freed.
    told(world, &order(shop_id, &[(first, 3, None)]), 1, Step::Placed, &mut all).await;

    let close = v1::CloseShopRequest { shop_id: other_id.to_string() };
    world.api.close_shop(by(&operator(), close)).await.expect("closed");
    told(world, &order(other_id, &[(elsewhere, 1, None)]), 1, Step::Placed, &mut all).await;
    let open = v1::OpenShopRequest { shop_id: other_id.to_string() };
    world.api.open_shop(by(&operator(), open)).await.expect("opened");
    told(world, &order(other_id, &[(elsewhere, 1, None)]), 1, Step::Placed, &mut all).await;
    told(world, &shipped, 4, Step::Delivered, &mut all).await;
    let none = vec![new_phone("없음", 5, None)];
    let request = v1::RegisterPhonesRequest { shop_id: shop_id.to_string(), phones: none };
    world.api.register_phones(by(&boss, request)).await.expect("registered");
    world.check_invariants().await;
    all
}

/// A manager adds, withdraws and corrects.
async fn manage(world: &World, shop_id: Uuid, first: Uuid, second: Uuid) {
    let boss = manager(shop_id);
    for (phone_id, units) in [(first, serials(["SN-2", "SN-1"])), (second, quantity(2))] {
        world.clock.advance(Duration::SECOND);
        add(world, shop_id, phone_id, units).await;
    }
    withdraw(world, shop_id, first, &["TW-00000003", "SN-2"]).await;
    let (shop, phone) = (shop_id.to_string(), second.to_string());
    let (display_name, unit_price) = (Some("S31".to_owned()), Some(won(9)));
    let update = v1::UpdatePhoneRequest { shop_id: shop, phone_id: phone, display_name, unit_price };
    world.api.update_phone(by(&boss, update)).await.expect("corrected");
}

async fn add(world: &World, shop_id: Uuid, phone_id: Uuid, units: v1::NewUnits) {
    let (shop, phone_id) = (shop_id.to_string(), phone_id.to_string());
    let request = v1::AddUnitsRequest { shop_id: shop, phone_id, units: Some(units) };
    world.api.add_units(by(&manager(shop_id), request)).await.expect("added");
}

async fn withdraw(world: &World, shop_id: Uuid, phone_id: Uuid, serials: &[&str]) {
    let (shop, phone_id) = (shop_id.to_string(), phone_id.to_string());
    let serials = serials.iter().map(|serial| (*serial).to_owned()).collect();
    let request = v1::WithdrawUnitsRequest { shop_id: shop, phone_id, serials };
    world.api.withdraw_units(by(&manager(shop_id), request)).await.expect("withdrawn");
}

async fn an_empty_database_becomes_what_was_lost(copy: World) {
    let lost = copy.another().await;
    busy(&lost).await;
    let events = own_events(&lost, &copy).await;
    // A recovery that is interrupted begins again from the first event.
    let (half, _rest) = events.split_at(events.len() / 2);
    assert_eq!(take_all_back(&copy, half).await, []);
    copy.check_invariants().await;
    assert_eq!(take_all_back(&copy, &events).await, []);
    assert_eq!(rows_of(&copy).await, rows_of(&lost).await);
    assert_eq!(take_all_back(&copy, &events).await, []);
    let losses = finish(&copy).await;
    assert!(losses.len() == 1 && losses[0].what.contains("idempotency key"), "{losses:?}");
    assert_eq!(rows_of(&copy).await, rows_of(&lost).await);
    copy.check_invariants().await;
    // Numbers are assigned from where they stood.
    for world in [&lost, &copy] {
        let (shop_id, phone_id) = a_phone(world).await;
        add(world, shop_id, phone_id, quantity(1)).await;
        let added: v1::UnitsAdded = world.last().await.message();
        assert_eq!(added.serials, ["TW-00000010"]);
    }
}

/// A phone of the shop that assigned the most serials.
async fn a_phone(world: &World) -> (Uuid, Uuid) {
    let found: Vec<(Uuid, Uuid)> = rows!(
        world,
        "SELECT shop_id, phone_id FROM assigned_serial JOIN phone USING (shop_id) ORDER BY last_number DESC, phone_id"
    );
    found[0]
}

async fn what_orders_tell_again_finds_nothing_to_do(copy: World) {
    let lost = copy.another().await;
    let orders = busy(&lost).await;
    take_all_back(&copy, &own_events(&lost, &copy).await).await;
    finish(&copy).await;
    // Long after: whatever were decided anew would be decided otherwise.
    copy.clock.advance(Duration::days(2));
    for event in &orders {
        copy.take_in(event).await.expect("taken in");
    }
    assert_eq!(rows_of(&copy).await, rows_of(&lost).await);
    for world in [&lost, &copy] {
        let sold: v1::UnitsSold = world.written_of(orders[0].aggregate_id).await.pop().expect("an event").message();
        assert_eq!(id(&sold.reservation.expect("a reservation").order_id), orders[0].aggregate_id);
    }
}

async fn an_event_that_is_none_is_refused(copy: World) {
    let lost = copy.another().await;
    lost.shop().await;
    let events = own_events(&lost, &copy).await;
    for wrong in [
        Event { kind: "tword.shop.v9.ShopMoved".to_owned(), ..events[0].clone() },
        Event { aggregate_id: Uuid::nil(), ..events[0].clone() },
        Event { body: Vec::new().into(), ..events[0].clone() },
    ] {
        let refused = take_back(&copy, &wrong).await;
        assert!(matches!(refused, Err(Failure::Fault(_))), "{refused:?}");
    }
    assert_eq!(rows_of(&copy).await, Vec::<String>::new());
}
