//! Place: book the delivery, then keep the order. A success is an order for ever.
//!
//! Where delivery-svc does not answer, [`Fallback`] decides: the customer is turned away, or the order is taken with its
//! booking outstanding. Such an order has a new id that no call has carried: a booking that a lost call left under the
//! old one belongs to nobody, and delivery-svc voids it.

use std::{sync::Arc, time::Duration};

use chassis::{
    clock::Clock,
    idempotency::{Request, RequestHash, Reused},
    store::{self, Store},
};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    audit,
    ports::{Booked, Booking, Bookings, Claim, DueBooking, NoAnswer, Placed, Read, Tx},
    void_id::{Stands, void},
};
use crate::domain::{
    Actor, Change, NewOrder, Order, order_id,
    placing::{self, Replay},
};

/// Why no order was placed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The booking was lost, and the replacement too, or the booking deadline was spent; no order was kept.
    #[error("the delivery could not be booked in time")]
    NotBooked,
    /// Delivery-svc does not answer; no order was kept.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The key belongs to another request.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// The key was voided too often.
    #[error("the idempotency key is worn out")]
    KeyWornOut,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Who places what, and with which key.
#[derive(Clone, Debug)]
pub struct Command {
    customer: Actor,
    order: NewOrder,
    /// SHA-256 of the canonical command: binds the key and the booking to what is wanted.
    hash: RequestHash,
    request: Option<Request>,
}

impl Command {
    /// A command; whatever `request` was hashed over, its key is bound to `order` and to nothing else.
    pub fn new(customer: Actor, order: NewOrder, request: Option<Request>) -> Self {
        let hash = Sha256::digest(order.canonical()).into();
        Self { customer, order, hash, request: request.map(|request| Request { hash, ..request }) }
    }

    fn booking(&self, order_id: Uuid) -> Booking {
        Booking {
            order_id,
            hash: self.hash,
            shop_id: self.order.shop_id,
            customer_id: self.customer.id.clone(),
            recipient: self.order.recipient.clone(),
        }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Booking the delivery, a lost booking and its replacement included.
    pub booking: Duration,
    /// Reserving the stock.
    pub saga: Duration,
}

/// What happens to orders while delivery-svc does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Customers are turned away and told when to come back.
    Reject,
    /// Orders are taken, and booked as soon as delivery-svc answers.
    Accept,
}

/// Places orders.
pub struct PlaceOrder {
    store: Store<dyn Tx>,
    read: Arc<dyn Read>,
    bookings: Arc<dyn Bookings>,
    clock: Arc<dyn Clock>,
    deadlines: Deadlines,
    fallback: Fallback,
}

/// What became of the id that an order was to have.
enum Kept {
    Order(Box<Order>),
    Voided,
}

/// An id that an order may have.
struct Open {
    id: Uuid,
    generation: u32,
    taken: Taken,
}

/// Whether an order has the id, yet not the key that it follows from: it was taken back after a restore, without its key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Yes,
    No,
}

impl PlaceOrder {
    /// Keeps orders in `store` once `bookings` has booked them, both within `deadlines`; where it does not answer,
    /// `fallback` decides.
    pub fn new(
        store: Store<dyn Tx>,
        read: Arc<dyn Read>,
        bookings: Arc<dyn Bookings>,
        clock: Arc<dyn Clock>,
        deadlines: Deadlines,
        fallback: Fallback,
    ) -> Self {
        Self { store, read, bookings, clock, deadlines, fallback }
    }

