//! A service without its network: a real store of its own, and a clock that is set by hand.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chassis::{
    clock::Clock,
    consumer::{Failure, Handler},
    idempotency::Keyed,
    inbox,
    store::Store,
};
use delivery_svc::{
    adapters::{events::OrderEvents, store},
    app::{
        ChangeError, Changed, Read, Tx,
        book_delivery::BookDelivery,
        cancel_delivery::CancelDelivery,
        complete_delivery::{self, CompleteDelivery},
        correct_recipient::CorrectRecipient,
        correct_tracking_number::CorrectTrackingNumber,
        erase_customer::{self, EraseCustomer, Erased},
        ports::Addressed,
        ship_delivery::ShipDelivery,
    },
    domain::delivery::Delivery,
};
use prost::Message;
use proto::{
    actor::v1::Actor as ActorMessage,
    delivery::v1::DeliveryUpdated,
    ops::v1::{AuditRecord, FieldChange},
    order::v1::order::Status,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    database::{Kept, On},
    samples::{CUSTOMER, book_command, correct_command, operator, order_event, ship_command, staff},
};

/// A clock that stands still until it is moved.
pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn pass(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.whole_microseconds()).expect("in range"), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::microseconds(self.0.load(Ordering::SeqCst))
    }
}

pub struct World {
    pub kept: Kept,
    pub store: Store<dyn Tx>,
    pub reads: Arc<dyn Read>,
    pub clock: Arc<HandClock>,
    handler: Arc<dyn Handler<dyn Tx>>,
}

impl World {
    pub async fn open(on: On) -> Self {
        Self::over_kept(Kept::open(on).await)
    }

    pub fn over_kept(kept: Kept) -> Self {
        Self::over(kept, Arc::new(HandClock(AtomicI64::new(1_000_000))))
    }

    /// Another process on the same database, with the same clock; on SQLite, which has one process, this one again.
    pub async fn replica(&self) -> Self {
        Self::over(self.kept.again().await, Arc::clone(&self.clock))
    }

    fn over(kept: Kept, clock: Arc<HandClock>) -> Self {
        let (store, reads) = (store::store(&kept.database), store::reads(&kept.database));
        let handler = Arc::new(OrderEvents::new(clock.clone()));
        Self { kept, store, reads, clock, handler }
    }

    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub fn book(&self) -> BookDelivery {
        BookDelivery::new(self.store.clone(), self.clock.clone())
    }

    pub fn cancel(&self) -> CancelDelivery {
        CancelDelivery::new(self.store.clone(), self.clock.clone())
    }

    pub fn ship(&self) -> ShipDelivery {
        ShipDelivery::new(self.store.clone(), self.clock.clone())
    }

    pub fn complete(&self) -> CompleteDelivery {
        CompleteDelivery::new(self.store.clone(), self.clock.clone())
    }

    pub fn correct_recipient(&self) -> CorrectRecipient {
        CorrectRecipient::new(self.store.clone(), self.clock.clone())
    }

    pub fn correct_tracking_number(&self) -> CorrectTrackingNumber {
        CorrectTrackingNumber::new(self.store.clone(), self.clock.clone())
    }

    pub fn erase(&self) -> EraseCustomer {
        EraseCustomer::new(self.store.clone(), Arc::clone(&self.reads), self.clock.clone())
    }

    /// Erases the customer of the samples.
    pub async fn erased(&self) -> Erased {
        let command = erase_customer::Command { customer_id: CUSTOMER.into(), operator: operator() };
        self.erase().run(command).await.expect("erased")
    }

    pub async fn booked(&self, id: Uuid) -> Delivery {
        self.book().run(book_command(id)).await.expect("booked")
    }

    pub async fn ready(&self, id: Uuid) -> Delivery {
        self.booked(id).await;
        self.take_in(&order_event(id, Status::Confirmed)).await.expect("confirmed");
        self.delivery(id).await
    }

    pub async fn shipped(&self, id: Uuid) -> Delivery {
        self.ready(id).await;
        self.ship().run(ship_command(id), Keyed::without_key()).await.expect("shipped");
        self.delivery(id).await
    }

    pub async fn delivered(&self, id: Uuid) -> Delivery {
        self.shipped(id).await;
        self.completed(id).await.expect("completed");
        self.delivery(id).await
    }

    pub async fn completed(&self, id: Uuid) -> Result<Changed, ChangeError> {
        let command = complete_delivery::Command { delivery_id: id, staff: staff() };
        self.complete().run(command, Keyed::without_key()).await
    }

    /// Takes an event in as a consumer does: once, with its effect, in one transaction.
    pub async fn take_in(&self, event: &inbox::Event) -> Result<(), Failure> {
        let (handler, event) = (Arc::clone(&self.handler), event.clone());
        let unit = self.store.run(move |tx| {
            let (handler, event) = (Arc::clone(&handler), event.clone());
            Box::pin(async move { if tx.admit(&event).await? { handler.handle(tx, &event).await } else { Ok(()) } })
        });
        unit.await
    }

    pub async fn find(&self, id: Uuid) -> Option<Addressed> {
        self.reads.delivery(id).await.expect("a read")
    }

    pub async fn delivery(&self, id: Uuid) -> Delivery {
        self.find(id).await.expect("a delivery").delivery
    }

    /// The kinds and versions of one delivery's events, oldest first.
    pub async fn history(&self, id: Uuid) -> Vec<(String, i64)> {
        self.kept.history(id).await
    }

    /// What happened to one delivery, in short.
    pub async fn kinds(&self, id: Uuid) -> Vec<String> {
        let history = self.history(id).await;
        let short = |kind: &str| kind.trim_start_matches("tword.delivery.v1.Delivery").to_owned();
        history.iter().map(|(kind, _)| short(kind)).collect()
    }

    /// Who caused the last event of one delivery, which is a `DeliveryUpdated`.
    pub async fn last_actor(&self, id: Uuid) -> ActorMessage {
        let body = self.kept.last_event(id).await;
        DeliveryUpdated::decode(body.as_slice()).expect("a DeliveryUpdated").actor.expect("an actor")
    }

    /// Everything in the database that is neither a delivery nor about one by its id.
    pub async fn dump_outside_deliveries(&self) -> Vec<Vec<u8>> {
        self.kept.dump_outside_deliveries().await
    }

    /// Gives a delivery's recipient another name, as its customer would.
    pub async fn rename_recipient(&self, id: Uuid, name: &str) -> Result<Changed, ChangeError> {
        self.correct_recipient().run(correct_command(id, name), Keyed::without_key()).await
    }

    /// Who did what to what, as the audit has it: role, person, action, subject.
    pub async fn audited(&self) -> Vec<[String; 4]> {
        self.kept.audited().await
    }

    /// What changed by each record of the audit: field, before, after, and whether it is personal.
    pub async fn audited_changes(&self) -> Vec<Vec<FieldChange>> {
        let rows = self.kept.audited_changes().await;
        rows.iter().map(|row| AuditRecord::decode(row.as_slice()).expect("a record").changes).collect()
    }
}
