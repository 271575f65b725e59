//! A service whose database was restored to an older point: found out, refused, recovered.

use std::sync::Arc;

use futures::{Stream, future::BoxFuture};
use tokio_util::sync::CancellationToken;

use super::{Error, Service};
use crate::{
    recovery::{Loss, Outcome, Recover, Standing},
    server::drain,
    store::{self, Reads, Tx},
};

/// Losses read at once.
const PAGE: i64 = 500;

impl<T: Tx + ?Sized + 'static> Service<T> {
    /// Refuses to serve from a database that has to be recovered first.
    pub(super) async fn stands(&self) -> Result<(), Error> {
        match self.log.standing().await? {
            Standing::Live => Ok(()),
            Standing::Restored => Err(self.restored("it is marked as such")),
            Standing::CatchingUp => Err(self.restored("its recovery has not come to its end")),
        }
    }

    /// Answers once it is found out that the database is older than what was told from it. It is marked: no start forgets.
    pub(super) fn found_out(&self) -> BoxFuture<'static, Error> {
        let (halt, store, service) = (self.halt.clone(), self.store.clone(), self.name.clone());
        Box::pin(async move {
            let found = halt.halted().await;
            let unit = store.run(|tx| Box::pin(async move { tx.stand(Standing::Restored).await }));
            let marked: Result<(), store::Error> = unit.await;
            marked.map_or_else(Error::Store, |()| Error::Restored { service, found })
        })
    }

    fn restored(&self, found: &str) -> Error {
        Error::Restored { service: self.name.clone(), found: found.to_owned() }
    }

    /// Takes the database back, catches up, and tells what could not be mended.
    pub(super) async fn recover(
        self,
        mut requests: impl Stream<Item = &'static str> + Send + Unpin,
    ) -> Result<(), Error> {
        let Some(take_back) = self.take_back else {
            return Err(Error::Configuration(format!("{} keeps nothing that could be taken back", self.name)));
        };
        let recover = Recover {
            service: self.name,
            context: self.context,
            store: self.store,
            log: Arc::clone(&self.log),
            broker: self.broker,
            clock: self.clock,
            take_back,
            caught_up: self.consumed.into_iter().map(|consumed| (consumed.producer, consumed.caught_up)).collect(),
        };
        let (drain, mut running) = (CancellationToken::new(), None);
        let outcome = tokio::select! {
            outcome = recover.run(|| running = Some(self.consumers.start(&drain))) => Some(outcome),
            _request = drain::next(&mut requests) => None,
        };
        drain.cancel();
        if let Some(mut running) = running {
            running.finish().await;
        }
        if let Some(outcome) = outcome {
            return Ok(tell(outcome?, self.log.as_ref()).await?);
        }
        println!("Interrupted: what was done stays done. Run recover again.");
        Ok(())
    }
}

/// Tells people what was done, and what is left for them to do.
async fn tell(outcome: Outcome, log: &dyn Reads) -> Result<(), store::Error> {
    let Outcome::Recovered { events } = outcome else {
        println!("Nothing to do: neither the database nor the stream tells of a restore.");
        return Ok(());
    };
    println!("Took back {events} events, began a new epoch and caught up. Start the service.");
    let mut last: Option<Loss> = None;
    loop {
        let losses = log.losses(last.as_ref(), PAGE).await?;
        if last.is_none() && losses.is_empty() {
            println!("Everything that its events tell is as it was.");
        } else if last.is_none() {
            println!("What could not be mended:");
        }
        for loss in &losses {
            println!("- {loss}");
        }
        match losses.into_iter().next_back() {
            Some(loss) => last = Some(loss),
            None => return Ok(()),
        }
    }
}
