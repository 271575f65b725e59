//! Sending: once for each message where nothing fails, with the same id where something does.

use std::{
    collections::BTreeSet,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use notify_svc::{
    app::{Channel, Envelope, ports::ChannelError, send::Limits},
    domain::{Message, Recipient, Status},
};
use prost::{Message as _, Name};
use proto::notify::v1::{MessageFailed, MessageSent};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::support::{LIMITS, LIVES, On, Step, World, event, on_both};

const SHOP: Uuid = Uuid::from_u128(7);

/// What a channel does with the messages for some recipients.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Fails,
    Panics,
    Hangs,
}

/// Takes messages, but for those of one kind of recipient it is in a mood.
struct TestChannel {
    bad_for: Option<(&'static str, Mood)>,
    seen: Mutex<Vec<Envelope>>,
    called: Notify,
}

impl TestChannel {
    fn good() -> Arc<Self> {
        Arc::new(Self { bad_for: None, seen: Mutex::default(), called: Notify::new() })
    }

    fn bad_for(kind: &'static str, mood: Mood) -> Arc<Self> {
        Arc::new(Self { bad_for: Some((kind, mood)), seen: Mutex::default(), called: Notify::new() })
    }

    fn seen(&self) -> Vec<Envelope> {
        self.seen.lock().expect("what was seen").clone()
    }
}

#[async_trait::async_trait]
impl Channel for TestChannel {
    async fn send(&self, envelope: &Envelope) -> Result<(), ChannelError> {
        self.seen.lock().expect("what was seen").push(envelope.clone());
        self.called.notify_one();
        match self.bad_for.filter(|(kind, _)| *kind == envelope.recipient.kind()).map(|(_, mood)| mood) {
            None => Ok(()),
            Some(Mood::Fails) => Err(ChannelError::Refused { answer: "no".to_owned(), wait: Duration::ZERO }),
            Some(Mood::Panics) => panic!("on purpose"),
            Some(Mood::Hangs) => pending().await,
        }
    }
}

async fn placed(on: On, orders: u128) -> World {
    let world = World::on(on).await;
    for order in 1..=orders {
        let event = event(Uuid::from_u128(order), &format!("customer-{order}"), SHOP, Step::Placed);
        world.deliver(event).await.expect("handled");
    }
    world
}

fn all(status: Status) -> impl Fn(&[Message]) -> bool {
    move |messages| messages.iter().all(|message| message.status() == status)
}

async fn every_message_is_sent_once_and_forgets_its_text(on: On) {
    let world = World::on(on).await;
    for (index, life) in LIVES.iter().enumerate() {
        for step in *life {
            let event = event(Uuid::from_u128(index as u128 + 1), "mina", SHOP, *step);
            world.deliver(event).await.expect("handled");
        }
    }
    let channel = TestChannel::good();
    let sender = world.sender(channel.clone(), LIMITS);
    let messages = world.run_until(&sender, all(Status::Sent)).await;
    sender.run().await.expect("a run with nothing to do");

    let ids: BTreeSet<Uuid> = messages.iter().map(|message| message.id).collect();
    let seen = channel.seen();
    assert_eq!(seen.len(), messages.len());
    assert_eq!(seen.iter().map(|envelope| envelope.message_id).collect::<BTreeSet<_>>(), ids);
    assert!(seen.iter().all(|envelope| !envelope.words.text.is_empty()));
    assert!(messages.iter().all(|message| message.attempts == 1 && message.version == 1));

    let published = world.published().await;
    assert_eq!(published.len(), messages.len());
    for event in &published {
        assert_eq!(event.kind, MessageSent::full_name());
        let message = MessageSent::decode(event.body.as_slice()).expect("a body").message.expect("a message");
        assert_eq!((message.text.as_str(), message.version), ("", 1));
        assert!(message.sent_time.is_some());
    }
    let of: BTreeSet<Uuid> = published.iter().map(|event| event.aggregate_id).collect();
    assert_eq!(of, ids);
}

async fn a_channel_that_always_fails_is_tried_so_often_and_told_of_once(on: On) {
    for mood in [Mood::Fails, Mood::Panics] {
        let world = placed(on, 1).await;
        let channel = TestChannel::bad_for("CUSTOMER", mood);
        let sender = world.sender(channel.clone(), LIMITS);
        let mut waits = Vec::new();
        for attempt in 1..=LIMITS.retry.max_attempts {
            let tried = |messages: &[Message]| {
                messages.iter().any(|message| message.attempts == attempt && is_customers(message))
            };
            world.run_until(&sender, tried).await;
            let early = channel.seen().len();
            sender.run().await.expect("a run before it is due");
            assert_eq!(channel.seen().len(), early, "tried again before it was due");
            let wait = LIMITS.retry.delay(attempt, 0.5);
            waits.push(wait);
            world.clock.advance(wait);
        }
        assert!(waits.is_sorted() && waits.first() < waits.last());

        world.clock.advance(LIMITS.retry.cap);
        sender.run().await.expect("a run after it was given up");
        let messages = world.messages().await;
        let customers: Vec<&Message> = messages.iter().filter(|message| is_customers(message)).collect();
        assert_eq!(customers.len(), 1);
        assert_eq!((customers[0].status(), customers[0].attempts, customers[0].version), (Status::Failed, 8, 1));

        let seen = channel.seen();
        let attempts: Vec<&Envelope> = seen.iter().filter(|envelope| envelope.message_id == customers[0].id).collect();
        assert_eq!(attempts.len(), 8);
        assert!(attempts.iter().all(|envelope| *envelope == attempts[0]), "each attempt hands over the same");
        let published = world.published().await;
        assert_eq!(published.iter().filter(|event| event.kind == MessageFailed::full_name()).count(), 1);
        assert_eq!(published.iter().filter(|event| event.aggregate_id == customers[0].id).count(), 1);
    }
}

async fn a_crash_between_sending_and_recording_sends_again_with_the_same_id(on: On) {
    let world = World::on(on).await;
    let event = event(Uuid::from_u128(1), "mina", SHOP, Step::Shipped);
    world.deliver(event).await.expect("handled");

    let first = TestChannel::bad_for("CUSTOMER", Mood::Hangs);
    let sender = world.sender(first.clone(), LIMITS);
    tokio::select! {
        () = first.called.notified() => {}
        () = async { loop { sender.run().await.expect("a run"); } } => {}
    }
    // The message has left; nobody hears of it.
    drop(sender);
    assert_eq!(world.messages().await[0].attempts, 0);
    let sender = world.sender(TestChannel::bad_for("CUSTOMER", Mood::Panics), LIMITS);
    sender.run().await.expect("a run that leaves to the dead one what is its own");
    world.clock.advance(LIMITS.hold());

    let second = TestChannel::good();
    let sender = world.sender(second.clone(), LIMITS);
    world.run_until(&sender, all(Status::Sent)).await;
    assert_eq!(second.seen(), first.seen());
    assert_eq!(second.seen().len(), 1);
    assert_eq!(world.published().await.len(), 1);
}

async fn a_slow_recipient_delays_nobody_else(on: On) {
    let world = placed(on, 100).await;
    let channel = TestChannel::bad_for("SHOP", Mood::Hangs);
    let limits = Limits { lanes: 4, attempt_timeout: Duration::from_hours(1), ..LIMITS };
    let sender = world.sender(channel, limits);
    let messages = world
        .run_until(&sender, |messages| {
            messages.iter().filter(|message| is_customers(message)).all(|message| message.status() == Status::Sent)
        })
        .await;
    let shops = messages.iter().filter(|message| !is_customers(message));
    assert!(shops.into_iter().all(|message| message.status() == Status::Pending && message.attempts == 0));
}

async fn a_channel_that_does_not_answer_costs_one_attempt(on: On) {
    let world = placed(on, 1).await;
    let channel = TestChannel::bad_for("SHOP", Mood::Hangs);
    let sender = world.sender(channel, Limits { attempt_timeout: Duration::from_millis(1), ..LIMITS });
    let messages = world.run_until(&sender, |messages| messages.iter().all(|message| message.attempts == 1)).await;
    let shops: Vec<Status> = messages.iter().filter(|m| !is_customers(m)).map(Message::status).collect();
    assert_eq!(shops, [Status::Pending]);
}

async fn one_recipients_many_messages_are_sent_in_order(on: On) {
    let world = placed(on, 300).await;
    let channel = TestChannel::good();
    let sender = world.sender(channel.clone(), Limits { lanes: 2, ..LIMITS });
    let messages = world.run_until(&sender, all(Status::Sent)).await;
    assert_eq!(messages.len(), 600);
    assert_eq!(channel.seen().len(), 600);
    let of_shop = channel.seen().into_iter().filter(|envelope| envelope.recipient == Recipient::Shop(SHOP));
    // All of them are due at the same time; then their ids decide.
    assert!(of_shop.map(|envelope| envelope.message_id).is_sorted());
    assert_eq!(world.published().await.len(), 600);
}

fn is_customers(message: &Message) -> bool {
    matches!(message.recipient, Recipient::Customer(_))
}

on_both! {
    every_message_is_sent_once_and_forgets_its_text,
    a_channel_that_always_fails_is_tried_so_often_and_told_of_once,
    a_crash_between_sending_and_recording_sends_again_with_the_same_id,
    a_slow_recipient_delays_nobody_else,
    a_channel_that_does_not_answer_costs_one_attempt,
    one_recipients_many_messages_are_sent_in_order,
}
