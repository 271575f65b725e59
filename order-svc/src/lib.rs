//! order-svc: takes orders, and sees each of them through.

pub mod adapters;
pub mod app;
pub mod domain;

use std::{sync::Arc, time::Duration};

use chassis::{
    Options,
    config::{duration, positive_duration},
    service::{Error, Service},
    store::sqlite::Sqlite,
};
use proto::order::v1::{claim_service_server::ClaimServiceServer, order_service_server::OrderServiceServer};

use crate::{
    adapters::{
        access,
        claims_grpc::Claims,
        delivery::DeliveryClient,
        events::{DeliveryHandler, StockHandler},
        grpc::Orders,
        store::sqlite::{MIGRATIONS, Reads},
    },
    app::{
        Bookings, Read, Tx, cancel_order::CancelOrder, expire_orders::ExpireOrders, place_order::PlaceOrder,
        read_orders::ReadOrders, resolve_bookings::ResolveBookings,
    },
};

/// How often overdue orders are looked for.
const EXPIRY_PERIOD: Duration = Duration::from_secs(5);

/// The settings of order-svc.
#[derive(clap::Args, Debug)]
pub struct Config {
    #[command(flatten)]
    chassis: Options,

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
    let bookings: Arc<dyn Bookings> = Arc::new(DeliveryClient::new(service.mesh(), config.booking_deadline));

    let place = PlaceOrder {
        store: store.clone(),
        read: Arc::clone(&read),
        bookings: Arc::clone(&bookings),
        clock: Arc::clone(&clock),
        saga_deadline: config.saga_deadline,
    };
    let cancel = CancelOrder { store: store.clone(), bookings, clock: Arc::clone(&clock) };
    let read_orders = ReadOrders { read: Arc::clone(&read) };
    service.rules(access::RULES);
    service.serve(OrderServiceServer::new(Orders { place, cancel, read: read_orders, clock: Arc::clone(&clock) }));
    let resolve = ResolveBookings { store: store.clone(), clock: Arc::clone(&clock) };
    service.serve(ClaimServiceServer::new(Claims { resolve }));

    let heard = service.consume("shop", StockHandler { clock: Arc::clone(&clock) });
    service.consume("delivery", DeliveryHandler { clock: Arc::clone(&clock) });
    let expire = ExpireOrders { store, read, clock };
    service.every("saga deadline", EXPIRY_PERIOD, move || {
        let (expire, heard) = (expire.clone(), heard.since());
        Box::pin(async move { Ok(expire.run(heard).await?) })
    });
    service.run().await
}
