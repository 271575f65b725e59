//! Who sees which messages, and that nobody learns of others'.

use notify_svc::domain::Recipient;
use proto::notify::v1::{
    GetMessageRequest, ListMessagesRequest, Message, message, notify_service_server::NotifyService,
};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::support::{On, Step, World, call, event, on_both};

const SHOP: Uuid = Uuid::from_u128(7);
const OTHER_SHOP: Uuid = Uuid::from_u128(8);

/// Someone who calls: subject, roles, shop.
type Someone = (&'static str, &'static [&'static str], Option<Uuid>);

const MINA: Someone = ("mina", &["customer"], None);
const MINSU: Someone = ("minsu", &["customer"], None);
const STAFF: Someone = ("staff-1", &["staff"], Some(SHOP));
const MANAGER: Someone = ("manager-1", &["manager"], Some(SHOP));
const OTHER_STAFF: Someone = ("staff-2", &["staff"], Some(OTHER_SHOP));
const SHOPLESS: Someone = ("staff-3", &["staff"], None);
const OPERATOR: Someone = ("operator-1", &["operator"], None);

async fn world(on: On) -> World {
    let world = World::on(on).await;
    for (order, customer) in [(1, "mina"), (2, "minsu")] {
        for step in [Step::Placed, Step::Shipped] {
            world.deliver(event(Uuid::from_u128(order), customer, SHOP, step)).await.expect("handled");
        }
    }
    world
}

async fn list(world: &World, who: Someone, order_id: &str) -> Vec<Message> {
    let request = ListMessagesRequest { order_id: order_id.to_owned(), ..Default::default() };
    let answer = world.service().list_messages(call(request, who.0, who.1, who.2)).await;
    answer.expect("a list").into_inner().messages
}

async fn get(world: &World, who: Someone, id: Uuid) -> Result<Message, Status> {
    let request = GetMessageRequest { message_id: id.to_string() };
    let answer = world.service().get_message(call(request, who.0, who.1, who.2)).await?;
    Ok(answer.into_inner().message.expect("a message"))
}

async fn people_list_what_is_for_them(on: On) {
    let world = world(on).await;
    let expected = [(MINA, 2), (MINSU, 2), (STAFF, 2), (MANAGER, 2), (OTHER_STAFF, 0), (SHOPLESS, 0), (OPERATOR, 6)];
    for (who, count) in expected {
        assert_eq!(list(&world, who, "").await.len(), count, "{who:?}");
    }
    assert!(list(&world, MINA, "").await.iter().all(|message| message.recipient_id == "mina"));
    let shop = message::RecipientKind::Shop;
    assert!(list(&world, STAFF, "").await.iter().all(|message| message.recipient_kind() == shop));
}

async fn an_order_that_is_not_ones_own_looks_like_none(on: On) {
    let world = world(on).await;
    let (order, nothing) = (Uuid::from_u128(2).to_string(), Uuid::from_u128(3).to_string());
    assert_eq!(list(&world, MINA, &order).await, list(&world, MINA, &nothing).await);
    assert_eq!(list(&world, MINSU, &order).await.len(), 2);
    assert_eq!(list(&world, STAFF, &order).await.len(), 1);
    assert_eq!(list(&world, OPERATOR, &order).await.len(), 3);
}

async fn a_message_that_is_not_ones_own_looks_like_none(on: On) {
    let world = world(on).await;
    for message in world.messages().await {
        let none = get(&world, MINA, Uuid::from_u128(4)).await.expect_err("no such message");
        assert_eq!(none.code(), Code::NotFound);
        let own = |who: Someone| match &message.recipient {
            Recipient::Customer(subject) => who.0 == subject,
            Recipient::Shop(shop) => who.2 == Some(*shop),
        };
        for who in [MINA, MINSU, STAFF, MANAGER, OTHER_STAFF, SHOPLESS, OPERATOR] {
            match get(&world, who, message.id).await {
                Ok(shown) => {
                    assert!(own(who) || who == OPERATOR, "{who:?}");
                    assert_eq!(shown.message_id, message.id.to_string());
                }
                Err(refused) => {
                    assert!(!own(who) && who != OPERATOR, "{who:?}");
                    let looks_like =
                        |status: &Status| (status.code(), status.message().to_owned(), status.details().to_vec());
                    assert_eq!(looks_like(&refused), looks_like(&none));
                }
            }
        }
    }
}

async fn a_text_is_shown_until_it_is_sent(on: On) {
    let world = world(on).await;
    let before = list(&world, MINA, "").await;
    assert!(before.iter().all(|message| !message.text.is_empty() && message.status() == message::Status::Pending));
    let channel = std::sync::Arc::new(notify_svc::adapters::log_channel::LogChannel);
    let sender = world.sender(channel, crate::support::LIMITS);
    let id: Uuid = before[0].message_id.parse().expect("a UUID");
    let sent = async {
        loop {
            sender.run().await.expect("a run");
            let shown = get(&world, MINA, id).await.expect("shown");
            if shown.status() == message::Status::Sent {
                return shown;
            }
        }
    };
    let sent = tokio::time::timeout(std::time::Duration::from_secs(30), sent).await.expect("sent in time");
    assert_eq!(sent.text, "");
    assert!(sent.sent_time.is_some());
}

on_both! {
    people_list_what_is_for_them,
    an_order_that_is_not_ones_own_looks_like_none,
    a_message_that_is_not_ones_own_looks_like_none,
    a_text_is_shown_until_it_is_sent,
}
