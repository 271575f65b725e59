//! A service with one small proto service of its own, on ports that the system chooses.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use chassis::{
    audit, dead_letter, inbox,
    outbox::{self, LoggedEvent},
    recovery,
    relay::{Head, Log},
    service::{Bound, Error, Service},
    store::{self, Backend, Job, Store, Tx},
};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Status, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use super::trial::{HANG, RULES, Trial};
use crate::settings::options;

/// Far longer than anything here takes; it only turns a hang into a failure.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for something that must come.
pub async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(PATIENCE, what).await.expect("in time")
}

/// A service that has not bound its ports.
pub struct Parts {
    pub service: Service<dyn Tx>,
    ready: watch::Sender<bool>,
    hanging: watch::Sender<usize>,
    release: watch::Sender<bool>,
    folder: TempDir,
}

impl Parts {
    /// With settings beside the defaults; ports are the system's choice unless they say otherwise.
    pub async fn new(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (ready, hanging, release) = (watch::Sender::new(true), watch::Sender::new(0), watch::Sender::new(false));
        let log = Arc::new(Database { ready: ready.subscribe() });
        let store = Store::new(Arc::new(NoStore) as Arc<dyn Backend<dyn Tx>>);
        let mut service =
            Service::new("order", options(&folder, "order-svc", settings), store, log).await.expect("a service");
        service.serve(Trial { hanging: hanging.clone(), release: release.subscribe() });
        service.rules(RULES);
        Self { service, ready, hanging, release, folder }
    }

    /// Binds and runs.
    pub async fn run(self) -> World {
        let bound = self.service.bind().await.expect("bound");
        let (grpc, admin) = bound.addresses().expect("addresses");
        let (stop, requests) = mpsc::unbounded_channel();
        let running = tokio::spawn(Bound::run_until(bound, UnboundedReceiverStream::new(requests)));
        let channel = Channel::from_shared(format!("http://{grpc}")).expect("a URL").connect_lazy();
        World {
            grpc,
            admin,
            channel,
            stop,
            running,
            ready: self.ready,
            hanging: self.hanging,
            release: self.release,
            _folder: self.folder,
        }
    }

    /// The database goes away.
    pub fn unready(self) -> Self {
        self.ready.send_replace(false);
        self
    }
}

/// A running service.
pub struct World {
    pub grpc: SocketAddr,
    pub admin: SocketAddr,
    pub channel: Channel,
    /// Takes requests to stop, as signals are.
    pub stop: mpsc::UnboundedSender<&'static str>,
    pub running: JoinHandle<Result<(), Error>>,
    /// Whether the database answers.
    pub ready: watch::Sender<bool>,
    /// How many calls hang.
    hanging: watch::Sender<usize>,
    /// Lets hanging calls answer.
    pub release: watch::Sender<bool>,
    _folder: TempDir,
}

impl World {
    pub async fn start(settings: &[&str]) -> Self {
        Parts::new(settings).await.run().await
    }

    /// Calls a method of the service's own.
    pub async fn call(&self, method: &'static str) -> Result<(), Status> {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = http::uri::PathAndQuery::from_static(method);
        client
            .unary(tonic::Request::new(()), path, ProstCodec::<(), ()>::default())
            .await
            .map(tonic::Response::into_inner)
    }

    /// Begins a call that hangs, and waits until its handler does.
    pub async fn hang(&self) -> JoinHandle<Result<(), Status>> {
        let mut hanging = self.hanging.subscribe();
        let before = *hanging.borrow_and_update();
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        let call = tokio::spawn(async move {
            client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            let path = http::uri::PathAndQuery::from_static(HANG);
            let codec = ProstCodec::<(), ()>::default();
            client.unary(tonic::Request::new(()), path, codec).await.map(tonic::Response::into_inner)
        });
        soon(hanging.wait_for(|now| *now > before)).await.expect("a hanging call");
        call
    }

    pub async fn health(&self, service: &str) -> Result<ServingStatus, Status> {
        let request = HealthCheckRequest { service: service.to_owned() };
        Ok(HealthClient::new(self.channel.clone()).check(request).await?.into_inner().status())
    }

