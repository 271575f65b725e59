//! shop-svc: what dealerships sell. Shops, phones, serial-numbered units, and the stock that orders hold.

pub mod adapters;
pub mod app;
pub mod domain;

use std::{sync::Arc, time::Duration};

use chassis::{
    Program,
    service::{Error, Service},
    store::Database,
};
use proto::shop::v1::shop_service_server::ShopServiceServer;

use adapters::{
    access,
    events::{incoming::OrderEvents, own::OwnEvents},
    grpc::Api,
    metrics, store,
};

/// The name of this service.
pub const NAME: &str = "shop-svc";
/// Its name and ports.
pub const PROGRAM: Program = Program::new(NAME, "127.0.0.1:8081", "127.0.0.1:9081").migrations(store::MIGRATIONS);

/// The time between two measurements of the stock.
const METRICS_PERIOD: Duration = Duration::from_secs(5);

/// The settings of this service.
#[derive(clap::Args, Clone, Debug)]
pub struct Config {
    #[command(flatten)]
    chassis: chassis::Options,
}

/// Builds the service and runs it until it is told to stop.
///
/// # Errors
/// A part could not be built, or failed for good.
pub async fn run(config: Config) -> Result<(), Error> {
    let database = Database::open(&config.chassis, store::MIGRATIONS).await?;
    let (store, reads) = (store::store(&database), store::reads(&database));
    let mut service = Service::new("shop", config.chassis, store.clone(), database.log()).await?;
    let clock = service.clock();

    let api = Api::new(&store, Arc::clone(&reads), &clock);
    service.serve(ShopServiceServer::new(api));
    service.rules(access::RULES);
    service.takes_back(OwnEvents::new(Arc::clone(&clock)));
    let _caught_up = service.consume("order", OrderEvents::new(clock));
    service.every("metrics", METRICS_PERIOD, move || {
        let reads = Arc::clone(&reads);
        Box::pin(async move { Ok(metrics::measure(reads.as_ref()).await?) })
    });
    service.run().await
}
