//! A notify-svc without network: its store, its handlers, and order events to feed them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chassis::{
    audit::{Entry, FieldChange},
    auth::{Caller, Person},
    clock::Clock,
    consumer::{Failure, Handler},
    inbox::Event,
    outbox::LoggedEvent,
    store::{Database, Store},
};
use notify_svc::{
    adapters::{
        events::OrderEvents,
        grpc::{Contacts, Notify, Operations},
        store,
        texts::Templates,
        webhook::Policy,
    },
    app::{
        Bell, Channel, EraseCustomer, GetContact, GetMessage, ListMessages, Query, Read, RedriveMessage, RotateSecret,
        Sender, Tell, Tx, UpdateContact, Viewer, bell,
        send::{Limits, Means},
    },
    domain::{ChannelName, Language, Message, Retry},
};
use prost::Name;
use proto::order::v1::{
    Order, OrderCancelled, OrderConfirmed, OrderDelivered, OrderPlaced, OrderRejected, OrderShipped, order,
};
use time::{OffsetDateTime, macros::datetime};
use tokio_util::task::AbortOnDropHandle;
use tonic::Request;
use uuid::Uuid;

pub use crate::databases::On;
use crate::databases::Place;
pub(crate) use crate::databases::on_both;

pub const NOW: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);
/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(30);
pub const OVERLAP: Duration = Duration::from_hours(24);
pub const LIMITS: Limits = Limits {
    retry: Retry { max_attempts: 8, base: Duration::from_secs(5), cap: Duration::from_hours(1) },
    attempt_timeout: Duration::from_secs(20),
    lanes: 32,
};

/// A clock that goes when it is told to.
pub struct TestClock(Mutex<OffsetDateTime>);

impl TestClock {
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().expect("the clock");
        *now += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().expect("the clock")
    }
}

/// One process and its database.
pub struct World {
    /// What its database is in, where other processes find it too.
    place: Arc<Place>,
    /// Ends what goes on beside the tests.
    _listening: AbortOnDropHandle<()>,
    pub database: Database,
    pub store: Store<dyn Tx>,
    pub reads: Arc<dyn Read>,
    pub clock: Arc<TestClock>,
    pub bell: Bell,
    pub handler: Arc<OrderEvents>,
}

impl World {
    pub async fn on(on: On) -> Self {
        Self::at(Arc::new(Place::new(on).await), Arc::new(TestClock(Mutex::new(NOW)))).await
    }

    /// Another process on the same database, by the same clock.
    pub async fn beside(&self) -> Self {
        Self::at(Arc::clone(&self.place), self.clock.clone()).await
    }

    async fn at(place: Arc<Place>, clock: Arc<TestClock>) -> Self {
        let database = place.open().await;
        let (bell, heard) = (Bell::default(), database.announcements().hear(bell::TOPIC));
        let rung = bell.clone();
        let listening = AbortOnDropHandle::new(tokio::spawn(async move { rung.ring_for(heard).await }));
        let handler = Arc::new(OrderEvents::new(Tell::new(clock.clone(), Language::English)));
        let (store, reads) = (store::store(&database), store::reads(&database));
        Self { place, _listening: listening, database, store, reads, clock, bell, handler }
    }

