//! A service without its network: a real store in a folder of its own, and a clock that is set by hand.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chassis::{
    clock::Clock,
    consumer::{Failure, Handler},
    idempotency::Keyed,
    inbox,
    store::{
        Error, Store,
        sqlite::{Sqlite, Tx as SqliteTx},
    },
};
use delivery_svc::{
    MIGRATIONS,
    adapters::{events::OrderEvents, store::sqlite::Reads},
    app::{
        Changed, Read, StaffChangeError, Tx,
        book_delivery::{self, BookDelivery},
        cancel_delivery::{self, CancelDelivery},
        complete_delivery::{self, CompleteDelivery},
        ports::Addressed,
        ship_delivery::{self, ShipDelivery},
        viewer::Staff,
    },
    domain::{
        actor::{Actor, Role},
        delivery::{Booking, Cancellation, Delivery},
        recipient::{Address, Name, PhoneNumber, Recipient},
        tracking::Tracking,
    },
};
use prost::Message;
use proto::{
    actor::v1::{Actor as ActorMessage, actor::Kind},
    order::v1::{
        Order, OrderCancelled, OrderConfirmed, OrderDelivered, OrderPlaced, OrderRejected, OrderShipped,
        order::{RejectReason, Status},
    },
};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub const SHOP: Uuid = Uuid::from_u128(0xA);
pub const CUSTOMER: &str = "customer-1";
/// What must never leave the row it stands in.
pub const PERSONAL: [&str; 3] = ["Hong Gildong", "+82 10-1234-5678", "110 Sejong-daero"];

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
    _folder: TempDir,
    sqlite: Sqlite,
    pub store: Store<dyn Tx>,
    pub reads: Arc<dyn Read>,
    pub clock: Arc<HandClock>,
    handler: Arc<dyn Handler<dyn Tx>>,
}

impl World {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("delivery.db").display());
        let sqlite = Sqlite::open(&url, &MIGRATIONS).await.expect("a database");
        let clock = Arc::new(HandClock(AtomicI64::new(1_000_000)));
        Self {
            store: sqlite.store(|tx| tx as &mut dyn Tx),
            reads: Arc::new(Reads::new(sqlite.reads())),
            handler: Arc::new(OrderEvents::new(clock.clone())),
            _folder: folder,
            sqlite,
            clock,
        }
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

    pub async fn completed(&self, id: Uuid) -> Result<Changed, StaffChangeError> {
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
        let statement = "SELECT kind, version FROM outbox WHERE aggregate_id = ? ORDER BY position";
        sqlx::query_as(statement).bind(id).fetch_all(&self.sqlite.reads()).await.expect("events")
    }

    /// What happened to one delivery, in short.
    pub async fn kinds(&self, id: Uuid) -> Vec<String> {
        let history = self.history(id).await;
        let short = |kind: &str| kind.trim_start_matches("tword.delivery.v1.Delivery").to_owned();
        history.iter().map(|(kind, _)| short(kind)).collect()
    }

    /// Everything in the file that is neither a delivery nor about one by its id.
    pub async fn dump_outside_deliveries(&self) -> Vec<Vec<u8>> {
        let statement =
            "SELECT body FROM outbox UNION ALL SELECT answer FROM answer UNION ALL SELECT body FROM dead_letter";
        sqlx::query_scalar(statement).fetch_all(&self.sqlite.reads()).await.expect("rows")
    }

    /// Gives a delivery's recipient another name, as a correction would.
    pub async fn rename_recipient(&self, id: Uuid, name: &'static str) {
        let store: Store<SqliteTx> = self.sqlite.store(|tx| tx);
        let renamed = store.run(move |tx| {
            Box::pin(async move {
                let statement = sqlx::query("UPDATE delivery SET recipient_name = ? WHERE delivery_id = ?");
                let written = statement.bind(name).bind(id).execute(tx.connection()).await?;
                Ok::<_, Error>(written.rows_affected())
            })
        });
        assert_eq!(renamed.await.expect("written"), 1);
    }

    /// How the database would run a query.
    pub async fn plan(&self, statement: &'static str) -> String {
        let rows: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(statement).fetch_all(&self.sqlite.reads()).await.expect("a plan");
        rows.into_iter().map(|row| row.3).collect::<Vec<_>>().join("; ")
    }
}

