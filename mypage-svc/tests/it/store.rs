//! What every store of copies must do.

use chassis::store::{Error, Store};
use mypage_svc::{
    app::{
        Read, Tx,
        ports::{Kept, Seen},
    },
    domain::{Delivery, Heard, Line, Message, Money, MyOrder, Order, delivery, is_news, message, order},
};
use uuid::Uuid;

use crate::support::{NOW, On, SHOP, World, on_both};

const ID: Uuid = Uuid::from_u128(1);

fn order_at(version: i64, status: order::Status) -> Order {
    let money = |minor_units| Some(Money { minor_units, currency: "KRW".to_owned() });
    let serials = vec!["TW-1".to_owned()];
    Order {
        id: ID,
        customer_id: "mina".to_owned(),
        shop_id: SHOP,
        lines: vec![Line { phone_id: Uuid::from_u128(2), quantity: 1, unit_price: money(5_000), serials }],
        status,
        total: money(5_000),
        reason: String::new(),
        booking_outstanding: false,
        version,
        create_time: NOW,
        update_time: NOW,
    }
}

fn delivery_at(version: i64, status: delivery::Status) -> Delivery {
    let (carrier, tracking_number) = ("CJ".to_owned(), version.to_string());
    Delivery { order_id: ID, status, carrier, tracking_number, version }
}

fn message_at(version: i64, status: message::Status) -> Message {
    let (template, channel) = ("PLACED".to_owned(), "log".to_owned());
    Message { id: Uuid::from_u128(3), order_id: ID, template, channel, status, time: NOW, version }
}

async fn keep(store: &Store<dyn Tx>, heard: Heard) -> Kept {
    let kept = store.run(move |tx| {
        let heard = heard.clone();
        Box::pin(async move {
            let copy = tx.served(heard.order_id()).await?;
            match &heard {
                Heard::Order(order) => tx.keep_order(copy, order).await,
                Heard::Delivery(delivery) => tx.keep_delivery(copy, delivery).await,
                Heard::Message(message) => tx.keep_message(copy, message).await,
            }
        })
    });
    kept.await.map_err(|error: Error| error.to_string()).expect("kept")
}

/// Keeps version 2, then 1, 2 again and 3 of one thing: only the higher ones count.
async fn only_higher_versions_count(store: &Store<dyn Tx>, heard: impl Fn(i64) -> Heard) {
    assert_ne!(keep(store, heard(2)).await, Kept::Older);
    assert_eq!(keep(store, heard(1)).await, Kept::Older);
    assert_eq!(keep(store, heard(2)).await, Kept::Older);
    assert_ne!(keep(store, heard(3)).await, Kept::Older);
}

/// What mina sees as her change of this number.
fn seen(change: i64) -> Kept {
    Kept::Seen(Seen { customer_id: "mina".to_owned(), change })
}

async fn read(reads: &dyn Read, customer: &str) -> Option<MyOrder> {
    reads.order(customer, ID).await.expect("read").value
}

async fn keeps_the_contract(on: On) {
    let world = World::on(on).await;
    let (store, reads) = (&world.store, &*world.reads);
    only_higher_versions_count(store, |version| Heard::Delivery(delivery_at(version, delivery::Status::Shipped))).await;
    only_higher_versions_count(store, |version| Heard::Message(message_at(version, message::Status::Failed))).await;
    assert_eq!(read(reads, "mina").await, None, "there is no order yet");

    only_higher_versions_count(store, |version| Heard::Order(order_at(version, order::Status::Confirmed))).await;
    let expected = MyOrder {
        order: order_at(3, order::Status::Confirmed),
        delivery: Some(delivery_at(3, delivery::Status::Shipped)),
        messages: vec![message_at(3, message::Status::Failed)],
    };
    assert_eq!(read(reads, "mina").await, Some(expected));
    assert_eq!(read(reads, "minsu").await, None);

    // Two of order versions were seen so far; nothing that came before the order was.
    let mut change = 2;
    for (version, status) in (4..).zip(order::Status::ALL) {
        change += 1;
        let order = Order { total: None, lines: Vec::new(), ..order_at(version, status) };
        assert_eq!(keep(store, Heard::Order(order.clone())).await, seen(change));
        assert_eq!(read(reads, "mina").await.expect("an order").order, order);
    }
    for (version, status) in (4..).zip(delivery::Status::ALL) {
        change += 1;
        assert_eq!(keep(store, Heard::Delivery(delivery_at(version, status))).await, seen(change));
        let delivery = read(reads, "mina").await.expect("an order").delivery;
        assert_eq!(delivery, Some(delivery_at(version, status)));
    }
    assert_eq!(keep(store, Heard::Message(message_at(4, message::Status::Sent))).await, seen(change + 1));
    let unknown = Delivery { order_id: Uuid::from_u128(9), ..delivery_at(1, delivery::Status::Booked) };
    assert_eq!(keep(store, Heard::Delivery(unknown)).await, Kept::Unseen);
}

/// What a store keeps is what the domain calls news, whatever was kept before.
async fn what_is_news_to_the_domain_is_kept_and_nothing_else(on: On) {
    let world = World::on(on).await;
    let things: [fn(Uuid, i64) -> Heard; 3] = [
        |id, version| Heard::Order(Order { id, ..order_at(version, order::Status::Placed) }),
        |id, version| Heard::Delivery(Delivery { order_id: id, ..delivery_at(version, delivery::Status::Booked) }),
        |id, version| Heard::Message(Message { id, order_id: id, ..message_at(version, message::Status::Sent) }),
    ];
    for thing in things {
        for kept in [None, Some(1), Some(2), Some(3)] {
            for heard in 1..=3 {
                let id = Uuid::now_v7();
                if let Some(version) = kept {
                    assert_ne!(keep(&world.store, thing(id, version)).await, Kept::Older);
                }
                let keeps = keep(&world.store, thing(id, heard)).await != Kept::Older;
                assert_eq!(keeps, is_news(kept, heard), "{heard} after {kept:?}");
            }
        }
    }
}

on_both! {
    keeps_the_contract,
    what_is_news_to_the_domain_is_kept_and_nothing_else,
}
