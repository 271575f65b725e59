//! What was given up is sent again when an operator says so.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use notify_svc::{
    app::{Channel, Envelope, Sender, ports::ChannelError, send::Limits},
    domain::{Message, Retry, Status},
};
use prost::{Message as _, Name};
use proto::notify::v1::{
    MessageFailed, MessageSent, RedriveMessageRequest, message,
    notify_operations_service_server::NotifyOperationsService,
};
use tonic::{Code, Request};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::support::{LIMITS, On, Step, World, call, event, on_both};

const ONCE: Limits = Limits { retry: Retry { max_attempts: 1, ..LIMITS.retry }, ..LIMITS };

/// Takes messages where it is in the mood.
#[derive(Default)]
struct Moody {
    takes: AtomicBool,
    calls: AtomicUsize,
}

#[async_trait::async_trait]
impl Channel for Moody {
    async fn send(&self, _envelope: &Envelope) -> Result<(), ChannelError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.takes.load(Ordering::SeqCst) { Ok(()) } else { Err(ChannelError::Late) }
    }
}

async fn run_until(world: &World, sender: &Sender, status: Status) -> Message {
    world.run_until(sender, |messages| messages[0].status() == status).await.remove(0)
}

fn redrive(id: &str, who: &str) -> Request<RedriveMessageRequest> {
    call(RedriveMessageRequest { message_id: id.to_owned() }, who, &["operator"], None)
}

async fn a_failed_message_is_sent_again_under_its_id(on: On) {
    let world = World::on(on).await;
    world.deliver(event(Uuid::from_u128(1), "mina", Uuid::from_u128(7), Step::Shipped)).await.expect("handled");
    let channel = Arc::new(Moody::default());
    let (sender, operations) = (world.sender(channel.clone(), ONCE), world.operations());
    let failed = run_until(&world, &sender, Status::Failed).await;

    let id = failed.id.to_string();
    let answer = operations.redrive_message(redrive(&id, "operator-1")).await.expect("redriven").into_inner();
    let redriven = answer.message.expect("the message");
    assert_eq!((redriven.status(), redriven.attempts, redriven.version), (message::Status::Pending, 1, 1));
    assert!(redriven.text.contains("6890"), "its text is there again: {redriven:?}");
    channel.takes.store(true, Ordering::SeqCst);
    let sent = run_until(&world, &sender, Status::Sent).await;
    assert_eq!((sent.id, sent.attempts, sent.version), (failed.id, 2, 2));

    let published = world.published().await;
    let kinds: Vec<_> = published.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, [MessageFailed::full_name(), MessageSent::full_name()]);
    let last = MessageSent::decode(published[1].body.as_slice()).expect("a body").message.expect("a message");
    assert_eq!((last.version, last.attempts), (2, 2));

    let audited = world.audited().await;
    assert_eq!(
        (audited.len(), audited[0].actor.as_str(), audited[0].action.as_str()),
        (1, "OPERATOR operator-1", "RedriveMessage")
    );
    assert_eq!(audited[0].subject, format!("message {id}"));
    assert_eq!((audited[0].changes[0].before.as_str(), audited[0].changes[0].after.as_str()), ("FAILED", "PENDING"));
}

async fn only_what_was_given_up_is_redriven(on: On) {
    let world = World::on(on).await;
    world.deliver(event(Uuid::from_u128(1), "mina", Uuid::from_u128(7), Step::Shipped)).await.expect("handled");
    let (channel, operations) = (Arc::new(Moody::default()), world.operations());
    channel.takes.store(true, Ordering::SeqCst);
    let id = world.messages().await[0].id.to_string();
    let reason = |status: &tonic::Status| status.get_error_details().error_info().map(|info| info.reason.clone());
    for sent in [false, true] {
        if sent {
            run_until(&world, &world.sender(channel.clone(), ONCE), Status::Sent).await;
        }
        let refused = operations.redrive_message(redrive(&id, "operator-1")).await.expect_err("refused");
        assert_eq!(
            (refused.code(), reason(&refused)),
            (Code::FailedPrecondition, Some("MESSAGE_NOT_FAILED".to_owned()))
        );
    }
    let unknown = operations.redrive_message(redrive(&Uuid::from_u128(4).to_string(), "operator-1")).await;
    assert_eq!(unknown.expect_err("refused").code(), Code::NotFound);
    let garbage = operations.redrive_message(redrive("x", "operator-1")).await;
    assert_eq!(garbage.expect_err("refused").code(), Code::InvalidArgument);
    assert_eq!((channel.calls.load(Ordering::SeqCst), world.audited().await.len()), (1, 0));
}

on_both! {
    a_failed_message_is_sent_again_under_its_id,
    only_what_was_given_up_is_redriven,
}
