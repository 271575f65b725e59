//! mypage-svc: what a customer sees of its orders, deliveries and messages, in one place.

pub mod adapters;
pub mod app;
mod config;
pub mod domain;

use std::{sync::Arc, time::Duration};

use chassis::{
    Program,
    client::Mesh,
    service::{Error, Service},
    store::{Database, Store},
};
use proto::mypage::v1::{
    my_page_operations_service_server::MyPageOperationsServiceServer, my_page_service_server::MyPageServiceServer,
};
use tokio::sync::Notify;

pub use crate::config::Config;
use crate::{
    adapters::{
        access,
        events::Projection,
        grpc::MyPage,
        metrics,
        operations::Operations,
        producers::ProducerLog,
        store::{self, MIGRATIONS},
        take_back::NoEvents,
    },
    app::{
        AdvanceAsOf, BuildCopy, ClearCopies, GetMyOrder, HearChanges, ListMyOrders, LookForWatches, Read,
        RebuildMyPage, Tx, WatchMyOrders, Watches, announced, ports::Producer,
    },
};

/// The name of this service.
pub const NAME: &str = "mypage-svc";
/// Its name and ports.
pub const PROGRAM: Program = Program::new(NAME, "127.0.0.1:8085", "127.0.0.1:9085").migrations(MIGRATIONS);

/// Those whose events are kept.
const PRODUCERS: [&str; 3] = ["order", "delivery", "notify"];
/// How often it is noted by when everything is complete.
const AS_OF_PERIOD: Duration = Duration::from_secs(1);
/// How often it is looked for watches of which nothing is taken.
const CUT_OFF_PERIOD: Duration = Duration::from_secs(1);
/// How often some rows of copies that are served no more are deleted.
const CLEAR_PERIOD: Duration = Duration::from_secs(1);
const METRICS_PERIOD: Duration = Duration::from_secs(5);

/// Runs the service until the process is told to stop.
///
/// # Errors
/// It could not start, or had to end.
pub async fn run(config: Config) -> Result<(), Error> {
    let database = Database::open(&config.chassis, MIGRATIONS).await?;
    let (store, reads) = (store::store(&database), store::reads(&database));
    let watches = Watches::new(config.limits());
    let mut service = Service::new("mypage", config.chassis.clone(), store.clone(), database.log()).await?;

    service.rules(access::RULES);
    serve_customers(&mut service, &reads, &watches);
    serve_operators(&mut service, &store, &reads);
    hear(&mut service, &database, &reads, &watches, config.watch_poll);
    keep_watches(&mut service, &watches);
    service.takes_back(NoEvents::new(service.clock()));
    let consume = |producer| service.consume(producer, Projection);
    let as_of = Arc::new(AdvanceAsOf::new(store, PRODUCERS.map(consume).into()));
    service.every("as-of time", AS_OF_PERIOD, move || {
        let as_of = Arc::clone(&as_of);
        Box::pin(async move { Ok(as_of.run().await?) })
    });
    let clock = service.clock();
    metrics::describe();
    service.every("metrics", METRICS_PERIOD, move || {
        let set = metrics::set(Arc::clone(&reads), watches.clone(), Arc::clone(&clock));
        Box::pin(async move { Ok(set.await?) })
    });
    service.run().await
}

fn serve_customers(service: &mut Service<dyn Tx>, reads: &Arc<dyn Read>, watches: &Watches) {
    service.serve(MyPageServiceServer::new(MyPage::new(
        GetMyOrder::new(Arc::clone(reads)),
        ListMyOrders::new(Arc::clone(reads)),
        WatchMyOrders::new(Arc::clone(reads), watches.clone(), service.clock()),
    )));
}

/// Rebuilds: asked for, built, and what was before cleared.
fn serve_operators(service: &mut Service<dyn Tx>, store: &Store<dyn Tx>, reads: &Arc<dyn Read>) {
    let wake = Arc::new(Notify::new());
    let rebuild = RebuildMyPage::new(store.clone(), service.clock(), Arc::clone(&wake));
    service.serve(MyPageOperationsServiceServer::new(Operations::new(rebuild, Arc::clone(reads))));

    let build = BuildCopy::new(store.clone(), producers(&service.mesh()), service.clock());
    service.background("rebuild", move |drain| Box::pin(build.work(wake, drain)));
    let clear = ClearCopies::new(store.clone());
    service.every("copies served no more", CLEAR_PERIOD, move || {
        let clear = clear.clone();
        Box::pin(async move { Ok(clear.run().await?) })
    });
}

fn producers(mesh: &Mesh) -> Vec<Arc<dyn Producer>> {
    PRODUCERS.map(|producer| Arc::new(ProducerLog::new(producer, mesh)) as Arc<dyn Producer>).into()
}

/// Wakes watches for what any process on this database wrote: at once where it is heard of, else every so often.
fn hear(
    service: &mut Service<dyn Tx>,
    database: &Database,
    reads: &Arc<dyn Read>,
    watches: &Watches,
    period: Duration,
) {
    let look = LookForWatches::new(Arc::clone(reads), watches.clone());
    let (hear, heard) =
        (HearChanges::new(watches.clone(), look.clone()), database.announcements().hear(announced::TOPIC));
    service.background("changes", move |drain| {
        Box::pin(async move {
            drain.run_until_cancelled(hear.run(heard)).await;
        })
    });
    service.every("watches", period, move || {
        let look = look.clone();
        Box::pin(async move { Ok(look.run().await?) })
    });
}

/// Ends watches of which nothing is taken, and all of them with this process.
fn keep_watches(service: &mut Service<dyn Tx>, watches: &Watches) {
    let (cut, clock) = (watches.clone(), service.clock());
    service.every("cut-off of watches", CUT_OFF_PERIOD, move || {
        metrics::watches_cut_off(&cut, cut.cut_off(clock.now()));
        Box::pin(std::future::ready(Ok(())))
    });
    let unread = watches.clone();
    service.unread_streams(move || unread.unread());
    let watches = watches.clone();
    service.background("end of watches", move |drain| {
        Box::pin(async move {
            drain.cancelled().await;
            watches.close();
        })
    });
}
