//! Several processes on one database share what is to be sent: nothing leaves twice, and what one that has died was about to
//! send another sends.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use notify_svc::{
    app::{Channel, Envelope, Sender, ports::ChannelError, send::Limits},
    domain::{ChannelName, Message, Recipient, Retry, Status},
};
use proto::notify::v1::{
    EraseCustomerRequest, RedriveMessageRequest, SmtpTarget, UpdateContactRequest,
    notify_operations_service_server::NotifyOperationsService, notify_service_server::NotifyService,
    update_contact_request::Target,
};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::support::{LIMITS, On, PATIENCE, Step, World, call, event};

const SHOP: Uuid = Uuid::from_u128(7);

/// What one receiver is handed by all processes; it takes a message only while it has permits, and fails where one recipient
/// is sent to by two at once.
struct Receiver {
    permits: Semaphore,
    state: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    messages: BTreeMap<Uuid, u32>,
    now: BTreeSet<Recipient>,
    by_two: u32,
}

impl Receiver {
    fn with(permits: usize) -> Arc<Self> {
        Arc::new(Self { permits: Semaphore::new(permits), state: Mutex::default() })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.state.lock().expect("unpoisoned")
    }

    fn sends(&self) -> usize {
        self.state().messages.values().map(|times| *times as usize).sum()
    }

