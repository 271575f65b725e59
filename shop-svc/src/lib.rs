//! shop-svc: what dealerships sell. Shops, phones, serial-numbered units, and the stock that orders hold.

pub mod adapters;
pub mod app;
pub mod domain;

use std::{sync::Arc, time::Duration};

use chassis::{
    Program,
    service::{Error, Service},
    store::sqlite::Sqlite,
};
use proto::shop::v1::shop_service_server::ShopServiceServer;

use adapters::{
    access,
    events::incoming::OrderEvents,
    grpc::Api,
    metrics,
    store::sqlite::{MIGRATIONS, Reads},
};

/// The name of this service.
pub const NAME: &str = "shop-svc";
/// Its name and ports.
pub const PROGRAM: Program = Program::new(NAME, "127.0.0.1:8081", "127.0.0.1:9081");

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
    let sqlite = Sqlite::open(&config.chassis.database_url, &MIGRATIONS).await?;
    let store = sqlite.store(|tx| tx as &mut dyn app::Tx);
    let mut service = Service::new("shop", config.chassis, store.clone(), sqlite.log()).await?;
    let clock = service.clock();

    let reads: Arc<dyn app::Read> = Arc::new(Reads::new(sqlite.reads()));
    let api = Api::new(&store, Arc::clone(&reads), &clock);
    service.serve(ShopServiceServer::new(api));
    service.rules(access::RULES);
    let _caught_up = service.consume("order", OrderEvents::new(clock));
    service.every("metrics", METRICS_PERIOD, move || {
        let reads = Arc::clone(&reads);
        Box::pin(async move { Ok(metrics::measure(reads.as_ref()).await?) })
    });
    service.run().await
}
