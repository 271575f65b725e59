//! A mypage-svc without network: its store, its handler, and events to feed it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chassis::{
    auth::{Caller, Person, Until},
    clock::Clock,
    consumer::{Failure, Handler},
    inbox::{DeadLetter, Event},
    store::{Database, Store},
    wire,
};
use mypage_svc::{
    adapters::{events::Projection, grpc::MyPage, store},
    app::{
        GetMyOrder, HearChanges, ListMyOrders, LookForWatches, Read, Tx, WatchMyOrders, Watches, announced,
        watches::Limits,
    },
};
use prost::Name;
use proto::{
    Money,
    delivery::v1::{
        Delivery, DeliveryBooked, DeliveryCancelled, DeliveryCompleted, DeliveryReady, DeliveryStarted,
        DeliveryUpdated, delivery,
    },
    mypage::v1::{GetMyOrderRequest, MyOrder, my_page_service_server::MyPageService},
    notify::v1::{Message, MessageFailed, MessageSent, message},
    order::v1::{
        Order, OrderCancelled, OrderConfirmed, OrderDelivered, OrderLine, OrderPlaced, OrderRejected, OrderShipped,
        order,
    },
};
use time::{OffsetDateTime, macros::datetime};
use tokio_util::task::AbortOnDropHandle;
use tonic::{Request, Status};
use uuid::Uuid;

pub use crate::databases::On;
use crate::databases::Place;
pub(crate) use crate::databases::on_both;

pub const NOW: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);
pub const SHOP: Uuid = Uuid::from_u128(7);

/// One process and its database.
pub struct World {
    /// What its database is in, where other processes find it too.
    place: Arc<Place>,
    /// Hears of changes; none where it is deaf.
    _hearing: Option<AbortOnDropHandle<()>>,
    pub database: Database,
    pub store: Store<dyn Tx>,
    pub reads: Arc<dyn Read>,
    pub watches: Watches,
    pub clock: Arc<Time>,
}

/// What watches may take where nothing else is said: nothing here waits for a heartbeat.
pub const LIMITS: Limits =
    Limits { all: 100, of_customer: 20, heartbeat: Duration::from_hours(1), patience: Duration::from_hours(1) };

/// A clock that stands until it is moved.
pub struct Time(Mutex<OffsetDateTime>);

impl Time {
    pub fn pass(&self, time: Duration) {
        *self.0.lock().expect("unpoisoned") += time;
    }
}

impl Clock for Time {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().expect("unpoisoned")
    }
}

impl World {
    pub async fn on(on: On) -> Self {
        Self::with(on, LIMITS).await
    }

    /// With watches that may take so much.
    pub async fn with(on: On, limits: Limits) -> Self {
        Self::at(Arc::new(Place::new(on).await), Arc::new(Time(Mutex::new(NOW))), limits).await
    }

    /// Another process on the same database, by the same clock.
    pub async fn beside(&self) -> Self {
        Self::at(Arc::clone(&self.place), self.clock.clone(), *self.watches.limits()).await
    }

    async fn at(place: Arc<Place>, clock: Arc<Time>, limits: Limits) -> Self {
        let database = place.open().await;
        let (store, reads) = (store::store(&database), store::reads(&database));
        let watches = Watches::new(limits);
        let hear = HearChanges::new(watches.clone(), LookForWatches::new(reads.clone(), watches.clone()));
        let heard = database.announcements().hear(announced::TOPIC);
        let hearing = AbortOnDropHandle::new(tokio::spawn(async move { hear.run(heard).await }));
        Self { place, _hearing: Some(hearing), database, store, reads, watches, clock }
    }

    /// The same, but it hears nothing.
    pub fn deaf(self) -> Self {
        Self { _hearing: None, ..self }
    }

    /// Looks for changes, as is done every so often.
    pub async fn look(&self) {
        LookForWatches::new(self.reads.clone(), self.watches.clone()).run().await.expect("looked");
    }

    /// Takes an event in as the consumer does: its effect happens once, with its inbox tick.
    pub async fn deliver(&self, event: Event) -> Result<(), Failure> {
        self.store
            .run(move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    let new = tx.admit(&event).await?;
                    if new { Projection.handle(tx, &event).await } else { Ok(()) }
                })
            })
            .await
    }

    /// Gives an event its effect as if the inbox had forgotten it.
    pub async fn deliver_unremembered(&self, event: Event) -> Result<(), Failure> {
        self.store
            .run(move |tx| {
                let event = event.clone();
                Box::pin(async move { Projection.handle(tx, &event).await })
            })
            .await
    }

    /// Puts an event aside as the consumer does after the last attempt.
    pub async fn put_aside(&self, event: Event) {
        let put_aside = self.store.run(move |tx| {
            let letter = DeadLetter { event: event.clone(), cause: "on purpose".to_owned(), attempts: 5, time: NOW };
            Box::pin(async move {
                assert!(tx.admit(&letter.event).await?);
                tx.put_aside(&letter).await
            })
        });
        let put_aside: Result<(), chassis::store::Error> = put_aside.await;
        put_aside.expect("put aside");
    }

    /// Handles a dead letter once more, as it can be by now.
    pub async fn redrive(&self, event: Event) {
        let redriven: Result<(), Failure> = self
            .store
            .run(move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    tx.take_letter(event.id).await?.expect("a letter");
                    Projection.handle(tx, &event).await
                })
            })
            .await;
        redriven.expect("handled");
    }

    /// Every consumer has caught up by then.
    pub async fn complete_by(&self, time: OffsetDateTime) {
        let noted = self.store.run(move |tx| Box::pin(async move { tx.note_as_of(time).await }));
        let noted: Result<(), chassis::store::Error> = noted.await;
        noted.expect("noted");
    }

    pub fn service(&self) -> MyPage {
        let (reads, clock) = (self.reads.clone(), self.clock.clone());
        let watch = WatchMyOrders::new(reads.clone(), self.watches.clone(), clock);
        MyPage::new(GetMyOrder::new(reads.clone()), ListMyOrders::new(reads), watch)
    }

    /// The order as its customer sees it.
    pub async fn get(&self, customer: &str, order_id: Uuid) -> Result<MyOrder, Status> {
        let request = call(GetMyOrderRequest { order_id: order_id.to_string() }, customer);
        let answer = self.service().get_my_order(request).await?;
        Ok(answer.into_inner().order.expect("an order"))
    }
}

