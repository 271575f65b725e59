//! This service's own events, read back after a restore.

use chassis::{
    consumer::Failure,
    inbox::Event,
    recovery::{Loss, TakeBack, TakenBack},
};
use futures::future::BoxFuture;
use prost::Name;
use proto::notify::v1::{MessageFailed, MessageSent};

use crate::{
    adapters::convert::told,
    app::{Tx, take_back},
    domain::Told,
};

/// Takes back what this service told of its messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnEvents;

impl TakeBack<dyn Tx> for OwnEvents {
    fn take_back<'a>(
        &'a self,
        tx: &'a mut (dyn Tx + 'static),
        event: &'a Event,
    ) -> BoxFuture<'a, Result<TakenBack, Failure>> {
        Box::pin(async move {
            let told = read(event)?;
            if told.id != event.aggregate_id {
                let what = format!("the event is of {} and tells of {}", event.aggregate_id, told.id);
                return Err(Failure::Fault(what));
            }
            Ok(take_back::run(tx, told).await?)
        })
    }

    fn finish<'a>(&'a self, _tx: &'a mut (dyn Tx + 'static)) -> BoxFuture<'a, Result<Vec<Loss>, Failure>> {
        Box::pin(async { Ok(take_back::untold()) })
    }
}

/// What an event of this service tells.
fn read(event: &Event) -> Result<Told, Failure> {
    let message = if event.kind == MessageSent::full_name() {
        event.decode::<MessageSent>()?.message
    } else if event.kind == MessageFailed::full_name() {
        event.decode::<MessageFailed>()?.message
    } else {
        return Err(Failure::Fault(format!("{} is of a kind that this version does not know", event.kind)));
    };
    let message = message.ok_or_else(|| Failure::Fault("the event carries no message".to_owned()))?;
    told::message(&message, event.traceparent.clone()).map_err(|wrong| Failure::Fault(wrong.to_string()))
}
