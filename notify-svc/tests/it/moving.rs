//! A message follows its recipient's contact to another channel, and stays one message.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use notify_svc::{
    app::{Channel, Envelope, Sender, ports::ChannelError, send::Limits},
    domain::{ChannelName, Message, Retry, Status},
};
use prost::Name;
use proto::notify::v1::{
    LogTarget, MessageFailed, MessageSent, RedriveMessageRequest, SmtpTarget, UpdateContactRequest, WebhookTarget,
    notify_operations_service_server::NotifyOperationsService, notify_service_server::NotifyService,
    update_contact_request::Target,
};
use uuid::Uuid;

use crate::support::{LIMITS, On, Step, World, call, event, on_both};

const TWICE: Limits = Limits { retry: Retry { max_attempts: 2, ..LIMITS.retry }, ..LIMITS };

/// Keeps what it is handed, and takes it where it is in the mood.
#[derive(Default)]
struct Moody {
    takes: AtomicBool,
    seen: Mutex<Vec<Uuid>>,
}

impl Moody {
    fn taking() -> Arc<Self> {
        Arc::new(Self { takes: AtomicBool::new(true), ..Self::default() })
    }

    fn seen(&self) -> Vec<Uuid> {
        self.seen.lock().expect("what was seen").clone()
    }
}

#[async_trait::async_trait]
impl Channel for Moody {
    async fn send(&self, envelope: &Envelope) -> Result<(), ChannelError> {
        self.seen.lock().expect("what was seen").push(envelope.message_id);
        let refused = ChannelError::Refused { answer: "no".to_owned(), wait: Duration::ZERO };
        if self.takes.load(Ordering::SeqCst) { Ok(()) } else { Err(refused) }
    }
}

async fn contact(world: &World, target: Target) {
    let request = UpdateContactRequest { target: Some(target), ..Default::default() };
    world.service().update_contact(call(request, "mina", &["customer"], None)).await.expect("set");
}

fn hook() -> Target {
    Target::Webhook(WebhookTarget { url: "https://hooks.example.com/mina".to_owned(), ..Default::default() })
}

fn mail() -> Target {
    Target::Smtp(SmtpTarget { address: "mina@example.com".to_owned() })
}

async fn ship(world: &World) {
    let event = event(Uuid::from_u128(1), "mina", Uuid::from_u128(7), Step::Shipped);
    world.deliver(event).await.expect("handled");
}

async fn run_until(world: &World, sender: &Sender, done: impl Fn(&Message) -> bool) -> Message {
    let mut messages = world
        .run_until(sender, |messages| {
            assert_eq!(messages.len(), 1, "it stays one message");
            done(&messages[0])
        })
        .await;
    messages.remove(0)
}

async fn what_waits_goes_the_way_that_its_contact_points_to_now(on: On) {
    let (world, hooked, mailed) = (World::on(on).await, Arc::new(Moody::default()), Moody::taking());
    contact(&world, hook()).await;
    ship(&world).await;
    let webhooks = world.sender_of(ChannelName::Webhook, Some(hooked.clone()), TWICE);
    let first = run_until(&world, &webhooks, |message| message.attempts == 1).await;
    contact(&world, mail()).await;
    world.clock.advance(TWICE.retry.cap);
    let moved = run_until(&world, &webhooks, |message| message.channel == ChannelName::Smtp).await;
    assert_eq!((moved.status(), moved.version, moved.attempts, moved.earlier_attempts), (Status::Pending, 0, 1, 1));
    assert_eq!((moved.id, world.published().await.len()), (first.id, 0));

    let mails = world.sender_of(ChannelName::Smtp, Some(mailed.clone()), TWICE);
    let sent = run_until(&world, &mails, |message| message.status() == Status::Sent).await;
    assert_eq!((sent.id, sent.attempts, sent.version), (first.id, 2, 1));
    assert_eq!((hooked.seen(), mailed.seen()), (vec![first.id], vec![first.id]));
    let published = world.published().await;
    assert_eq!(published.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), [MessageSent::full_name()]);
}

async fn what_waits_for_the_log_goes_to_a_contact_that_was_set_since_and_back(on: On) {
    let (world, logged) = (World::on(on).await, Moody::taking());
    ship(&world).await;
    contact(&world, hook()).await;
    let log = world.sender(logged.clone(), LIMITS);
    let moved = run_until(&world, &log, |message| message.channel == ChannelName::Webhook).await;
    assert!(moved.contact_id.is_some() && logged.seen().is_empty());
    contact(&world, Target::Log(LogTarget {})).await;
    let hooked = Moody::taking();
    let webhooks = world.sender_of(ChannelName::Webhook, Some(hooked.clone()), LIMITS);
    run_until(&world, &webhooks, |message| message.channel == ChannelName::Log).await;
    run_until(&world, &log, |message| message.status() == Status::Sent).await;
    assert_eq!((logged.seen().len(), hooked.seen().len()), (1, 0));
}

async fn what_is_redriven_goes_the_way_that_its_contact_points_to_now(on: On) {
    let (world, hooked, mailed) = (World::on(on).await, Arc::new(Moody::default()), Moody::taking());
    contact(&world, hook()).await;
    ship(&world).await;
    let webhooks = world.sender_of(ChannelName::Webhook, Some(hooked.clone()), TWICE);
    run_until(&world, &webhooks, |message| message.attempts == 1).await;
    world.clock.advance(TWICE.retry.cap);
    let failed = run_until(&world, &webhooks, |message| message.status() == Status::Failed).await;
    contact(&world, mail()).await;
    let request = RedriveMessageRequest { message_id: failed.id.to_string() };
    let answer = world.operations().redrive_message(call(request, "operator-1", &["operator"], None)).await;
    let redriven = answer.expect("redriven").into_inner().message.expect("the message");
    assert_eq!((redriven.channel.as_str(), redriven.message_id), ("smtp", failed.id.to_string()));
    let audited = world.audited().await.pop().expect("a record");
    let changes: Vec<_> =
        audited.changes.iter().map(|change| (change.before.as_str(), change.after.as_str())).collect();
    assert!(changes.contains(&("webhook", "smtp")) && changes.contains(&("FAILED", "PENDING")), "{changes:?}");

    let mails = world.sender_of(ChannelName::Smtp, Some(mailed.clone()), TWICE);
    let sent = run_until(&world, &mails, |message| message.status() == Status::Sent).await;
    assert_eq!((sent.attempts, sent.version, mailed.seen()), (3, 2, vec![failed.id]));
    let kinds: Vec<_> = world.published().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [MessageFailed::full_name(), MessageSent::full_name()]);
}

on_both! {
    what_waits_goes_the_way_that_its_contact_points_to_now,
    what_waits_for_the_log_goes_to_a_contact_that_was_set_since_and_back,
    what_is_redriven_goes_the_way_that_its_contact_points_to_now,
}
