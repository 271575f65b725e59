//! Taking the database back after a restore.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    consumer::Failure,
    inbox::Event,
    recovery::{Loss, TakeBack, TakenBack},
};
use futures::future::BoxFuture;

use crate::app::{Tx, take_back};

/// This service tells nobody anything: there are no events of its own to take back.
pub struct NoEvents {
    clock: Arc<dyn Clock>,
}

impl NoEvents {
    /// `clock` tells when a copy that is being built is given up.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl TakeBack<dyn Tx> for NoEvents {
    fn take_back<'a>(
        &'a self,
        _tx: &'a mut (dyn Tx + 'static),
        event: &'a Event,
    ) -> BoxFuture<'a, Result<TakenBack, Failure>> {
        let what = format!("{} is said to be of this service, which has no events", event.kind);
        Box::pin(std::future::ready(Err(Failure::Fault(what))))
    }

    fn finish<'a>(&'a self, tx: &'a mut (dyn Tx + 'static)) -> BoxFuture<'a, Result<Vec<Loss>, Failure>> {
        Box::pin(async move { Ok(take_back::finish(tx, self.clock.now()).await?) })
    }
}
