//! Cancel: while PLACED order-svc decides alone; a CONFIRMED order's delivery decides the race with its shipment.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    idempotency::{Answer, Keyed, Reused},
    store::{self, Store},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    audit,
    ports::{Bookings, CancelledDelivery, NoAnswer, Tx},
};
use crate::domain::{
    Actor, Caller, Order,
    actor::ActorKind,
    order::{Decider, Refused},
};

/// Why an order was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the caller may not see it.
    #[error("order was not found")]
    NotFound,
    /// The caller may see it, no more.
    #[error("only the order's customer and its shop's staff may cancel it")]
    Forbidden,
    /// The shop's staff must say why.
    #[error("staff must give a reason")]
    ReasonMissing,
    /// Its state does not allow it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Delivery-svc, which decides, does not answer: the delivery may be cancelled or not. Where it is, the order
    /// follows it, by a repeated call or by its event.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The key belongs to another request.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Who cancels what, and why.
#[derive(Clone, Debug)]
pub struct Command {
    /// Who.
    pub caller: Caller,
    /// What.
    pub order_id: Uuid,
    /// Why; may be empty for a customer.
    pub reason: String,
}

/// Cancels orders.
pub struct CancelOrder {
    store: Store<dyn Tx>,
    bookings: Arc<dyn Bookings>,
    clock: Arc<dyn Clock>,
}

/// What an order is cancelled by.
#[derive(Clone)]
struct Cancel {
    command: Command,
    keyed: Keyed<Order>,
    now: OffsetDateTime,
}

/// What the first look at the order decided.
enum Decision {
    Answered(Answer<Order>),
    /// The order is CONFIRMED: its delivery decides.
    AskDelivery(Box<Order>, Actor),
}

impl CancelOrder {
    /// Cancels orders in `store`, and their deliveries through `bookings`.
    pub fn new(store: Store<dyn Tx>, bookings: Arc<dyn Bookings>, clock: Arc<dyn Clock>) -> Self {
        Self { store, bookings, clock }
    }

    /// Cancels an order once.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command, keyed: Keyed<Order>) -> Result<Answer<Order>, Error> {
        let cancel = Cancel { command, keyed, now: self.clock.now() };
        let (order, actor) = match self.decide(cancel.clone()).await? {
            Decision::Answered(answer) => return Ok(answer),
            Decision::AskDelivery(order, actor) => (order, actor),
        };
        match self.bookings.cancel(&order, &actor, &cancel.command.reason).await? {
            Some(cancelled) => self.follow(Cancel { now: self.clock.now(), ..cancel }, cancelled).await,
            None => Err(Refused::AlreadyShipped.into()),
        }
    }

    async fn decide(&self, cancel: Cancel) -> Result<Decision, Error> {
        self.store
            .run(move |tx| {
                let cancel = cancel.clone();
                Box::pin(async move {
                    let (order, replayed) = cancel.look(tx).await?;
                    if let Some(answer) = replayed {
                        return Ok(Decision::Answered(answer));
                    }
                    let actor = authorised(&cancel.command, &order)?;
                    match order.status.cancel_decider() {
                        Decider::Delivery => Ok(Decision::AskDelivery(Box::new(order), actor)),
                        Decider::Order => {
                            let reason = cancel.command.reason.clone();
                            Ok(Decision::Answered(cancel.keep(tx, order, actor, reason).await?))
                        }
                    }
                })
            })
            .await
    }

    /// The delivery is cancelled: so is the order, by whoever cancelled the delivery first.
    async fn follow(&self, cancel: Cancel, cancelled: CancelledDelivery) -> Result<Answer<Order>, Error> {
        self.store
            .run(move |tx| {
                let (cancel, cancelled) = (cancel.clone(), cancelled.clone());
                Box::pin(async move {
                    let (order, replayed) = cancel.look(tx).await?;
                    if let Some(answer) = replayed {
                        return Ok(answer);
                    }
                    cancel.keep(tx, order, cancelled.by, cancelled.reason).await
                })
            })
            .await
    }
}

impl Cancel {
    /// The order, where the caller may see it, and what was answered to the key before. For a replay it is checked as
    /// well: the caller's shop may be another one by now. The order comes first: a call with the same key may hold it.
    async fn look(&self, tx: &mut dyn Tx) -> Result<(Order, Option<Answer<Order>>), Error> {
        let order = tx.order(self.command.order_id).await?;
        let replayed = self.keyed.replay::<_, Error>(tx).await?;
        let order = order.filter(|order| self.command.caller.may_see(order)).ok_or(Error::NotFound)?;
        Ok((order, replayed))
    }

    /// Keeps the order as cancelled, with the answer.
    async fn keep(&self, tx: &mut dyn Tx, order: Order, by: Actor, reason: String) -> Result<Answer<Order>, Error> {
        let changes = order.cancel(by.clone(), reason, self.now)?;
        tx.save(&changes).await?;
        let after = changes.into_iter().next_back().map_or_else(|| order.clone(), |change| change.order);
        audit::changed(tx, &by, "CancelOrder", (&order, &after), self.now).await?;
        Ok(self.keyed.record(tx, after).await?)
    }
}

fn authorised(command: &Command, order: &Order) -> Result<Actor, Error> {
    let actor = command.caller.acts_on(order).ok_or(Error::Forbidden)?;
    if actor.kind != ActorKind::Customer && command.reason.is_empty() {
        return Err(Error::ReasonMissing);
    }
    Ok(actor)
}
