//! Binding, serving and draining a service.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures::{Stream, future::BoxFuture};
use tokio::{net::TcpListener, task::JoinSet};
use tonic::service::Routes;

use super::{
    Error, Service,
    tasks::{Running, Tasks},
};
use crate::{
    auth,
    deadline::Deadlines,
    refusal::chain,
    server::{
        self, Limit, Observe, Stack, admin,
        drain::{self, Limits, Phases, Unread},
        health::{Health, Probe},
    },
    store::Tx,
    telemetry,
};

/// How often histograms are emptied into their buckets, so that they take no memory while nobody reads them.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// A service that holds its ports and can be run.
pub struct Bound {
    listener: TcpListener,
    admin: TcpListener,
    routes: Routes,
    stack: Stack,
    health: Health,
    probe: Probe,
    tasks: Tasks,
    unread: Unread,
    limits: Limits,
    restored: BoxFuture<'static, Error>,
}

impl<T: Tx + ?Sized + 'static> Service<T> {
    /// Binds both ports, before anything runs.
    ///
    /// # Errors
    /// A port is taken, or the rules contradict each other.
    pub async fn bind(mut self) -> Result<Bound, Error> {
        telemetry::metrics()?;
        self.stands().await?;
        self.operate();
        let restored = self.found_out();
        self.tasks.append(self.consumers);
        let listener = listen("gRPC", "--listen", self.options.listen).await?;
        let admin = listen("admin HTTP", "--admin-listen", self.options.admin_listen).await?;
        let rules = auth::Rules::merge(&self.rules)?;
        let health = Health::new(&self.served).await;
        self.routes.add_service(health.server());
        if self.options.reflection {
            server::reflect(&mut self.routes, &self.served)?;
        }
        let log = Arc::clone(&self.log);
        Ok(Bound {
            listener,
            admin,
            routes: self.routes.routes(),
            stack: Stack {
                auth: auth::Authorize::new(self.verifier, rules),
                deadlines: Deadlines::new(self.options.call_timeout),
                limit: Limit::new(self.options.max_calls),
                observe: Observe::new(&self.served),
                max_streams_per_connection: self.options.max_streams_per_connection,
            },
            health,
            probe: Arc::new(move || {
                let log = Arc::clone(&log);
                Box::pin(async move {
                    log.measure();
                    log.ping().await.map_err(Into::into)
                })
            }),
            tasks: self.tasks,
            unread: self.unread,
            limits: Limits { delay: self.options.drain_delay, timeout: self.options.drain_timeout },
            restored,
        })
    }
}

impl Bound {
    /// Where gRPC and the admin HTTP are served; tells the ports where 0 was asked for.
    ///
    /// # Errors
    /// The system does not know its own sockets.
    pub fn addresses(&self) -> Result<(SocketAddr, SocketAddr), std::io::Error> {
        Ok((self.listener.local_addr()?, self.admin.local_addr()?))
    }

    /// Serves until a request to stop, then drains. See [`drain::drain`] for what further requests do.
    ///
    /// # Errors
    /// A part of the service failed, or the drain ran into its hard deadline.
    pub async fn run_until(
        mut self,
        mut requests: impl Stream<Item = &'static str> + Send + Unpin,
    ) -> Result<(), Error> {
        let limits = self.limits;
        let phases = Phases::default();
        let restored = std::mem::replace(&mut self.restored, Box::pin(std::future::pending()));
        // Metrics can be read to the end, so this is no task that the drain waits for.
        let (mut running, _admin) = self.start(&phases)?;
        let (limits, failed) = tokio::select! {
            request = drain::next(&mut requests) => {
                tracing::info!(request, "draining");
                (limits, None)
            }
            found = restored => {
                tracing::error!(cause = chain(&found), "the service may not go on, stopping");
                (Limits { delay: Duration::ZERO, ..limits }, Some(found))
            }
            ended = running.next() => {
                let ended = ended.unwrap_or_else(|| "everything".to_owned());
                tracing::error!(task = ended, "a task ended by itself, stopping");
                // Nothing is gained by going on for the sake of a rolling update.
                (Limits { delay: Duration::ZERO, ..limits }, Some(Error::Ended(ended)))
            }
        };
        let drained = drain::drain(&phases, limits, &mut requests, running.finish()).await;
        match (failed, drained) {
            (Some(failed), _) => Err(failed),
            (None, Err(drain::Cut)) => Err(Error::Cut { after: limits.timeout, what: running.names() }),
            (None, Ok(())) => {
                tracing::info!("drained");
                Ok(())
            }
        }
    }

    fn start(self, phases: &Phases) -> Result<(Running, JoinSet<()>), Error> {
        let metrics = telemetry::metrics()?;
        let serving = self.health.serving();
        let mut running = self.tasks.start(&phases.stopping);
        running.spawn("health".to_owned(), self.health.follow(self.probe, phases.clone()));
        let stopping = phases.stopping.clone();
        running.spawn("metrics upkeep".to_owned(), async move {
            let mut ticks = tokio::time::interval(METRICS_UPKEEP);
            while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
                telemetry::measure();
                metrics.run_upkeep();
            }
        });
        let addresses = (self.listener.local_addr(), self.admin.local_addr());
        if let (Ok(grpc), Ok(admin)) = addresses {
            tracing::info!(%grpc, %admin, version = env!("CARGO_PKG_VERSION"), "listening");
        }
        let left =
            drain::only_unread(phases.stopping.clone(), self.limits, self.stack.observe.in_flight(), self.unread);
        let server = server::serve(self.listener, self.routes, self.stack, phases.stopping.clone().cancelled_owned());
        running.spawn("gRPC server".to_owned(), async move {
            tokio::select! {
                ended = server => if let Err(error) = ended {
                    tracing::error!(cause = chain(&error), "the gRPC server failed");
                },
                // Their connections end with the process.
                streams = left => tracing::warn!(streams, "streams that nobody reads are dropped"),
            }
        });
        let mut admin = JoinSet::new();
        admin.spawn(async move {
            if let Err(error) = admin::serve(self.admin, metrics.clone(), serving).await {
                tracing::error!(cause = chain(&error), "the admin HTTP failed");
            }
        });
        Ok((running, admin))
    }
}

async fn listen(what: &'static str, flag: &'static str, address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|source| Error::Bind { what, flag, address, source })
}
