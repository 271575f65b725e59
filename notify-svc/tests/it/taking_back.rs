//! A database that was restored to an older point has its messages again as the events that were published since tell them,
//! and nothing of that leaves once more.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use chassis::{
    consumer::Failure,
    inbox::Event,
    outbox::LoggedEvent,
    recovery::{Known, Loss, TakeBack},
};
use notify_svc::{
    adapters::events::OwnEvents,
    app::{Channel, Envelope, ports::ChannelError, send::Limits},
    domain::{ChannelName, Message, Retry, Status, message::State},
};
use proto::notify::v1::{
    UpdateContactRequest, WebhookTarget, notify_service_server::NotifyService, update_contact_request::Target,
};
use uuid::Uuid;

use crate::support::{LIMITS, On, Step, World, call, event, on_both};

const ONCE: Limits = Limits { retry: Retry { max_attempts: 1, ..LIMITS.retry }, ..LIMITS };
const EPOCH: Uuid = Uuid::from_u128(77);
const SHOP: Uuid = Uuid::from_u128(7);
/// Of messages about this order none is taken.
const REFUSED: Uuid = Uuid::from_u128(3);

/// Takes messages, but of one order.
#[derive(Default)]
struct Taking(Mutex<Vec<Uuid>>);

impl Taking {
    fn seen(&self) -> Vec<Uuid> {
        self.0.lock().expect("what was seen").clone()
    }
}

#[async_trait::async_trait]
impl Channel for Taking {
    async fn send(&self, envelope: &Envelope) -> Result<(), ChannelError> {
        self.0.lock().expect("what was seen").push(envelope.message_id);
        if envelope.order_id == REFUSED { Err(ChannelError::Late) } else { Ok(()) }
    }
}

/// What happens to two orders, of which a third was heard before.
fn since() -> Vec<Event> {
    let (sent, refused) = (Uuid::from_u128(2), REFUSED);
    [(sent, Step::Placed), (refused, Step::Placed), (sent, Step::Confirmed), (refused, Step::Shipped)]
        .map(|(order, step)| event(order, "mina", SHOP, step))
        .into()
}

fn before() -> [Event; 2] {
    [Uuid::from_u128(1), REFUSED].map(|order| event(order, "mina", SHOP, Step::Cancelled))
}

async fn hear(world: &World, events: impl IntoIterator<Item = Event>) {
    for event in events {
        world.deliver(event).await.expect("handled");
    }
}

fn settled(messages: &[Message]) -> bool {
    messages.iter().all(|message| message.status() != Status::Pending)
}

/// Everything that is due leaves.
async fn send(world: &World, channel: ChannelName) -> Vec<Uuid> {
    let taking = Arc::new(Taking::default());
    world.run_until(&world.sender_of(channel, Some(taking.clone()), ONCE), settled).await;
    taking.seen()
}

/// A process that went on, and another on a database as it was before.
async fn restored(on: On) -> (World, World) {
    let (lived, restored) = (World::on(on).await, World::on(on).await);
    for world in [&lived, &restored] {
        hear(world, before()).await;
    }
    let begun = restored.store.run(|tx| Box::pin(async move { tx.begin_epoch(EPOCH).await }));
    let begun: Result<(), chassis::store::Error> = begun.await;
    begun.expect("an epoch");
    (lived, restored)
}

fn own(logged: LoggedEvent) -> Event {
    Event {
        id: logged.id,
        producer: "notify".to_owned(),
        epoch: EPOCH,
        sequence: logged.sequence,
        kind: logged.kind,
        aggregate_id: logged.aggregate_id,
        time: logged.time,
        traceparent: logged.traceparent,
        body: logged.body.into(),
    }
}

/// Takes an event back as `recover` does; answers what is lost, and how many events of this database gave way.
async fn take_back(world: &World, event: Event) -> Result<(Vec<Loss>, u64), Failure> {
    let unit = world.store.run(move |tx| {
        let event = event.clone();
        Box::pin(async move {
            if tx.recognise(&event).await? == Known::Yes {
                return Ok((Vec::new(), 0));
            }
            let taken = OwnEvents.take_back(tx, &event).await?;
            let undone = tx.put_back(&event, taken.version).await?;
            Ok((taken.losses, undone))
        })
    });
    unit.await
}

async fn take_all_back(world: &World, events: &[LoggedEvent]) -> (Vec<Loss>, u64) {
    let (mut losses, mut undone) = (Vec::new(), 0);
    for event in events {
        let taken = take_back(world, own(event.clone())).await.expect("taken back");
        losses.extend(taken.0);
        undone += taken.1;
    }
    (losses, undone)
}

/// By id, and where they were given up without what their texts are made of.
fn without_texts(mut messages: Vec<Message>) -> Vec<Message> {
    messages.sort_by_key(|message| message.id);
    for message in &mut messages {
        if let State::Failed { .. } = message.state {
            message.state = State::Erased;
        }
    }
    messages
}