/// A call by a customer.
pub fn call<M>(message: M, subject: &str) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::Person(Person {
        issuer: "tword".to_owned(),
        subject: subject.to_owned(),
        roles: ["customer".to_owned()].into(),
        tenant: None,
    }));
    request.extensions_mut().insert(Until(NOW + Duration::from_hours(1)));
    request
}

fn event<M: prost::Message + Name>(aggregate_id: Uuid, version: i64, message: &M) -> Event {
    Event {
        // Unique for each version of each aggregate.
        id: Uuid::from_u128(aggregate_id.as_u128() ^ (u128::from(version.unsigned_abs()) << 100)),
        producer: M::PACKAGE.split('.').nth(1).expect("a context").to_owned(),
        epoch: Uuid::nil(),
        sequence: 1,
        kind: M::full_name(),
        aggregate_id,
        time: NOW + Duration::from_secs(version.unsigned_abs()),
        traceparent: None,
        body: message.encode_to_vec().into(),
    }
}

/// The event by which an order reached a version.
pub fn order(id: Uuid, customer: &str, status: order::Status, version: i64) -> Event {
    order_of(id, customer, status, version, NOW)
}

/// The same, for an order placed at `create_time`.
pub fn order_of(id: Uuid, customer: &str, status: order::Status, version: i64, create_time: OffsetDateTime) -> Event {
    let price = |units| Some(Money { currency_code: "KRW".to_owned(), units, nanos: 0 });
    let reserved = version > 1 && status != order::Status::Rejected;
    let line = OrderLine {
        phone_id: Uuid::from_u128(9).to_string(),
        quantity: 2,
        unit_price: price(600_000).filter(|_| reserved),
        serials: if reserved { vec!["TW-1".to_owned(), "TW-2".to_owned()] } else { Vec::new() },
        ..OrderLine::default()
    };
    let state = Order {
        order_id: id.to_string(),
        customer_id: customer.to_owned(),
        shop_id: SHOP.to_string(),
        lines: vec![line],
        status: status.into(),
        total: price(1_200_000).filter(|_| reserved),
        reject_reason: order::RejectReason::OutOfStock.into(),
        cancel_reason: "changed my mind".to_owned(),
        version,
        create_time: Some(wire::timestamp(create_time)),
        update_time: Some(wire::timestamp(create_time + Duration::from_secs(version.unsigned_abs()))),
        ..Order::default()
    };
    let (order, actor) = (Some(state), None);
    match status {
        order::Status::Unspecified | order::Status::Placed => event(id, version, &OrderPlaced { order, actor }),
        order::Status::Confirmed => event(id, version, &OrderConfirmed { order, actor }),
        order::Status::Rejected => event(id, version, &OrderRejected { order, actor }),
        order::Status::Cancelled => event(id, version, &OrderCancelled { order, actor }),
        order::Status::Shipped => event(id, version, &OrderShipped { order, actor }),
        order::Status::Delivered => event(id, version, &OrderDelivered { order, actor }),
    }
}

/// The event by which a delivery reached a version; SHIPPED a second time is a corrected tracking number.
pub fn delivery(order_id: Uuid, status: delivery::Status, version: i64) -> Event {
    let shipped = matches!(status, delivery::Status::Shipped | delivery::Status::Delivered);
    let state = Delivery {
        delivery_id: order_id.to_string(),
        order_id: order_id.to_string(),
        status: status.into(),
        carrier: if shipped { "CJ".to_owned() } else { String::new() },
        tracking_number: if shipped { format!("6890-{}", version.min(4)) } else { String::new() },
        version,
        ..Delivery::default()
    };
    let (delivery, actor) = (Some(state), None);
    let id = Uuid::from_u128(order_id.as_u128() | 1 << 96);
    match status {
        delivery::Status::Unspecified | delivery::Status::Booked => {
            event(id, version, &DeliveryBooked { delivery, actor })
        }
        delivery::Status::Ready => event(id, version, &DeliveryReady { delivery, actor }),
        delivery::Status::Shipped if version > 3 => event(id, version, &DeliveryUpdated { delivery, actor }),
        delivery::Status::Shipped => event(id, version, &DeliveryStarted { delivery, actor }),
        delivery::Status::Delivered => event(id, version, &DeliveryCompleted { delivery, actor }),
        delivery::Status::Cancelled => event(id, version, &DeliveryCancelled { delivery, actor }),
    }
}

/// The event by which a message about an order was sent or given up.
pub fn message(
    id: Uuid,
    order_id: Uuid,
    to: message::RecipientKind,
    template: message::Template,
    status: message::Status,
    version: i64,
) -> Event {
    let state = Message {
        message_id: id.to_string(),
        order_id: order_id.to_string(),
        recipient_kind: to.into(),
        template: template.into(),
        channel: "log".to_owned(),
        status: status.into(),
        version,
        ..Message::default()
    };
    let (message, actor) = (Some(state), None);
    match status {
        message::Status::Failed => event(id, version, &MessageFailed { message, actor }),
        _ => event(id, version, &MessageSent { message, actor }),
    }
}
