//! Who is told why an order was cancelled: a customer's own words do not come back to it.

use notify_svc::domain::{Change, Message, Recipient, message::State};
use prost::Message as _;
use proto::{
    actor::v1::{Actor, actor::Kind},
    order::v1::OrderCancelled,
};
use uuid::Uuid;

use crate::support::{On, Step, World, event};

const SHOP: Uuid = Uuid::from_u128(7);

/// The reasons that mina and the shop are told where `actor` cancelled.
async fn told(actor: Option<Actor>) -> (String, String) {
    let world = World::on(On::Sqlite).await;
    let mut event = event(Uuid::from_u128(1), "mina", SHOP, Step::Cancelled);
    let cancelled = OrderCancelled::decode(event.body.clone()).expect("a body");
    event.body = OrderCancelled { actor, ..cancelled }.encode_to_vec().into();
    world.deliver(event).await.expect("handled");
    let messages = world.messages().await;
    let reason = |recipient: Recipient| {
        let message: &Message = messages.iter().find(|message| message.recipient == recipient).expect("a message");
        let State::Pending { change: Change::Cancelled { reason }, .. } = &message.state else { panic!("cancelled") };
        reason.clone()
    };
    (reason(Recipient::Customer("mina".to_owned())), reason(Recipient::Shop(SHOP)))
}

#[tokio::test]
async fn a_customer_is_told_the_words_of_others_alone_and_the_shop_everyones() {
    let actor = |kind: Kind, id: &str| Some(Actor { kind: kind.into(), id: id.to_owned() });
    let (words, none) = ("changed my mind".to_owned(), String::new());
    for own in [None, actor(Kind::Customer, "mina"), actor(Kind::Unspecified, ""), actor(Kind::Manager, "mina")] {
        assert_eq!(told(own.clone()).await, (none.clone(), words.clone()), "{own:?}");
    }
    for other in [
        actor(Kind::Staff, "jun"),
        actor(Kind::Manager, "sora"),
        actor(Kind::Operator, "operator-1"),
        actor(Kind::Service, "order-svc"),
    ] {
        assert_eq!(told(other.clone()).await, (words.clone(), words.clone()), "{other:?}");
    }
}