async fn messages_are_what_events_tell_and_nothing_leaves_again(on: On) {
    let (lived, restored) = restored(on).await;
    hear(&lived, since()).await;
    assert_eq!(send(&lived, ChannelName::Log).await.len(), 10);
    let published = lived.published().await;

    let (losses, undone) = take_all_back(&restored, &published).await;
    let expected = lived.messages().await;
    let messages = restored.messages().await;
    assert_eq!((without_texts(messages.clone()), undone), (without_texts(expected.clone()), 0));
    // What was to be said is here where the message was; and by name where it was not.
    let is_kept = |message: &&Message| matches!(message.state, State::Failed { .. });
    assert_eq!(messages.iter().filter(is_kept).count(), 2);
    let lost = messages.iter().filter(|message| message.state == State::Erased);
    let lost: BTreeSet<String> = lost.map(|message| format!("message {}", message.id)).collect();
    let named: BTreeSet<String> = losses.into_iter().map(|loss| loss.subject).collect();
    assert_eq!((named, lost.len()), (lost.clone(), 3));

    assert_eq!(take_all_back(&restored, &published).await, (Vec::new(), 0));
    assert_eq!(restored.messages().await, messages, "twice is once");
    hear(&restored, before().into_iter().chain(since())).await;
    for event in since() {
        restored.deliver_unremembered(event).await.expect("handled");
    }
    assert_eq!(send(&restored, ChannelName::Log).await, Vec::<Uuid>::new());
    assert_eq!((restored.messages().await, restored.published().await.len()), (messages, 0));
}

async fn what_was_done_here_since_gives_way(on: On) {
    let (lived, restored) = restored(on).await;
    send(&lived, ChannelName::Log).await;
    restored.clock.advance(Duration::from_mins(1));
    hear(&restored, since()).await;
    send(&restored, ChannelName::Log).await;
    let made_here = restored.messages().await.len();
    let (_losses, undone) = take_all_back(&restored, &lived.published().await).await;
    let ids: Vec<Uuid> = lived.messages().await.iter().map(|message| message.id).collect();
    let messages = restored.messages().await;
    let told: Vec<Message> = messages.iter().filter(|message| ids.contains(&message.id)).cloned().collect();
    assert_eq!((without_texts(told), undone), (without_texts(lived.messages().await), 4));
    assert_eq!(messages.len(), made_here);
}

async fn a_message_that_went_another_way_than_the_contact_says_now_does_not_go_again(on: On) {
    let (lived, restored) = (World::on(on).await, restored(on).await.1);
    let target =
        Target::Webhook(WebhookTarget { url: "https://hooks.example.com/mina".to_owned(), ..Default::default() });
    let request = UpdateContactRequest { target: Some(target), ..Default::default() };
    lived.service().update_contact(call(request, "mina", &["customer"], None)).await.expect("set");
    let shipped = || event(Uuid::from_u128(2), "mina", SHOP, Step::Shipped);
    hear(&lived, [shipped()]).await;
    assert_eq!(send(&lived, ChannelName::Webhook).await.len(), 1);
    let went = lived.messages().await.remove(0);

    take_all_back(&restored, &lived.published().await).await;
    hear(&restored, [shipped()]).await;
    let of_order: Vec<Message> =
        restored.messages().await.into_iter().filter(|message| message.order_id == went.order_id).collect();
    assert_eq!(of_order, [Message { contact_id: None, ..went }]);
    let left = send(&restored, ChannelName::Log).await;
    assert!(left.len() == 4 && !left.contains(&of_order[0].id), "only what waited before");
}

async fn what_no_event_told_of_comes_again_under_its_id(on: On) {
    let (lived, restored) = restored(on).await;
    hear(&lived, since()).await;
    assert_eq!(take_all_back(&restored, &lived.published().await).await, (Vec::new(), 0));
    hear(&restored, since()).await;
    // Each hearing of an event is a trace of its own.
    let traceless = |messages: Vec<Message>| {
        messages.into_iter().map(|message| Message { traceparent: None, ..message }).collect::<Vec<_>>()
    };
    assert_eq!(traceless(restored.messages().await), traceless(lived.messages().await));
}

async fn what_events_do_not_tell_is_named(on: On) {
    let world = World::on(on).await;
    let losses = world.store.run(|tx| Box::pin(async move { OwnEvents.finish(tx).await }));
    let losses = losses.await.expect("finished");
    let subjects: Vec<_> = losses.iter().map(|loss| loss.subject.as_str()).collect();
    assert_eq!(subjects, ["contacts", "erased customers", "redriven messages"]);
}

async fn an_event_that_makes_no_sense_is_its_own_fault(on: On) {
    let (lived, restored) = restored(on).await;
    send(&lived, ChannelName::Log).await;
    let event = own(lived.published().await.remove(0));
    let cases = [
        Event { aggregate_id: Uuid::from_u128(9), ..event.clone() },
        Event { kind: since().remove(0).kind, ..event.clone() },
        Event { body: Vec::new().into(), ..event },
    ];
    let messages = restored.messages().await;
    for case in cases {
        let failure = take_back(&restored, case).await.expect_err("a fault");
        assert!(matches!(failure, Failure::Fault(_)), "{failure}");
    }
    assert_eq!(restored.messages().await, messages);
}

on_both! {
    messages_are_what_events_tell_and_nothing_leaves_again,
    what_was_done_here_since_gives_way,
    a_message_that_went_another_way_than_the_contact_says_now_does_not_go_again,
    what_no_event_told_of_comes_again_under_its_id,
    what_events_do_not_tell_is_named,
    an_event_that_makes_no_sense_is_its_own_fault,
}