    async fn is_called(&self, times: usize) {
        let called = async {
            while self.sends() < times {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, called).await.expect("it is called");
    }
}

#[async_trait::async_trait]
impl Channel for Receiver {
    async fn send(&self, envelope: &Envelope) -> Result<(), ChannelError> {
        {
            let mut seen = self.state();
            *seen.messages.entry(envelope.message_id).or_default() += 1;
            seen.by_two += u32::from(!seen.now.insert(envelope.recipient.clone()));
        }
        tokio::task::yield_now().await;
        let permit = self.permits.acquire().await.expect("open");
        permit.forget();
        self.permits.add_permits(1);
        self.state().now.remove(&envelope.recipient);
        Ok(())
    }
}

async fn two() -> (World, World) {
    let one = World::on(On::Postgres).await;
    let other = one.beside().await;
    (one, other)
}

async fn place(world: &World, orders: std::ops::RangeInclusive<u128>) {
    for order in orders {
        let event = event(Uuid::from_u128(order), &format!("customer-{}", order % 50), SHOP, Step::Placed);
        world.deliver(event).await.expect("handled");
    }
}

fn all_sent(messages: &[Message]) -> bool {
    messages.iter().all(|message| message.status() == Status::Sent)
}

/// Runs a sender for ever.
async fn keep_running(sender: &Sender) {
    loop {
        sender.sweep().await.expect("a sweep");
        tokio::task::yield_now().await;
    }
}

async fn sent(world: &World) -> Vec<Message> {
    let sent = async {
        loop {
            let messages = world.messages().await;
            if all_sent(&messages) {
                return messages;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, sent).await.expect("all are sent")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_senders_share_what_is_due_and_send_each_message_once() {
    let (one, other) = two().await;
    place(&one, 1..=150).await;
    let receiver = Receiver::with(1_000);
    let senders = [&one, &other].map(|world| Arc::new(world.sender(receiver.clone(), Limits { lanes: 8, ..LIMITS })));
    let running = senders.clone().map(|sender| tokio::spawn(async move { keep_running(&sender).await }));
    place(&other, 151..=300).await;
    let messages = sent(&one).await;
    for running in running {
        running.abort();
    }
    assert_eq!(messages.len(), 600);
    {
        let seen = receiver.state();
        assert_eq!((seen.messages.len(), seen.messages.values().max(), seen.by_two), (600, Some(&1), 0));
    }
    assert!(messages.iter().all(|message| (message.attempts, message.version) == (1, 1)));
    assert_eq!(one.published().await.len(), 600, "each is told of once");
}

#[tokio::test]
async fn what_a_process_that_has_died_was_sending_another_sends_once_its_hold_has_ended() {
    let (one, other) = two().await;
    place(&one, 1..=1).await;
    let (stuck, receiver) = (Receiver::with(0), Receiver::with(10));
    let dying = one.sender(stuck.clone(), LIMITS);
    dying.run().await.expect("a run");
    stuck.is_called(2).await;
    drop(dying);
    let sender = other.sender(receiver.clone(), LIMITS);
    sender.run().await.expect("a run");
    assert_eq!((receiver.sends(), other.messages().await[0].status()), (0, Status::Pending));
    other.clock.advance(LIMITS.hold());
    let messages = other.run_until(&sender, all_sent).await;
    let ids = |receiver: &Receiver| receiver.state().messages.keys().copied().collect::<Vec<_>>();
    assert_eq!((ids(&receiver), messages.len()), (ids(&stuck), 2), "with the same ids");
}

#[tokio::test]
async fn who_finishes_gives_back_what_it_has_not_tried() {
    let (one, other) = two().await;
    for step in [Step::Confirmed, Step::Shipped, Step::Delivered] {
        one.deliver(event(Uuid::from_u128(1), "mina", SHOP, step)).await.expect("handled");
    }
    let (slow, receiver) = (Receiver::with(0), Receiver::with(10));
    let finishing = Arc::new(one.sender(slow.clone(), LIMITS));
    finishing.run().await.expect("a run");
    slow.is_called(1).await;
    let finish = tokio::spawn({
        let finishing = Arc::clone(&finishing);
        async move { finishing.finish().await }
    });
    let sender = other.sender(receiver.clone(), LIMITS);
    // It still sends to mina.
    sender.run().await.expect("a run");
    assert_eq!(receiver.sends(), 0);
    tokio::task::yield_now().await;
    slow.permits.add_permits(1);
    finish.await.expect("finished");
    assert_eq!(slow.sends(), 1);
    other.run_until(&sender, all_sent).await;
    assert_eq!(receiver.sends(), 2);
    finishing.sweep().await.expect("a sweep that does nothing");
}

#[tokio::test]
async fn what_one_process_makes_due_rings_in_every_other() {
    let (one, other) = two().await;
    place(&one, 1..=1).await;
    one.has_rung(0).await;
    other.has_rung(0).await;
}

#[tokio::test]
async fn what_is_erased_or_moved_elsewhere_while_it_waits_its_turn_does_not_leave() {
    let (one, other) = two().await;
    for customer in ["mina", "minsu"] {
        for (order, step) in [(1_u128, Step::Confirmed), (2, Step::Shipped)] {
            let order = Uuid::from_u128(order + if customer == "mina" { 0 } else { 10 });
            one.deliver(event(order, customer, SHOP, step)).await.expect("handled");
        }
    }
    let receiver = Receiver::with(0);
    let sender = one.sender(receiver.clone(), LIMITS);
    sender.run().await.expect("a run");
    receiver.is_called(2).await;
    let request = EraseCustomerRequest { customer_id: "mina".to_owned() };
    other.operations().erase_customer(call(request, "operator-1", &["operator"], None)).await.expect("erased");
    let target = Some(Target::Smtp(SmtpTarget { address: "minsu@example.com".to_owned() }));
    let request = UpdateContactRequest { target, ..Default::default() };
    other.service().update_contact(call(request, "minsu", &["customer"], None)).await.expect("set");
    receiver.permits.add_permits(10);
    let moved = |messages: &[Message]| messages.iter().any(|message| message.channel == ChannelName::Smtp);
    let messages = one.run_until(&sender, moved).await;
    assert_eq!(receiver.sends(), 2, "the first of each had left before");
    let statuses: Vec<_> = messages.iter().filter(|m| m.channel == ChannelName::Log).map(Message::status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == Status::Failed).count(), 2, "mina's, for ever");

    let mailed = Receiver::with(10);
    let mails = other.sender_of(ChannelName::Smtp, Some(mailed.clone()), LIMITS);
    let settled = |messages: &[Message]| messages.iter().all(|message| message.status() != Status::Pending);
    other.run_until(&mails, settled).await;
    assert_eq!(mailed.sends(), 1);
}

#[tokio::test]
async fn what_is_redriven_in_one_process_another_sends() {
    let (one, other) = two().await;
    one.deliver(event(Uuid::from_u128(1), "mina", SHOP, Step::Shipped)).await.expect("handled");
    let impatient = Limits {
        retry: Retry { max_attempts: 1, ..LIMITS.retry },
        attempt_timeout: Duration::from_millis(1),
        ..LIMITS
    };
    let failing = one.sender(Receiver::with(0), impatient);
    let failed = one.run_until(&failing, |messages| messages[0].status() == Status::Failed).await;
    let rings = other.bell.rings();
    let request = RedriveMessageRequest { message_id: failed[0].id.to_string() };
    one.operations().redrive_message(call(request, "operator-1", &["operator"], None)).await.expect("redriven");
    other.has_rung(rings).await;
    let receiver = Receiver::with(1);
    let sent = other.run_until(&other.sender(receiver.clone(), LIMITS), all_sent).await;
    assert_eq!((receiver.sends(), sent[0].attempts, sent[0].version), (1, 2, 2));
}
