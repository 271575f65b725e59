//! A sender that found nothing to do looks again at once where there is something new, and seldom else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use notify_svc::{
    app::{Bell, Channel, Envelope, Sender, ports::ChannelError, send::Limits},
    domain::{ChannelName, Retry, Status},
};
use proto::notify::v1::{
    LogTarget, RedriveMessageRequest, SmtpTarget, UpdateContactRequest,
    notify_operations_service_server::NotifyOperationsService, notify_service_server::NotifyService,
    update_contact_request::Target,
};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::support::{LIMITS, On, PATIENCE, Step, World, call, event, on_both};

const ONCE: Limits = Limits { retry: Retry { max_attempts: 1, ..LIMITS.retry }, ..LIMITS };

/// Tells of each call; refuses the first.
#[derive(Default)]
struct Ear {
    called: Notify,
    takes: AtomicBool,
}

#[async_trait::async_trait]
impl Channel for Ear {
    async fn send(&self, _envelope: &Envelope) -> Result<(), ChannelError> {
        self.called.notify_one();
        let refused = ChannelError::Refused { answer: "no".to_owned(), wait: Duration::ZERO };
        if self.takes.swap(true, Ordering::SeqCst) { Ok(()) } else { Err(refused) }
    }
}

impl Ear {
    /// One sweep is enough for the channel to be called.
    async fn hears_of_one_sweep(&self, sender: &Sender) {
        sender.sweep().await.expect("a sweep");
        tokio::time::timeout(PATIENCE, self.called.notified()).await.expect("the channel is called");
    }
}

async fn ship(world: &World) {
    let event = event(Uuid::from_u128(1), "mina", Uuid::from_u128(7), Step::Shipped);
    world.deliver(event).await.expect("handled");
}

async fn contact(world: &World, target: Target) {
    let request = UpdateContactRequest { target: Some(target), ..Default::default() };
    world.service().update_contact(call(request, "mina", &["customer"], None)).await.expect("set");
}

/// Sweeps until the message stands there, and then once more, which finds nothing.
async fn sweep_until(world: &World, sender: &Sender, status: Status) {
    let sweeping = async {
        while world.messages().await[0].status() != status {
            sender.sweep().await.expect("a sweep");
        }
        sender.sweep().await.expect("a sweep");
    };
    tokio::time::timeout(PATIENCE, sweeping).await.expect("the message stands as it should");
}

async fn what_is_new_and_what_is_redriven_wakes_its_sender(on: On) {
    let (world, ear) = (World::on(on).await, Arc::new(Ear::default()));
    let sender = world.sender(ear.clone(), ONCE);
    sender.sweep().await.expect("a sweep that finds nothing");
    let rings = world.bell.rings();
    ship(&world).await;
    world.has_rung(rings).await;
    ear.hears_of_one_sweep(&sender).await;
    sweep_until(&world, &sender, Status::Failed).await;
    let rings = world.bell.rings();
    let request = RedriveMessageRequest { message_id: world.messages().await[0].id.to_string() };
    world.operations().redrive_message(call(request, "operator-1", &["operator"], None)).await.expect("redriven");
    world.has_rung(rings).await;
    ear.hears_of_one_sweep(&sender).await;
    sweep_until(&world, &sender, Status::Sent).await;
}

async fn what_goes_another_way_wakes_the_sender_there(on: On) {
    let (world, ear) = (World::on(on).await, Arc::new(Ear::default()));
    let mails = world.sender_of(ChannelName::Smtp, Some(Arc::new(Ear::default())), LIMITS);
    let log = world.sender(ear.clone(), LIMITS);
    contact(&world, Target::Smtp(SmtpTarget { address: "mina@example.com".to_owned() })).await;
    ship(&world).await;
    contact(&world, Target::Log(LogTarget {})).await;
    world.has_rung(0).await;
    let rings = world.bell.rings();
    log.sweep().await.expect("a sweep that finds nothing");
    world.run_until(&mails, |messages| messages[0].channel == ChannelName::Log).await;
    world.has_rung(rings).await;
    ear.hears_of_one_sweep(&log).await;
}

async fn a_sender_that_hears_nothing_looks_all_the_same(on: On) {
    let mut world = World::on(on).await;
    world.bell = Bell::default();
    let ear = Arc::new(Ear { takes: AtomicBool::new(true), ..Ear::default() });
    let sender = world.sender(ear, LIMITS);
    sender.sweep().await.expect("a sweep that finds nothing");
    ship(&world).await;
    sweep_until(&world, &sender, Status::Sent).await;
}

on_both! {
    what_is_new_and_what_is_redriven_wakes_its_sender,
    what_goes_another_way_wakes_the_sender_there,
    a_sender_that_hears_nothing_looks_all_the_same,
}
