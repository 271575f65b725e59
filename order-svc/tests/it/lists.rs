//! Lists: everybody sees what is theirs, page by page, while orders come in.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chassis::{
    consumer::Taken,
    page::{Cursor, Page},
};
use order_svc::{
    app::{
        GetOrder, ListOrderEvents, ListOrders,
        get_order::Error,
        place_order::Command,
        ports::{Filter, Owner},
    },
    domain::{Actor, Caller, NewLine, NewOrder, Order, Status},
};
use time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    database::{On, on_both, on_both_in_parallel},
    events::reserved,
    world::{CUSTOMER, SHOP, World, as_customer, as_staff, customer, new_order},
};

async fn all(world: &World, caller: &Caller, size: i32) -> Vec<Uuid> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = Page::parse(size, &token, "f").expect("a page");
        let mut orders: Vec<Order> =
            ListOrders::new(world.read.clone()).run(caller, None, &page).await.expect("orders");
        token = page.finish(&mut orders, "f", |order| Cursor::new(order.create_time, order.id));
        found.extend(orders.iter().map(|order| order.id));
        if token.is_empty() {
            return found;
        }
        // What comes in meanwhile is newer and appears at the end.
        world.clock.pass(Duration::SECOND);
        if found.len() < 6 {
            world.placed().await;
        }
    }
}

async fn pages_neither_skip_nor_repeat_while_orders_come_in(on: On) {
    let world = World::open(on).await;
    for _ in 0..5 {
        world.placed().await;
    }
    let found = all(&world, &as_customer(CUSTOMER), 2).await;
    let distinct: std::collections::HashSet<_> = found.iter().collect();
    assert_eq!(found.len(), distinct.len());
    assert_eq!(found.len(), 7);
}

async fn everybody_sees_what_is_theirs(on: On) {
    let world = World::open(on).await;
    let order = world.placed().await;
    let operator = Caller { operator: true, customer: false, ..as_customer("op") };
    for (caller, sees) in [
        (as_customer(CUSTOMER), true),
        (as_customer("somebody"), false),
        (as_staff(SHOP), true),
        (as_staff(Uuid::from_u128(0xF)), false),
        (operator, true),
    ] {
        assert_eq!(!all(&world, &caller, 10).await.is_empty(), sees, "{caller:?}");
        match GetOrder::new(world.read.clone()).run(&caller, order.id).await {
            Ok(_) => assert!(sees, "{caller:?}"),
            Err(Error::NotFound) => assert!(!sees, "{caller:?}"),
            Err(Error::Store(error)) => panic!("{error}"),
        }
    }
}

async fn who_is_customer_and_staff_sees_both_each_once(on: On) {
    let world = World::open(on).await;
    let elsewhere = Uuid::from_u128(0xE);
    let place = async |customer_id: &str, shop_id| {
        let customer = Actor { id: customer_id.to_owned(), ..customer() };
        let command = Command::new(customer, NewOrder { shop_id, ..new_order(1) }, None);
        world.clock.pass(Duration::SECOND);
        world.place().run(command).await.expect("placed").id
    };
    let mut seen = Vec::new();
    for (customer_id, shop_id, sees) in [
        (CUSTOMER, elsewhere, true),
        ("somebody", SHOP, true),
        ("somebody", elsewhere, false),
        (CUSTOMER, SHOP, true),
        ("somebody", SHOP, true),
        (CUSTOMER, elsewhere, true),
    ] {
        let id = place(customer_id, shop_id).await;
        seen.extend(sees.then_some(id));
    }
    let both = Caller { works_at: as_staff(SHOP).works_at, ..as_customer(CUSTOMER) };
    for size in [1, 2, 3, 10] {
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let page = Page::parse(size, &token, "f").expect("a page");
            let mut orders = ListOrders::new(world.read.clone()).run(&both, None, &page).await.expect("orders");
            token = page.finish(&mut orders, "f", |order| Cursor::new(order.create_time, order.id));
            for order in &orders {
                GetOrder::new(world.read.clone()).run(&both, order.id).await.expect("what is listed can be read");
            }
            found.extend(orders.iter().map(|order| order.id));
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(found, seen, "{size} a page");
    }
    let page = Page::parse(0, "", "f").expect("a page");
    let nowhere = Caller { customer: false, ..as_customer(CUSTOMER) };
    let none = ListOrders::new(world.read.clone()).run(&nowhere, None, &page).await.expect("orders");
    assert_eq!(none, [], "staff without a shop");
}

async fn the_history_names_who_did_what(on: On) {
    let world = World::open(on).await;
    let order = world.confirmed().await;
    let page = Page::parse(0, "", "f").expect("a page");
    let events = ListOrderEvents::new(world.read.clone());
    let history = events.run(&as_customer(CUSTOMER), order.id, &page).await.expect("history");
    let told: Vec<_> =
        history.iter().map(|entry| (entry.version, entry.status.as_str(), entry.actor.id.as_str())).collect();
    assert_eq!(told, [(1, "PLACED", CUSTOMER), (2, "CONFIRMED", "shop-svc")]);
}

async fn each_order_of_a_page_has_its_own_lines_as_they_were_written(on: On) {
    let world = World::open(on).await;
    let mut placed = Vec::new();
    for phones in [[9, 1], [5, 7], [1, 9]] {
        let line = |phone| NewLine {
            phone_id: Uuid::from_u128(phone),
            quantity: 1,
            expected_unit_price: None,
            serials: Vec::new(),
        };
        let order = NewOrder { lines: phones.map(line).to_vec(), ..new_order(1) };
        placed.push(world.place().run(Command::new(customer(), order, None)).await.expect("placed"));
        world.clock.pass(Duration::SECOND);
    }
    let page = Page::parse(0, "", "f").expect("a page");
    let listed = ListOrders::new(world.read.clone()).run(&as_customer(CUSTOMER), None, &page).await.expect("orders");
    assert_eq!(listed, placed);
}

/// Whether status and lines are of one moment.
fn whole(order: &Order) -> bool {
    let reserved = order.lines.iter().all(|line| line.reserved.is_some());
    reserved == (order.status == Status::Confirmed)
}

async fn an_order_is_read_as_it_was_at_one_moment(on: On) {
    let world = Arc::new(World::open(on).await);
    let done = Arc::new(AtomicBool::new(false));
    let (last, _) = watch::channel(world.placed().await.id);
    let readers: Vec<_> = (0..4)
        .map(|reader| {
            let (world, done, last) = (Arc::clone(&world), Arc::clone(&done), last.subscribe());
            tokio::spawn(async move {
                let page = Page::parse(0, "", "f").expect("a page");
                while !done.load(Ordering::SeqCst) {
                    let id = *last.borrow();
                    let orders = if reader % 2 == 0 {
                        vec![world.order(id).await]
                    } else {
                        world.read.orders(&Filter { owner: Owner::Anyone, status: None }, &page).await.expect("orders")
                    };
                    assert!(orders.iter().all(whole), "{orders:?}");
                }
            })
        })
        .collect();
    for event in 1..=50 {
        let order = world.placed().await;
        last.send_replace(order.id);
        assert_eq!(world.hear_stock(reserved(order.id, event)).await, Taken::Done);
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.expect("only whole orders");
    }
}

on_both! {
    pages_neither_skip_nor_repeat_while_orders_come_in,
    everybody_sees_what_is_theirs,
    who_is_customer_and_staff_sees_both_each_once,
    the_history_names_who_did_what,
    each_order_of_a_page_has_its_own_lines_as_they_were_written,
}

on_both_in_parallel! {
    an_order_is_read_as_it_was_at_one_moment,
}
