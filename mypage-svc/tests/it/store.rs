//! What every store of copies must do.

use chassis::store::{Error, Store};
use mypage_svc::{
    app::{Read, Tx},
    domain::{Delivery, Heard, Line, Message, Money, MyOrder, Order, delivery, message, order},
};
use uuid::Uuid;

use crate::support::{NOW, SHOP, World};

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

async fn keep(store: &Store<dyn Tx>, heard: Heard) -> bool {
    let kept = store.run(move |tx| {
        let heard = heard.clone();
        Box::pin(async move {
            match &heard {
                Heard::Order(order) => tx.keep_order(order).await,
                Heard::Delivery(delivery) => tx.keep_delivery(delivery).await,
                Heard::Message(message) => tx.keep_message(message).await,
            }
        })
    });
    kept.await.map_err(|error: Error| error.to_string()).expect("kept")
}

/// Keeps version 2, then 1, 2 again and 3 of one thing: only the higher ones count.
async fn only_higher_versions_count(store: &Store<dyn Tx>, heard: impl Fn(i64) -> Heard) {
    assert!(keep(store, heard(2)).await);
    assert!(!keep(store, heard(1)).await);
    assert!(!keep(store, heard(2)).await);
    assert!(keep(store, heard(3)).await);
}

async fn keeps_the_contract(store: &Store<dyn Tx>, reads: &dyn Read) {
    only_higher_versions_count(store, |version| Heard::Delivery(delivery_at(version, delivery::Status::Shipped))).await;
    only_higher_versions_count(store, |version| Heard::Message(message_at(version, message::Status::Failed))).await;
    assert_eq!(reads.order("mina", ID).await.expect("read"), None, "there is no order yet");

    only_higher_versions_count(store, |version| Heard::Order(order_at(version, order::Status::Confirmed))).await;
    let expected = MyOrder {
        order: order_at(3, order::Status::Confirmed),
        delivery: Some(delivery_at(3, delivery::Status::Shipped)),
        messages: vec![message_at(3, message::Status::Failed)],
    };
    assert_eq!(reads.order("mina", ID).await.expect("read"), Some(expected));
    assert_eq!(reads.order("minsu", ID).await.expect("read"), None);

    for (version, status) in (4..).zip(order::Status::ALL) {
        let order = Order { total: None, lines: Vec::new(), ..order_at(version, status) };
        assert!(keep(store, Heard::Order(order.clone())).await);
        let read = reads.order("mina", ID).await.expect("read").expect("an order");
        assert_eq!(read.order, order);
    }
    for (version, status) in (4..).zip(delivery::Status::ALL) {
        assert!(keep(store, Heard::Delivery(delivery_at(version, status))).await);
        let read = reads.order("mina", ID).await.expect("read").expect("an order");
        assert_eq!(read.delivery, Some(delivery_at(version, status)));
    }
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let world = World::new().await;
    keeps_the_contract(&world.store, &*world.reads).await;
}
