//! shop-svc: what dealerships sell. Shops, phones, serial-numbered units, and the stock that orders hold.

pub mod adapters;
pub mod app;
pub mod domain;

use std::sync::Arc;

use chassis::{service::Service, store::sqlite::Sqlite};
use proto::shop::v1::shop_service_server::ShopServiceServer;

use adapters::{
    access,
    events::incoming::Orders,
    grpc::Api,
    store::sqlite::{MIGRATOR, Reads},
};

/// The program with its own default addresses.
pub const PROGRAM: chassis::Program = chassis::Program::new("shop-svc", "127.0.0.1:8081", "127.0.0.1:9081");

/// What events call this service.
const CONTEXT: &str = "shop";

/// Settings of shop-svc.
#[derive(Debug, clap::Args)]
pub struct Config {
    #[command(flatten)]
    chassis: chassis::Options,
}

/// Builds the service and runs it until it is told to stop.
///
/// # Errors
/// A part could not be built, or failed for good.
pub async fn run(config: Config) -> Result<(), chassis::service::Error> {
    let sqlite = Sqlite::open(&config.chassis.database_url, &MIGRATOR).await?;
    let store = sqlite.store(|tx| tx as &mut dyn app::Tx);
    let mut service = Service::new(CONTEXT, config.chassis, store.clone(), sqlite.log()).await?;
    let clock = service.clock();

    let api = Api::new(&store, Arc::new(Reads::new(sqlite.reads())), &clock);
    service.serve(ShopServiceServer::new(api));
    service.rules(access::RULES);
    service.consume("order", Orders::new(clock));
    service.run().await
}
