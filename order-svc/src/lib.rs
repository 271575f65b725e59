//! order-svc: takes orders, and sees each of them through.

pub mod adapters;
pub mod app;
pub mod domain;

use std::{sync::Arc, time::Duration};

use chassis::{
    Program,
    config::{duration, positive_duration},
    service::{Error, Service},
    store::sqlite::Sqlite,
};
use proto::order::v1::{claim_service_server::ClaimServiceServer, order_service_server::OrderServiceServer};

use crate::{
    adapters::{
        access,
        bookings::DeliveryBookings,
        events::{DeliveryEvents, ShopEvents},
        grpc::{Claims, Orders},
        store::sqlite::{MIGRATIONS, Reads},
    },
    app::{
        Bookings, CancelOrder, ExpireOrders, GetOrder, ListOrderEvents, ListOrders, PlaceOrder, Read, ResolveBookings,
        Tx, place_order::Deadlines,
    },
};

/// The name of this service.
pub const NAME: &str = "order-svc";
/// Its name and ports.
pub const PROGRAM: Program = Program::new(NAME, "127.0.0.1:8082", "127.0.0.1:9082");

/// How often overdue orders are looked for.
const EXPIRY_PERIOD: Duration = Duration::from_secs(5);

/// The settings of this service.
#[derive(clap::Args, Clone, Debug)]
pub struct Config {
    #[command(flatten)]
    chassis: chassis::Options,

    /// How long booking a delivery may take before the customer is told to come back (unit: ms, s, m)
    #[arg(long, env = "TWORD_BOOKING_DEADLINE", default_value = "610ms", value_parser = positive_duration, value_name = "DURATION", help_heading = "Orders")]
    booking_deadline: Duration,

    /// How long stock may take to be reserved before an order is rejected; longer than any outage to survive (unit: s, m, h)
    #[arg(long, env = "TWORD_SAGA_DEADLINE", default_value = "24h", value_parser = duration, value_name = "DURATION", help_heading = "Orders")]
    saga_deadline: Duration,
}

/// Puts order-svc together and runs it until it is told to stop.
///
/// # Errors
/// See [`Error`].
pub async fn run(config: Config) -> Result<(), Error> {
    let sqlite = Sqlite::open(&config.chassis.database_url, &MIGRATIONS).await?;
    let store = sqlite.store(|tx| tx as &mut dyn Tx);
    let read: Arc<dyn Read> = Arc::new(Reads::new(sqlite.reads()));
    let mut service = Service::new("order", config.chassis, store.clone(), sqlite.log()).await?;
    let clock = service.clock();
    let bookings: Arc<dyn Bookings> = Arc::new(DeliveryBookings::new(service.mesh()));

    service.rules(access::RULES);
    service.serve(OrderServiceServer::new(Orders {
        place: PlaceOrder::new(
            store.clone(),
            Arc::clone(&read),
            Arc::clone(&bookings),
            Arc::clone(&clock),
            Deadlines { booking: config.booking_deadline, saga: config.saga_deadline },
        ),
        cancel: CancelOrder::new(store.clone(), bookings, Arc::clone(&clock)),
        get: GetOrder::new(Arc::clone(&read)),
        list: ListOrders::new(Arc::clone(&read)),
        events: ListOrderEvents::new(Arc::clone(&read)),
        clock: Arc::clone(&clock),
    }));
    service.serve(ClaimServiceServer::new(Claims::new(ResolveBookings::new(store.clone(), Arc::clone(&clock)))));

    let heard = service.consume("shop", ShopEvents::new(Arc::clone(&clock)));
    let _caught_up = service.consume("delivery", DeliveryEvents::new(Arc::clone(&clock)));
    let expire = ExpireOrders::new(store, read, clock);
    service.every("saga deadline", EXPIRY_PERIOD, move || {
        let (expire, heard) = (expire.clone(), heard.since());
        Box::pin(async move { Ok(expire.run(heard).await?) })
    });
    service.run().await
}
