//! A service without its network: a real store of its own, a clock and a delivery-svc that are set by hand.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use chassis::{
    clock::Clock,
    consumer::{Arrival, Handler, Taken, take_in},
    idempotency::{Request, Scope},
    inbox,
    store::{Error as StoreError, Store},
};
use futures::future::BoxFuture;
use order_svc::{
    adapters::{
        events::{DeliveryEvents, ShopEvents},
        store,
    },
    app::{
        BookOutstanding, Bookings, ListStuckOrders, Read, ResumeOrder, Tx,
        cancel_order::CancelOrder,
        expire_orders::ExpireOrders,
        list_stuck_orders::Patience,
        place_order::{Command, Deadlines, Fallback, PlaceOrder},
        ports::{Booked, Booking, CancelledDelivery, NoAnswer},
        resolve_bookings::ResolveBookings,
    },
    domain::{Actor, Caller, NewLine, NewOrder, Order, Recipient, actor::ActorKind},
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::database::{Kept, On};

pub const SHOP: Uuid = Uuid::from_u128(0xA);
pub const PHONE: Uuid = Uuid::from_u128(0xB);
pub const CUSTOMER: &str = "customer-1";
pub const BOOKING_DEADLINE: std::time::Duration = std::time::Duration::from_millis(610);
pub const STUCK_AFTER: std::time::Duration = std::time::Duration::from_mins(5);
pub const SHIP_REMINDER: std::time::Duration = std::time::Duration::from_hours(72);
pub const SAGA_DEADLINE: std::time::Duration = std::time::Duration::from_hours(24);

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

type BookAnswer = Result<Booked, NoAnswer>;
type CancelAnswer = Result<Option<CancelledDelivery>, NoAnswer>;

/// A delivery-svc that answers as it was told, and remembers what it was asked.
#[derive(Default)]
pub struct HandBookings {
    pub booked: Mutex<Vec<Booking>>,
    /// What was left of the booking deadline, for each booking.
    pub left: Mutex<Vec<std::time::Duration>>,
    /// How long a booking takes; nobody waits for it.
    pub takes: Mutex<std::time::Duration>,
    pub book_answers: Mutex<VecDeque<BookAnswer>>,
    pub cancel_answers: Mutex<VecDeque<CancelAnswer>>,
    pub cancelled: Mutex<Vec<Uuid>>,
    /// What happens while the next booking is made.
    pub meanwhile: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl HandBookings {
    pub fn answer(&self, answers: impl IntoIterator<Item = BookAnswer>) {
        self.book_answers.lock().expect("unpoisoned").extend(answers);
    }

    pub fn answer_cancel(&self, answer: CancelAnswer) {
        self.cancel_answers.lock().expect("unpoisoned").push_back(answer);
    }

    pub fn ids(&self) -> Vec<Uuid> {
        self.booked.lock().expect("unpoisoned").iter().map(|booking| booking.order_id).collect()
    }
}

#[async_trait::async_trait]
impl Bookings for HandBookings {
    async fn book(&self, booking: Booking, left: std::time::Duration) -> BookAnswer {
        self.booked.lock().expect("unpoisoned").push(booking);
        self.left.lock().expect("unpoisoned").push(left);
        let takes = *self.takes.lock().expect("unpoisoned");
        if !takes.is_zero() {
            tokio::time::pause();
            tokio::time::advance(takes).await;
            tokio::time::resume();
        }
        let meanwhile = self.meanwhile.lock().expect("unpoisoned").take();
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        self.book_answers.lock().expect("unpoisoned").pop_front().unwrap_or(Ok(Booked::Yes))
    }

    async fn cancel(&self, order: &Order, by: &Actor, reason: &str) -> CancelAnswer {
        self.cancelled.lock().expect("unpoisoned").push(order.id);
        let told = CancelledDelivery { by: by.clone(), reason: reason.to_owned() };
        self.cancel_answers.lock().expect("unpoisoned").pop_front().unwrap_or(Ok(Some(told)))
    }
}

pub struct World {
    pub kept: Kept,
    pub store: Store<dyn Tx>,
    pub read: Arc<dyn Read>,
    pub clock: Arc<HandClock>,
    pub bookings: Arc<HandBookings>,
    stock: Arc<dyn Handler<dyn Tx>>,
    delivery: Arc<dyn Handler<dyn Tx>>,
}

impl World {
    pub async fn open(on: On) -> Self {
        Self::over_kept(Kept::open(on).await)
    }

    pub fn over_kept(kept: Kept) -> Self {
        Self::over(kept, Arc::new(HandClock(AtomicI64::new(1_000_000))), Arc::default())
    }

    /// Another process on the same database, with the same clock and delivery-svc; on SQLite, which has one process, this
    /// one again.
    pub async fn replica(&self) -> Self {
        Self::over(self.kept.again().await, Arc::clone(&self.clock), Arc::clone(&self.bookings))
    }

    fn over(kept: Kept, clock: Arc<HandClock>, bookings: Arc<HandBookings>) -> Self {
        let (store, read) = (store::store(&kept.database), store::reads(&kept.database));
        let stock = Arc::new(ShopEvents::new(clock.clone()));
        let delivery = Arc::new(DeliveryEvents::new(clock.clone()));
        Self { kept, store, read, clock, bookings, stock, delivery }
    }

    pub fn place(&self) -> PlaceOrder {
        self.place_or(Fallback::Reject)
    }

    pub fn place_or(&self, fallback: Fallback) -> PlaceOrder {
        PlaceOrder::new(
            self.store.clone(),
            Arc::clone(&self.read),
            self.bookings.clone(),
            self.clock.clone(),
            Deadlines { booking: BOOKING_DEADLINE, saga: SAGA_DEADLINE },
            fallback,
        )
    }

    pub fn book_outstanding(&self) -> BookOutstanding {
        let bookings = self.bookings.clone();
        BookOutstanding::new(self.store.clone(), bookings, self.clock.clone(), BOOKING_DEADLINE)
    }

    pub fn resume(&self) -> ResumeOrder {
        ResumeOrder::new(Arc::clone(&self.read), self.book_outstanding(), self.expire())
    }

    pub fn stuck(&self) -> ListStuckOrders {
        let patience = Patience { placed: STUCK_AFTER, confirmed: SHIP_REMINDER };
        ListStuckOrders::new(Arc::clone(&self.read), self.clock.clone(), patience)
    }

    pub fn cancel(&self) -> CancelOrder {
        CancelOrder::new(self.store.clone(), self.bookings.clone(), self.clock.clone())
    }

    pub fn resolve(&self) -> ResolveBookings {
        ResolveBookings::new(self.store.clone(), self.clock.clone())
    }

    pub fn expire(&self) -> ExpireOrders {
        ExpireOrders::new(self.store.clone(), Arc::clone(&self.read), self.clock.clone())
    }

    pub async fn placed(&self) -> Order {
        self.place().run(command(None, 1)).await.expect("placed")
    }

    /// An order that was taken while delivery-svc was away.
    pub async fn unbooked(&self) -> Order {
        self.unbooked_with(command(None, 1)).await
    }

    /// The same for a command.
    pub async fn unbooked_with(&self, command: Command) -> Order {
        self.bookings.answer([Err(NoAnswer::Unavailable)]);
        self.place_or(Fallback::Accept).run(command).await.expect("taken")
    }

    /// How many recipients are kept.
    pub async fn recipients(&self) -> i64 {
        self.kept.count("SELECT count(*) FROM outstanding_booking").await
    }

    /// What is kept of reservations beside orders.
    pub async fn reservations(&self) -> i64 {
        self.kept.count("SELECT (SELECT count(*) FROM held_reservation) + (SELECT count(*) FROM held_line)").await
    }

    /// Hands an event of shop-svc in, as its consumer would.
    pub async fn hear_stock(&self, event: inbox::Event) -> Taken {
        take_in(&self.store, &self.stock, self.clock.as_ref(), arrival("shop"), Arc::new(event)).await
    }

    /// Hands an event of delivery-svc in, as its consumer would.
    pub async fn hear_delivery(&self, event: inbox::Event) -> Taken {
        take_in(&self.store, &self.delivery, self.clock.as_ref(), arrival("delivery"), Arc::new(event)).await
    }

    pub async fn order(&self, id: Uuid) -> Order {
        self.read.order(id).await.expect("the store").expect("the order")
    }

    pub async fn confirmed(&self) -> Order {
        let order = self.placed().await;
        assert_eq!(self.hear_stock(crate::events::reserved(order.id, 1)).await, Taken::Done);
        self.order(order.id).await
    }

    /// Events that were put aside.
    pub async fn dead_letters(&self) -> i64 {
        self.kept.count("SELECT count(*) FROM dead_letter").await
    }

    /// The events written so far: short names and versions, in order.
    pub async fn written(&self) -> Vec<(String, i64)> {
        let short = |kind: String| kind.rsplit('.').next().unwrap_or_default().to_owned();
        self.kept.events().await.into_iter().map(|(kind, version, _)| (short(kind), version)).collect()
    }

    /// Claims an id as delivery-svc's question would.
    pub async fn void(&self, id: Uuid) -> Result<Vec<(Uuid, Option<Order>)>, StoreError> {
        self.resolve().run(vec![id]).await
    }
}

fn arrival(producer: &'static str) -> Arrival<'static> {
    Arrival { consumer: "order-svc", producer, attempt: Some(1) }
}

pub fn customer() -> Actor {
    Actor { kind: ActorKind::Customer, id: CUSTOMER.to_owned() }
}

pub fn operator() -> Actor {
    Actor { kind: ActorKind::Operator, id: "operator-1".to_owned() }
}

pub fn as_customer(id: &str) -> Caller {
    Caller { id: id.to_owned(), customer: true, works_at: None, operator: false }
}

pub fn as_staff(shop_id: Uuid) -> Caller {
    Caller { id: "staff-1".to_owned(), customer: false, works_at: Some((shop_id, ActorKind::Staff)), operator: false }
}

/// A key of the customer's.
pub fn key(key: &str) -> Request {
    let scope = Scope {
        issuer: "tword".to_owned(),
        subject: CUSTOMER.to_owned(),
        method: "/place".to_owned(),
        key: key.to_owned(),
    };
    Request { scope, hash: [0; 32], time: OffsetDateTime::UNIX_EPOCH }
}

/// Two units of one phone, with a key or without, to an address that `body` makes another one.
pub fn command(with_key: Option<&str>, body: u8) -> Command {
    Command::new(customer(), new_order(body), with_key.map(key))
}

/// Two units of one phone, to an address that `body` makes another one.
pub fn new_order(body: u8) -> NewOrder {
    let recipient = Recipient {
        name: "Hong Gildong".to_owned(),
        phone_number: "+82 10-1234-5678".to_owned(),
        address: format!("{body} Sejong-daero"),
    };
    let line = NewLine { phone_id: PHONE, quantity: 2, expected_unit_price: None, serials: Vec::new() };
    NewOrder { shop_id: SHOP, lines: vec![line], recipient }
}
