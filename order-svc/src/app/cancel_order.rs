//! Cancel: while PLACED order-svc decides alone; a CONFIRMED order's delivery decides the race with its shipment.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    idempotency::{Answer, Keyed, Reused},
    store::{self, Store},
};
use uuid::Uuid;

use super::ports::{Bookings, CancelledDelivery, NoAnswer, Tx};
use crate::domain::{Actor, Caller, Order, Status, actor::ActorKind, order::Refused};

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
    /// Delivery-svc, which decides, does not answer.
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
        tracing::info!(order_id = %command.order_id, "order is to be cancelled");
        let (order, actor) = match self.decide(command.clone(), keyed.clone()).await? {
            Decision::Answered(answer) => return Ok(answer),
            Decision::AskDelivery(order, actor) => (order, actor),
        };
        match self.bookings.cancel(&order, &actor, &command.reason).await? {
            Some(cancelled) => self.follow(order.id, cancelled, keyed).await,
            None => Err(Refused::AlreadyShipped.into()),
        }
    }

    async fn decide(&self, command: Command, keyed: Keyed<Order>) -> Result<Decision, Error> {
        let now = self.clock.now();
        self.store
            .run(move |tx| {
                let (command, keyed) = (command.clone(), keyed.clone());
                Box::pin(async move {
                    if let Some(answer) = keyed.replay::<_, Error>(tx).await? {
                        return Ok(Decision::Answered(answer));
                    }
                    let order = tx.order(command.order_id).await?.ok_or(Error::NotFound)?;
                    let actor = authorised(&command, &order)?;
                    if order.status == Status::Confirmed {
                        return Ok(Decision::AskDelivery(Box::new(order), actor));
                    }
                    let changes = order.cancel(actor, command.reason, now)?;
                    tx.save(&changes).await?;
                    let order = changes.into_iter().next_back().map_or(order, |change| change.order);
                    Ok(Decision::Answered(keyed.record(tx, order).await?))
                })
            })
            .await
    }

    /// The delivery is cancelled: so is the order, by whoever cancelled the delivery first.
    async fn follow(
        &self,
        order_id: Uuid,
        cancelled: CancelledDelivery,
        keyed: Keyed<Order>,
    ) -> Result<Answer<Order>, Error> {
        let now = self.clock.now();
        self.store
            .run(move |tx| {
                let (cancelled, keyed) = (cancelled.clone(), keyed.clone());
                Box::pin(async move {
                    if let Some(answer) = keyed.replay::<_, Error>(tx).await? {
                        return Ok(answer);
                    }
                    let order = tx.order(order_id).await?.ok_or(Error::NotFound)?;
                    let changes = order.cancel(cancelled.by, cancelled.reason, now)?;
                    tx.save(&changes).await?;
                    let order = changes.into_iter().next_back().map_or(order, |change| change.order);
                    Ok(keyed.record(tx, order).await?)
                })
            })
            .await
    }
}

fn authorised(command: &Command, order: &Order) -> Result<Actor, Error> {
    if !command.caller.may_see(order) {
        return Err(Error::NotFound);
    }
    let actor = command.caller.acts_on(order).ok_or(Error::Forbidden)?;
    if actor.kind != ActorKind::Customer && command.reason.is_empty() {
        return Err(Error::ReasonMissing);
    }
    Ok(actor)
}
