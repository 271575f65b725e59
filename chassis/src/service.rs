//! The composition of a service: its settings, store, routes, rules and background tasks, run until told to stop.

mod error;
mod recover;
mod run;
mod sweep;
mod tasks;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::IntoResponse;
use futures::future::BoxFuture;
use http::Request;
use proto::ops::v1::{
    event_log_service_server::EventLogServiceServer, operations_service_server::OperationsServiceServer,
};
use tokio_util::sync::CancellationToken;
use tonic::{
    body::Body,
    server::NamedService,
    service::{Routes, RoutesBuilder},
};

use crate::{
    auth::{self, Rule, ServiceTokens},
    broker::Broker,
    client::Mesh,
    clock::{Clock, SystemClock},
    config::{Options, Purpose},
    consumer::{CaughtUp, Consumer, Handler, Reach},
    event_log::{self, EventLog},
    idempotency,
    operations::{self, Consumed, Operations, gauges},
    recovery::{Halt, TakeBack},
    relay::Relay,
    server::drain::Unread,
    store::{Reads, Store, Tx},
};

pub use error::Error;
pub use run::Bound;
use tasks::Tasks;

/// Why a sweep failed.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A service while it is put together.
pub struct Service<T: ?Sized> {
    context: &'static str,
    name: String,
    options: Options,
    broker: Broker,
    store: Store<T>,
    log: Arc<dyn Reads>,
    clock: Arc<dyn Clock>,
    mesh: Mesh,
    verifier: Arc<auth::Verifier>,
    routes: RoutesBuilder,
    served: Vec<&'static str>,
    rules: Vec<&'static [Rule]>,
    consumed: Vec<Consumed<T>>,
    tasks: Tasks,
    consumers: Tasks,
    unread: Unread,
    halt: Halt,
    take_back: Option<Arc<dyn TakeBack<T>>>,
}