pub fn recipient() -> Recipient {
    let [name, phone_number, address] = PERSONAL;
    Recipient::new(
        Name::new(name).expect("a name"),
        PhoneNumber::new(phone_number).expect("a phone number"),
        Address::new(address).expect("an address"),
    )
}

pub fn booking(id: Uuid) -> Booking {
    Booking { id, request_hash: [7; 32], shop_id: SHOP, customer_id: CUSTOMER.into() }
}

pub fn book_command(id: Uuid) -> book_delivery::Command {
    book_delivery::Command { booking: booking(id), recipient: recipient() }
}

pub fn cancellation(reason: &str) -> Cancellation {
    Cancellation { by: Actor::customer(CUSTOMER), reason: reason.into() }
}

pub fn cancel_command(id: Uuid, reason: &str) -> cancel_delivery::Command {
    let (delivery_id, shop_id, customer_id) = (id, SHOP, CUSTOMER.into());
    cancel_delivery::Command { delivery_id, shop_id, customer_id, cancellation: cancellation(reason) }
}

pub fn staff() -> Staff {
    Staff { shop_id: SHOP, actor: Actor { role: Role::Staff, id: "staff-1".into() } }
}

pub fn tracking() -> Tracking {
    Tracking::new("CJ", "123-456").expect("valid")
}

pub fn ship_command(id: Uuid) -> ship_delivery::Command {
    ship_delivery::Command { delivery_id: id, tracking: tracking(), staff: staff() }
}

pub fn order_at(id: Uuid, status: Status) -> Order {
    let mut order = Order {
        order_id: id.to_string(),
        customer_id: CUSTOMER.into(),
        shop_id: SHOP.to_string(),
        status: status.into(),
        ..Order::default()
    };
    match status {
        Status::Rejected => order.reject_reason = RejectReason::OutOfStock.into(),
        Status::Cancelled => {
            order.cancelled_by = Some(ActorMessage { kind: Kind::Customer.into(), id: CUSTOMER.into() });
            order.cancel_reason = "changed my mind".into();
        }
        Status::Shipped | Status::Delivered => (order.carrier, order.tracking_number) = ("CJ".into(), "123-456".into()),
        Status::Unspecified | Status::Placed | Status::Confirmed => {}
    }
    order
}

/// The event of an order that came to `status`; the same event for the same arguments.
pub fn order_event(id: Uuid, status: Status) -> inbox::Event {
    let order = Some(order_at(id, status));
    let actor = Some(ActorMessage { kind: Kind::Service.into(), id: "order-svc".into() });
    let (kind, body) = match status {
        Status::Placed => ("OrderPlaced", OrderPlaced { order, actor }.encode_to_vec()),
        Status::Confirmed => ("OrderConfirmed", OrderConfirmed { order, actor }.encode_to_vec()),
        Status::Rejected => ("OrderRejected", OrderRejected { order, actor }.encode_to_vec()),
        Status::Cancelled => ("OrderCancelled", OrderCancelled { order, actor }.encode_to_vec()),
        Status::Shipped => ("OrderShipped", OrderShipped { order, actor }.encode_to_vec()),
        Status::Delivered => ("OrderDelivered", OrderDelivered { order, actor }.encode_to_vec()),
        Status::Unspecified => panic!("no event has this status"),
    };
    event(id, status as u16, &format!("tword.order.v1.{kind}"), body)
}

pub fn event(aggregate_id: Uuid, number: u16, kind: &str, body: Vec<u8>) -> inbox::Event {
    let id = Uuid::from_u128(aggregate_id.as_u128() << 16 | u128::from(number));
    inbox::Event {
        id,
        producer: "order".into(),
        epoch: Uuid::from_u128(1),
        sequence: i64::try_from(id.as_u128()).expect("small ids in tests"),
        kind: kind.into(),
        aggregate_id,
        time: OffsetDateTime::UNIX_EPOCH,
        traceparent: None,
        body: body.into(),
    }
}
