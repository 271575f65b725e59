//! What orders tell this service: stock follows them, and their shop sees them.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    consumer::{Failure, Handler},
    inbox::Event,
};
use futures::future::BoxFuture;
use prost::Name;
use proto::order::v1;

use crate::{
    adapters::convert::orders,
    app::{Tx, project_order, release_stock, reserve_stock, sell_stock},
    domain::{
        Order,
        order::{Effect, Status},
    },
};

/// Handles the events of order-svc.
pub struct OrderEvents {
    clock: Arc<dyn Clock>,
}

impl OrderEvents {
    /// The handler; `clock` tells whether an order comes after its `reserve_by`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl Handler<dyn Tx> for OrderEvents {
    fn handle<'a>(&'a self, tx: &'a mut (dyn Tx + 'static), event: &'a Event) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let Some((order, effect)) = read(event)? else { return Ok(()) };
            let order = orders::order(order.as_ref()).map_err(|wrong| Failure::Fault(wrong.to_string()))?;
            if order.id != event.aggregate_id {
                return Err(Failure::Fault(format!(
                    "the event is of {} and tells of {}",
                    event.aggregate_id, order.id
                )));
            }
            project_order::run(tx, &order).await?;
            self.follow(tx, &order, effect).await
        })
    }
}

impl OrderEvents {
    async fn follow(&self, tx: &mut dyn Tx, order: &Order, effect: Effect) -> Result<(), Failure> {
        let now = self.clock.now();
        match effect {
            Effect::Reserve => Ok(reserve_stock::run(tx, order, now).await?),
            Effect::Nothing => Ok(()),
            Effect::Release => Ok(release_stock::run(tx, order, now).await?),
            Effect::Sell => Ok(sell_stock::run(tx, order, now).await?),
        }
    }
}

/// The order that an event tells of; none where the event is of a kind that was unknown when this was written.
fn read(event: &Event) -> Result<Option<(Option<v1::Order>, Effect)>, Failure> {
    macro_rules! read {
        ($($message:ident => $status:ident,)*) => {
            $(
                if event.kind == v1::$message::full_name() {
                    return Ok(Some((event.decode::<v1::$message>()?.order, Status::$status.effect())));
                }
            )*
        };
    }
    read! {
        OrderPlaced => Placed,
        OrderConfirmed => Confirmed,
        OrderRejected => Rejected,
        OrderCancelled => Cancelled,
        OrderShipped => Shipped,
        OrderDelivered => Delivered,
    }
    Ok(None)
}

impl From<release_stock::Error> for Failure {
    fn from(error: release_stock::Error) -> Self {
        match error {
            release_stock::Error::Refused(refused) => Self::Fault(refused.to_string()),
            release_stock::Error::Store(error) => error.into(),
        }
    }
}

impl From<sell_stock::Error> for Failure {
    fn from(error: sell_stock::Error) -> Self {
        match error {
            sell_stock::Error::NotReserved => Self::Early(error.to_string()),
            sell_stock::Error::Refused(refused) => Self::Fault(refused.to_string()),
            sell_stock::Error::Store(error) => error.into(),
        }
    }
}