impl<T: Tx + ?Sized + 'static> Service<T> {
    /// A service of a context, such as `order` (then it is called `order-svc`), over its store and the reads of its
    /// database. Reads the keys, and begins to connect to the broker in the background.
    ///
    /// # Errors
    /// A key or a URL of the settings cannot be used.
    pub async fn new(
        context: &'static str,
        options: Options,
        store: Store<T>,
        log: Arc<dyn Reads>,
    ) -> Result<Self, Error> {
        let verifier = Arc::new(auth::Verifier::open(options.auth())?);
        let name = format!("{context}-svc");
        let key_file = options.service_key_file.clone();
        let tokens = ServiceTokens::open(&name, &options.issuer, &options.service_audience, key_file)?;
        tokens.believed_by(&verifier).map_err(|refused| not_its_own_key(&name, &options, refused))?;
        let mesh = Mesh::connect_lazy(&options.mesh_url, tokens)
            .map_err(|error| Error::Configuration(format!("--mesh-url: {error}")))?
            .calling(&[EventLogServiceServer::<EventLog>::NAME]);
        let broker = Broker::connect(&name, &options)
            .await
            .map_err(|error| Error::Configuration(format!("--nats-url: {error}")))?;
        let mut service = Self {
            context,
            name,
            options,
            broker,
            store,
            log,
            clock: Arc::new(SystemClock),
            mesh,
            verifier,
            routes: Routes::builder(),
            served: Vec::new(),
            rules: vec![auth::OPEN, event_log::RULES, operations::RULES],
            consumed: Vec::new(),
            tasks: Tasks::default(),
            consumers: Tasks::default(),
            unread: Arc::new(|| 0),
            halt: Halt::default(),
            take_back: None,
        };
        service.produce();
        service.watch_store();
        Ok(service)
    }

    /// Consumes another context's events; answers how far it has caught up.
    pub fn consume(&mut self, producer: &'static str, handler: impl Handler<T>) -> CaughtUp {
        let reach = Reach {
            broker: self.broker.clone(),
            mesh: self.mesh.clone(),
            clock: self.clock(),
            repair_interval: self.options.repair_interval,
        };
        let handler: Arc<dyn Handler<T>> = Arc::new(handler);
        let consumer = Consumer::new(&self.name, producer, self.store.clone(), Arc::clone(&handler), reach);
        let (durable, caught_up) = (consumer.durable().to_owned(), consumer.caught_up());
        self.consumed.push(Consumed { producer, durable, handler, caught_up: caught_up.clone() });
        self.consumers.add(format!("consumer of {producer}"), move |drain| Box::pin(consumer.run(drain)));
        caught_up
    }

    /// Says how the service takes its own events back into a database that was restored to an older point.
    pub fn takes_back(&mut self, take_back: impl TakeBack<T>) {
        self.take_back = Some(Arc::new(take_back));
    }

    /// Publishes the service's own events, and serves them to whoever missed one.
    fn produce(&mut self) {
        let relay = Relay {
            store: self.store.clone(),
            log: self.log.clone(),
            broker: self.broker.clone(),
            producer: self.context,
            clock: self.clock(),
            halt: self.halt.clone(),
        };
        self.background("relay", move |drain| Box::pin(relay.run(drain)));
        self.serve(EventLogServiceServer::new(EventLog::new(self.log.clone(), self.halt.clone())));
    }

    /// Ends the process with its store, and forgets answers that are no longer replayed.
    fn watch_store(&mut self) {
        let log = Arc::clone(&self.log);
        self.background("store", move |drain| {
            Box::pin(async move {
                tokio::select! {
                    () = log.stopped() => {}
                    () = drain.cancelled() => {}
                }
            })
        });
        let (store, clock) = (self.store.clone(), self.clock());
        self.every("forgotten answers", idempotency::FORGET_PERIOD, move || {
            Box::pin(idempotency::forget_old(store.clone(), clock.now()))
        });
    }

    /// Serves operators, once everything that is consumed is known.
    fn operate(&mut self) {
        let (reads, clock) = (Arc::clone(&self.log), self.clock());
        self.every("gauges", gauges::PERIOD, move || Box::pin(gauges::set(Arc::clone(&reads), Arc::clone(&clock))));
        let operations = Operations {
            store: self.store.clone(),
            reads: Arc::clone(&self.log),
            consumed: std::mem::take(&mut self.consumed),
            broker: self.broker.clone(),
            mesh: self.mesh(),
            clock: self.clock(),
        };
        self.serve(OperationsServiceServer::new(operations));
    }

    /// The machine's clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The way to other services.
    pub fn mesh(&self) -> Mesh {
        self.mesh.clone()
    }

    /// Serves a proto service.
    pub fn serve<S>(&mut self, server: S)
    where
        S: tower::Service<Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.served.push(S::NAME);
        self.routes.add_service(server);
    }

    /// Adds a table of who may call what. A method that no table names is refused to everybody.
    pub fn rules(&mut self, rules: &'static [Rule]) {
        self.rules.push(rules);
    }

    /// Runs `sweep` at once and then every `period` until the drain. A late sweep is skipped, not made up for. A
    /// failure is logged when it begins and when it is over.
    pub fn every<F>(&mut self, name: &'static str, period: Duration, sweep: F)
    where
        F: Fn() -> BoxFuture<'static, Result<(), Cause>> + Send + Sync + 'static,
    {
        self.background(name, move |drain| Box::pin(sweep::every(name, period, sweep, drain)));
    }

    /// Runs `task` beside the server. It ends once its token is cancelled; if it ends earlier, the process fails.
    pub fn background<F>(&mut self, name: impl Into<String>, task: F)
    where
        F: FnOnce(CancellationToken) -> BoxFuture<'static, ()> + Send + 'static,
    {
        self.tasks.add(name.into(), task);
    }

    /// Counts streams that have ended and cannot be told so, since nobody reads them: a drain does not wait for those.
    pub fn unread_streams(&mut self, count: impl Fn() -> usize + Send + Sync + 'static) {
        self.unread = Arc::new(count);
    }

    /// Binds both ports, serves until SIGTERM or SIGINT, and drains; or recovers the database, where that is its purpose.
    ///
    /// # Errors
    /// The database has to be recovered first, a port is taken, a part of the service failed, or the drain ran into its hard
    /// deadline.
    pub async fn run(self) -> Result<(), Error> {
        let signals = crate::server::drain::signals().map_err(Error::Signals)?;
        match self.options.purpose {
            Purpose::Serve => self.bind().await?.run_until(signals).await,
            Purpose::Recover => Box::pin(self.recover(signals)).await,
        }
    }
}

/// A service that nobody would believe is stopped before it does anything.
fn not_its_own_key(name: &str, options: &Options, refused: auth::Refused) -> Error {
    Error::Configuration(format!(
        "--service-key-file: {} is not the key that --service-jwks ({}) has for {name}, or there is none ({refused}); \
         give {name} its own private key, and its public key the kid {name}",
        options.service_key_file.display(),
        options.service_jwks.display(),
    ))
}