    /// Waits until its bell has rung more often than that.
    pub async fn has_rung(&self, rings: u64) {
        let ringing = async {
            while self.bell.rings() <= rings {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, ringing).await.expect("the bell rings");
    }

    /// Takes an event in as the consumer does: its effect happens once, with its inbox tick.
    pub async fn deliver(&self, event: Event) -> Result<(), Failure> {
        let handler = Arc::clone(&self.handler);
        self.store
            .run(move |tx| {
                let (handler, event) = (Arc::clone(&handler), event.clone());
                Box::pin(async move { if tx.admit(&event).await? { handler.handle(tx, &event).await } else { Ok(()) } })
            })
            .await
    }

    /// Gives an event its effect as if the inbox had forgotten it.
    pub async fn deliver_unremembered(&self, event: Event) -> Result<(), Failure> {
        let handler = Arc::clone(&self.handler);
        self.store
            .run(move |tx| {
                let (handler, event) = (Arc::clone(&handler), event.clone());
                Box::pin(async move { handler.handle(tx, &event).await })
            })
            .await
    }

    /// A sender of the messages to the log, which go to `channel` instead.
    pub fn sender(&self, channel: Arc<dyn Channel>, limits: Limits) -> Sender {
        self.sender_of(ChannelName::Log, Some(channel), limits)
    }

    /// A sender of one channel's messages.
    pub fn sender_of(&self, name: ChannelName, channel: Option<Arc<dyn Channel>>, limits: Limits) -> Sender {
        let means = Means {
            store: self.store.clone(),
            reads: self.reads.clone(),
            clock: self.clock.clone(),
            texts: texts(),
            roll: || 0.5,
            bell: self.bell.clone(),
        };
        Sender::new(name, channel, means, limits)
    }

    /// Runs a sender until the messages are as they should be, and answers them.
    pub async fn run_until(&self, sender: &Sender, done: impl Fn(&[Message]) -> bool) -> Vec<Message> {
        let running = async {
            loop {
                sender.run().await.expect("a run");
                let messages = self.messages().await;
                if done(&messages) {
                    return messages;
                }
            }
        };
        tokio::time::timeout(PATIENCE, running).await.expect("the messages stand as they should")
    }

    pub fn service(&self) -> Notify {
        let get = GetMessage::new(self.reads.clone());
        Notify::new(get, ListMessages::new(self.reads.clone()), self.contacts(), texts())
    }

    fn contacts(&self) -> Contacts {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        Contacts {
            get: GetContact::new(self.reads.clone(), Language::English),
            update: UpdateContact::new(store.clone(), clock.clone(), Language::English),
            rotate: RotateSecret::new(store, clock.clone(), OVERLAP),
            policy: Arc::new(policy()),
            mail: true,
            random: rand::random,
            clock,
        }
    }

    pub fn operations(&self) -> Operations {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let redrive = RedriveMessage::new(store.clone(), clock.clone());
        Operations::new(redrive, EraseCustomer::new(store, clock), texts())
    }

    /// What the audit tells of changes: who, what, of what, and how each field changed.
    pub async fn audited(&self) -> Vec<Audited> {
        let query = chassis::audit::Query { rows: 100_000, ..Default::default() };
        let entries = self.database.log().records(&query).await.expect("the audit");
        entries.into_iter().map(Audited::from).collect()
    }

    /// All messages, oldest first.
    pub async fn messages(&self) -> Vec<Message> {
        let query = Query { viewer: Viewer::Operator, order_id: None, status: None, after: None, rows: 100_000 };
        self.reads.messages(&query).await.expect("messages")
    }

    /// All events that were appended, numbered as the relay does it.
    pub async fn published(&self) -> Vec<LoggedEvent> {
        let number = self.store.run(|tx| {
            Box::pin(async move {
                let term = tx.lease(Uuid::nil(), NOW, Duration::from_mins(1)).await?.expect("the lease");
                Ok::<_, chassis::store::Error>(tx.number(term, 0, 100_000).await?.expect("the events"))
            })
        });
        number.await.expect("the outbox").events
    }
}

/// A record of the audit.
#[derive(Debug)]
pub struct Audited {
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub changes: Vec<FieldChange>,
}

impl From<Entry> for Audited {
    fn from(entry: Entry) -> Self {
        Self {
            actor: format!("{} {}", entry.actor_role, entry.actor_id),
            action: entry.action,
            subject: format!("{} {}", entry.subject_kind, entry.subject_id),
            changes: entry.changes,
        }
    }
}

fn texts() -> Arc<Templates> {
    Arc::new(Templates::load().expect("templates"))
}

/// Webhooks may go to `hooks.example.com` and anywhere on this machine.
pub fn policy() -> Policy {
    let allowed = ["hooks.example.com", "127.0.0.1:*"].map(|text| text.parse().expect("a pattern"));
    Policy { allowed: allowed.to_vec(), private: true }
}

/// What an order goes through, in order, with the status it then has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Placed,
    Confirmed,
    Rejected,
    Cancelled,
    Shipped,
    Delivered,
}

/// Every way that an order can go.
pub const LIVES: [&[Step]; 4] = [
    &[Step::Placed, Step::Rejected],
    &[Step::Placed, Step::Cancelled],
    &[Step::Placed, Step::Confirmed, Step::Cancelled],
    &[Step::Placed, Step::Confirmed, Step::Shipped, Step::Delivered],
];

/// The event of a step of an order; its id follows from the order and the step.
pub fn event(order_id: Uuid, customer_id: &str, shop_id: Uuid, step: Step) -> Event {
    let state = Order {
        order_id: order_id.to_string(),
        customer_id: customer_id.to_owned(),
        shop_id: shop_id.to_string(),
        total: Some(proto::Money { currency_code: "KRW".to_owned(), units: 1_250_000, nanos: 0 }),
        reject_reason: order::RejectReason::OutOfStock.into(),
        cancel_reason: "changed my mind".to_owned(),
        carrier: "CJ".to_owned(),
        tracking_number: "6890".to_owned(),
        ..Order::default()
    };
    let (order, actor) = (Some(state), None);
    let (kind, body) = match step {
        Step::Placed => encoded(&OrderPlaced { order, actor }),
        Step::Confirmed => encoded(&OrderConfirmed { order, actor }),
        Step::Rejected => encoded(&OrderRejected { order, actor }),
        Step::Cancelled => encoded(&OrderCancelled { order, actor }),
        Step::Shipped => encoded(&OrderShipped { order, actor }),
        Step::Delivered => encoded(&OrderDelivered { order, actor }),
    };
    Event {
        id: Uuid::from_u128(order_id.as_u128() ^ ((step as u128 + 1) << 64)),
        producer: "order".to_owned(),
        epoch: Uuid::nil(),
        sequence: 1,
        kind,
        aggregate_id: order_id,
        time: NOW,
        traceparent: None,
        body: body.into(),
    }
}

fn encoded<M: prost::Message + Name>(message: &M) -> (String, Vec<u8>) {
    (M::full_name(), message.encode_to_vec())
}

/// A call by someone with these roles.
pub fn call<M>(message: M, subject: &str, roles: &[&str], shop: Option<Uuid>) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::Person(Person {
        issuer: "tword".to_owned(),
        subject: subject.to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        tenant: shop.map(|shop| shop.to_string()),
    }));
    request
}