    /// The health of the whole server, now and each time it changes.
    pub async fn watch(&self) -> tonic::Streaming<HealthCheckResponse> {
        let request = HealthCheckRequest::default();
        HealthClient::new(self.channel.clone()).watch(request).await.expect("a stream").into_inner()
    }

    /// Waits until the server is SERVING.
    pub async fn serving(&self) {
        let mut health = self.watch().await;
        while next(&mut health).await != Some(ServingStatus::Serving) {}
    }
}

/// The next health that is told; none where the stream has ended.
pub async fn next(health: &mut tonic::Streaming<HealthCheckResponse>) -> Option<ServingStatus> {
    soon(health.message()).await.ok().flatten().map(|response| response.status())
}

/// A log whose database answers when it is told to.
struct Database {
    ready: watch::Receiver<bool>,
}

#[async_trait::async_trait]
impl Log for Database {
    async fn epochs(&self) -> Result<Vec<Head>, store::Error> {
        self.ping().await.map(|()| Vec::new())
    }

    async fn unnumbered(&self) -> Result<bool, store::Error> {
        self.ping().await.map(|()| false)
    }

    async fn read(
        &self,
        _epoch: Uuid,
        _after: i64,
        _limit: u32,
        _max: usize,
    ) -> Result<Vec<LoggedEvent>, store::Error> {
        self.ping().await.map(|()| Vec::new())
    }

    async fn appended(&self) {
        std::future::pending::<()>().await;
    }

    async fn stopped(&self) {
        std::future::pending::<()>().await;
    }

    fn measure(&self) {}

    async fn ping(&self) -> Result<(), store::Error> {
        if *self.ready.borrow() { Ok(()) } else { Err(store::Error::Unavailable("on purpose".into())) }
    }
}

#[async_trait::async_trait]
impl outbox::Read for Database {
    async fn unpublished(&self, _after: i64, _rows: i64) -> Result<Vec<outbox::Unpublished>, store::Error> {
        self.ping().await.map(|()| Vec::new())
    }

    async fn backlog(&self) -> Result<outbox::Backlog, store::Error> {
        self.ping().await.map(|()| outbox::Backlog::default())
    }

    async fn versions(&self, _: Uuid, _: i64, _: i64, _: usize) -> Result<Vec<outbox::Version>, store::Error> {
        self.ping().await.map(|()| Vec::new())
    }
}

#[async_trait::async_trait]
impl inbox::Read for Database {
    async fn seen(&self, _producer: &str, _epoch: Uuid, _head: i64) -> Result<inbox::Seen, store::Error> {
        self.ping().await.map(|()| inbox::Seen::default())
    }

    async fn highest(&self, _producer: &str) -> Result<i64, store::Error> {
        self.ping().await.map(|()| 0)
    }
}

#[async_trait::async_trait]
impl dead_letter::Read for Database {
    async fn letters(&self, _query: &dead_letter::Query) -> Result<Vec<dead_letter::Kept>, store::Error> {
        self.ping().await.map(|()| Vec::new())
    }

    async fn letter(&self, _event_id: Uuid) -> Result<Option<dead_letter::Kept>, store::Error> {
        self.ping().await.map(|()| None)
    }

    async fn waiting(&self) -> Result<i64, store::Error> {
        self.ping().await.map(|()| 0)
    }
}

#[async_trait::async_trait]
impl audit::Read for Database {
    async fn records(&self, _query: &audit::Query) -> Result<Vec<audit::Entry>, store::Error> {
        self.ping().await.map(|()| Vec::new())
    }
}

#[async_trait::async_trait]
impl recovery::Read for Database {
    async fn standing(&self) -> Result<recovery::Standing, store::Error> {
        Ok(recovery::Standing::Live)
    }

    async fn losses(&self, _: Option<&recovery::Loss>, _rows: i64) -> Result<Vec<recovery::Loss>, store::Error> {
        self.ping().await.map(|()| Vec::new())
    }
}

/// A store that is always away: nothing here writes.
struct NoStore;

#[async_trait::async_trait]
impl Backend<dyn Tx> for NoStore {
    async fn submit(&self, _job: Box<dyn Job<dyn Tx>>) -> Result<(), store::Error> {
        Err(store::Error::Unavailable("on purpose".into()))
    }
}