    /// Places an order, or answers the one that this key placed before.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command) -> Result<Order, Error> {
        if let Some(order) = self.placed_before(&command).await? {
            return Ok(order);
        }
        match (self.book_and_keep(&command).await, self.fallback) {
            (Err(Error::NotBooked | Error::NoAnswer(NoAnswer::Unavailable)), Fallback::Accept) => {
                self.take_unbooked(&command).await
            }
            (outcome, Fallback::Accept | Fallback::Reject) => outcome,
        }
    }

    async fn book_and_keep(&self, command: &Command) -> Result<Order, Error> {
        let mut generation = 0;
        let begun = Instant::now();
        for _attempt in 0..placing::ATTEMPTS {
            let open = self.open_id(command, generation).await?;
            let id = open.id;
            match self.book(id, command, begun).await? {
                Booked::Yes => match self.keep(self.order(id, command), open.taken, command).await? {
                    Kept::Order(order) => {
                        tracing::info!(order_id = %order.id, "order placed");
                        return Ok(*order);
                    }
                    Kept::Voided => {}
                },
                Booked::Cancelled => {
                    if let Some(order) = self.void(id, command).await? {
                        return Ok(order);
                    }
                }
                Booked::Mismatch => return Err(Reused.into()),
            }
            generation = open.generation + 1;
        }
        Err(Error::NotBooked)
    }

    /// Takes the order with its booking outstanding, unless its key placed one.
    async fn take_unbooked(&self, command: &Command) -> Result<Order, Error> {
        let order = self.order(new_id(), command).unbooked();
        match self.keep(order, Taken::No, command).await? {
            Kept::Order(order) => {
                tracing::info!(order_id = %order.id, "order placed, its booking is outstanding");
                Ok(*order)
            }
            // Nobody else knows the id.
            Kept::Voided => Err(Error::NotBooked),
        }
    }

    fn order(&self, id: Uuid, command: &Command) -> Order {
        let now = self.clock.now();
        Order::place(id, command.customer.id.clone(), &command.order, now, now + self.deadlines.saga)
    }

    async fn placed_before(&self, command: &Command) -> Result<Option<Order>, Error> {
        let Some(request) = &command.request else { return Ok(None) };
        replay(self.read.placed_with(&request.scope).await?, command)
    }

    /// The id of the key's first generation from `first` on that was not voided.
    async fn open_id(&self, command: &Command, first: u32) -> Result<Open, Error> {
        for generation in first..order_id::MAX_GENERATIONS {
            let id = order_id(command, generation);
            if command.request.is_none() {
                return Ok(Open { id, generation, taken: Taken::No });
            }
            let claim = self.read.claim(id).await?;
            if placing::is_open(claim) {
                let taken = if claim == Some(Claim::Order) { Taken::Yes } else { Taken::No };
                return Ok(Open { id, generation, taken });
            }
        }
        Err(Error::KeyWornOut)
    }

    /// Books the delivery in what is left of the deadline since booking was `begun`.
    async fn book(&self, id: Uuid, command: &Command, begun: Instant) -> Result<Booked, Error> {
        let left = self.deadlines.booking.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(Error::NotBooked);
        }
        let booking = command.booking(id);
        Ok(self.bookings.book(booking, left).await?)
    }

    /// Keeps the order, unless its id was voided meanwhile or its key placed one. Where the id is `taken`, delivery-svc has
    /// just said that the request is the one that its order was booked for: that one gets its key again.
    async fn keep(&self, order: Order, taken: Taken, command: &Command) -> Result<Kept, Error> {
        let placed = Change { order, actor: command.customer.clone() };
        let command = command.clone();
        self.store
            .run(move |tx| {
                let (placed, command) = (placed.clone(), command.clone());
                Box::pin(async move {
                    if let Some(request) = &command.request
                        && let Some(order) = replay(tx.placed_with(&request.scope).await?, &command)?
                    {
                        return Ok(Kept::Order(Box::new(order)));
                    }
                    let order = &placed.order;
                    if tx.claim(order.id, Claim::Order, order.create_time).await? == Claim::Void {
                        return Ok(Kept::Voided);
                    }
                    if let (Taken::Yes, Some(request)) = (taken, &command.request) {
                        // Where delivery-svc has lost the request too, what the order itself tells has to do.
                        let here = tx.order(order.id).await?.map(Order::as_placed);
                        if here.is_some_and(|here| (here.shop_id, &here.lines) != (order.shop_id, &order.lines)) {
                            return Err(Reused.into());
                        }
                        if let Some(adopted) = tx.adopt(order.id, request).await? {
                            return Ok(Kept::Order(Box::new(adopted.as_placed())));
                        }
                    }
                    tx.insert(&placed, command.request.as_ref()).await?;
                    if order.booking_outstanding() {
                        let (booking, due) = (command.booking(order.id), order.create_time);
                        tx.await_booking(&DueBooking { booking, due, faults: 0 }).await?;
                    }
                    audit::placed(tx, &placed, &command.order.recipient).await?;
                    Ok(Kept::Order(Box::new(placed.order)))
                })
            })
            .await
    }

    /// Writes the void of an id whose booking was cancelled; answers the order where the key placed one meanwhile, or had
    /// placed the one that has the id.
    async fn void(&self, id: Uuid, command: &Command) -> Result<Option<Order>, Error> {
        let (request, wanted, now) = (command.request.clone(), self.order(id, command), self.clock.now());
        let unit = self.store.run(move |tx| {
            let (request, wanted) = (request.clone(), wanted.clone());
            Box::pin(async move { void(tx, id, request.as_ref(), &wanted, now).await })
        });
        match unit.await? {
            Stands::Void => Ok(None),
            Stands::Key => self.placed_before(command).await,
            Stands::Order(order) => Ok(Some(*order)),
        }
    }
}

/// The order that the key placed before, as it was placed.
fn replay(placed: Option<Placed>, command: &Command) -> Result<Option<Order>, Error> {
    match placing::replay(placed.map(|Placed { order, hash }| (order, hash)), &command.hash) {
        Replay::New => Ok(None),
        Replay::Placed(order) => Ok(Some(*order)),
        Replay::Reused => Err(Reused.into()),
    }
}

/// With a key, the id follows from it; without one it is new, and nobody repeats the call.
fn order_id(command: &Command, generation: u32) -> Uuid {
    let Some(Request { scope, .. }) = &command.request else { return new_id() };
    let text = order_id::canonical(&scope.issuer, &scope.subject, &scope.method, &scope.key, generation);
    order_id::derived(Sha256::digest(text).into())
}

/// An id that no call has carried.
fn new_id() -> Uuid {
    order_id::derived(Sha256::digest(Uuid::now_v7().as_bytes()).into())
}
