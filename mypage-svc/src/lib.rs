//! mypage-svc: what a customer sees of its orders, deliveries and messages, in one place.

pub mod adapters;
pub mod app;
pub mod domain;

use std::sync::Arc;

use chassis::{
    Program,
    service::{Error, Service},
    store::sqlite::Sqlite,
};
use clap::Args;
use proto::mypage::v1::my_page_service_server::MyPageServiceServer;

use crate::{
    adapters::{
        access,
        events::Projection,
        grpc::MyPage,
        store::sqlite::{MIGRATIONS, Reads},
    },
    app::{GetMyOrder, ListMyOrders, Read},
};

/// The name of this service.
pub const NAME: &str = "mypage-svc";
/// Its name and ports.
pub const PROGRAM: Program = Program::new(NAME, "127.0.0.1:8085", "127.0.0.1:9085");

/// Those whose events are kept.
const PRODUCERS: [&str; 3] = ["order", "delivery", "notify"];

/// The settings of this service.
#[derive(Args, Clone, Debug)]
pub struct Config {
    #[command(flatten)]
    chassis: chassis::Options,
}

/// Runs the service until the process is told to stop.
///
/// # Errors
/// It could not start, or had to end.
pub async fn run(config: Config) -> Result<(), Error> {
    let sqlite = Sqlite::open(&config.chassis.database_url, &MIGRATIONS).await?;
    let store = sqlite.store(|tx| tx as &mut dyn app::Tx);
    let reads: Arc<dyn Read> = Arc::new(Reads::new(sqlite.reads()));
    let mut service = Service::new("mypage", config.chassis, store, sqlite.log()).await?;

    let (get, list) = (GetMyOrder::new(Arc::clone(&reads)), ListMyOrders::new(reads));
    service.serve(MyPageServiceServer::new(MyPage::new(get, list)));
    service.rules(access::RULES);
    for producer in PRODUCERS {
        let _caught_up = service.consume(producer, Projection::default());
    }
    service.run().await
}
