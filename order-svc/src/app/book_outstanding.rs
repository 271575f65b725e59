//! Books what was taken while delivery-svc was away, as soon as it answers.
//!
//! Whoever tries a booking takes it first, in a transaction of its own, so that of several replicas one does; should it
//! die, another takes it over a moment later. A booking is bound to its order's id and hash: made twice it is one.

use std::{sync::Arc, time::Duration};

use chassis::{
    clock::Clock,
    refusal::chain,
    store::{self, Store},
};
use futures::future::join_all;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    ports::{Booked, Bookings, DueBooking, NoAnswer, Tx},
    settle_booking::settle,
};
use crate::domain::{Actor, Order};

/// How long a booking stays with who took it, beyond the booking's own deadline.
const MARGIN: Duration = Duration::from_secs(1);
/// Bookings that are tried side by side at most: one that succeeds lets the double follow.
const WIDEST: u32 = 16;
/// Rounds of one sweep at most; what is left waits for the next one.
const ROUNDS: usize = 64;
/// The longest that a booking is put off which fails by its own fault.
const LONGEST: Duration = Duration::from_mins(5);

/// Books outstanding deliveries.
#[derive(Clone)]
pub struct BookOutstanding {
    store: Store<dyn Tx>,
    bookings: Arc<dyn Bookings>,
    clock: Arc<dyn Clock>,
    deadline: Duration,
}

/// What became of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is booked, and the order as far as it goes with that.
    Booked,
    /// Nothing was left to do: the order is booked or final, or another replica tries.
    Passed,
    /// delivery-svc did not answer.
    Unanswered(NoAnswer),
    /// delivery-svc refused it, or its order cannot go on; it is tried again, ever more seldom.
    Refused,
}

impl BookOutstanding {
    /// Takes outstanding bookings in `store`, makes each with `bookings` within `deadline`, and keeps what follows.
    pub fn new(store: Store<dyn Tx>, bookings: Arc<dyn Bookings>, clock: Arc<dyn Clock>, deadline: Duration) -> Self {
        Self { store, bookings, clock, deadline }
    }

    /// One sweep. It tries one booking, and more of them only while delivery-svc answers: one that is half dead is not
    /// stormed. A booking that cannot be made keeps no other from it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self) -> Result<(), store::Error> {
        let mut width = 1;
        for _round in 0..ROUNDS {
            let taken = self.take_due(width).await?;
            if taken.is_empty() {
                break;
            }
            let actor = Actor::service(crate::NAME);
            let tries = join_all(taken.iter().map(|taken| self.make(taken, &actor))).await;
            let mut answered = true;
            for tried in tries {
                answered &= !matches!(tried?, Tried::Unanswered(_));
            }
            if !answered {
                break;
            }
            width = (width * 2).min(WIDEST);
        }
        Ok(())
    }

    /// Tries one booking for `actor`, be it due or not.
    ///
    /// # Errors
    /// The database failed.
    pub async fn book(&self, due: &DueBooking, actor: &Actor) -> Result<Tried, store::Error> {
        if self.take(due.clone()).await? { self.make(due, actor).await } else { Ok(Tried::Passed) }
    }

    /// Makes a booking that was taken.
    async fn make(&self, due: &DueBooking, actor: &Actor) -> Result<Tried, store::Error> {
        let id = due.booking.order_id;
        match self.bookings.book(due.booking.clone(), self.deadline).await {
            Ok(Booked::Yes) => match self.settle(id, actor.clone()).await {
                Err(error @ (store::Error::Inconsistent(_) | store::Error::Panicked)) => {
                    self.refused(due, &chain(&error)).await
                }
                settled => settled,
            },
            Ok(Booked::Cancelled) => self.refused(due, "its delivery is cancelled").await,
            Ok(Booked::Mismatch) => self.refused(due, "its id is booked for another request").await,
            Err(error @ NoAnswer::Defect(_)) => self.refused(due, &error.to_string()).await,
            Err(error @ (NoAnswer::Unavailable | NoAnswer::DeadlineExceeded)) => Ok(Tried::Unanswered(error)),
        }
    }

    async fn take_due(&self, limit: u32) -> Result<Vec<DueBooking>, store::Error> {
        let now = self.clock.now();
        let until = now + self.deadline + MARGIN;
        self.store.run(move |tx| Box::pin(async move { tx.take_due_bookings(now, until, limit).await })).await
    }

    async fn take(&self, due: DueBooking) -> Result<bool, store::Error> {
        let until = self.clock.now() + self.deadline + MARGIN;
        self.store
            .run(move |tx| {
                let due = due.clone();
                Box::pin(async move { tx.take_booking(&due, until).await })
            })
            .await
    }

    async fn settle(&self, id: Uuid, actor: Actor) -> Result<Tried, store::Error> {
        let now = self.clock.now();
        let settled = self.store.run(move |tx| {
            let actor = actor.clone();
            Box::pin(async move { settle(tx, id, &actor, now).await })
        });
        let settled: Option<Order> = settled.await?;
        let Some(order) = settled else { return Ok(Tried::Passed) };
        tracing::info!(order_id = %id, status = order.status.name(), "outstanding booking made");
        Ok(Tried::Booked)
    }

    /// Where the order is final by now, its delivery was cancelled because of that, and nothing is put off.
    async fn refused(&self, due: &DueBooking, cause: &str) -> Result<Tried, store::Error> {
        let (id, until) = (due.booking.order_id, put_off(self.clock.now(), due.faults));
        self.store.run(move |tx| Box::pin(async move { tx.put_off_booking(id, until).await })).await?;
        tracing::warn!(order_id = %id, cause, "outstanding booking refused");
        Ok(Tried::Refused)
    }
}

/// Twice as long after each fault.
fn put_off(now: OffsetDateTime, faults: u32) -> OffsetDateTime {
    now + Duration::from_secs(1 << faults.min(16)).min(LONGEST)
}
