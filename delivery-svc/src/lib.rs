//! The delivery service: books a delivery with each order, ships it for shop staff, and decides whether a cancellation
//! came in time.

pub mod adapters;
pub mod app;
pub mod domain;

use std::{sync::Arc, time::Duration};

use chassis::{Program, config, service, store::Database};
use proto::delivery::v1::{
    booking_service_server::BookingServiceServer, delivery_operations_service_server::DeliveryOperationsServiceServer,
    delivery_service_server::DeliveryServiceServer,
};

use adapters::{
    access,
    claims::OrderClaims,
    events::OrderEvents,
    grpc::{Bookings, Deliveries, Operations},
    metrics,
    own_events::OwnEvents,
    store,
};
use app::{
    book_delivery::BookDelivery, cancel_delivery::CancelDelivery, complete_delivery::CompleteDelivery,
    correct_recipient::CorrectRecipient, correct_tracking_number::CorrectTrackingNumber, erase_customer::EraseCustomer,
    get_delivery::GetDelivery, list_deliveries::ListDeliveries, ship_delivery::ShipDelivery,
    void_bookings::VoidBookings,
};

/// The name of this service.
pub const NAME: &str = "delivery-svc";
/// Its name and ports.
pub const PROGRAM: Program = Program::new(NAME, "127.0.0.1:8083", "127.0.0.1:9083").migrations(store::MIGRATIONS);

/// The longest time between two sweeps over unclaimed bookings.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The time between two counts for the metrics.
const METRICS_INTERVAL: Duration = Duration::from_secs(5);

/// The settings of the service.
#[derive(clap::Args, Clone, Debug)]
pub struct Config {
    /// What every service has
    #[command(flatten)]
    chassis: chassis::Options,

    /// How long a booking may wait for its order before order-svc is asked whose it is (unit: ms, s, m)
    #[arg(long, env = "TWORD_VOID_AFTER", default_value = "60s", value_parser = config::positive_duration, value_name = "DURATION")]
    void_after: Duration,
}

/// Runs the service until it is told to stop.
///
/// # Errors
/// It could not start, or it failed.
pub async fn run(config: Config) -> Result<(), service::Error> {
    let database = Database::open(&config.chassis, store::MIGRATIONS).await?;
    let (store, reads) = (store::store(&database), store::reads(&database));
    let mut service = service::Service::new("delivery", config.chassis, store.clone(), database.log()).await?;
    let clock = service.clock();

    service.rules(access::RULES);
    service.serve(DeliveryServiceServer::new(Deliveries {
        get: GetDelivery::new(Arc::clone(&reads)),
        list: ListDeliveries::new(Arc::clone(&reads)),
        ship: ShipDelivery::new(store.clone(), Arc::clone(&clock)),
        complete: CompleteDelivery::new(store.clone(), Arc::clone(&clock)),
        correct_recipient: CorrectRecipient::new(store.clone(), Arc::clone(&clock)),
        correct_tracking_number: CorrectTrackingNumber::new(store.clone(), Arc::clone(&clock)),
        clock: Arc::clone(&clock),
    }));
    service.serve(BookingServiceServer::new(Bookings {
        book: BookDelivery::new(store.clone(), Arc::clone(&clock)),
        cancel: CancelDelivery::new(store.clone(), Arc::clone(&clock)),
    }));
    service.serve(DeliveryOperationsServiceServer::new(Operations {
        erase: EraseCustomer::new(store.clone(), Arc::clone(&reads), Arc::clone(&clock)),
    }));
    // Whatever this consumer misses, the sweep below asks for.
    let _caught_up = service.consume("order", OrderEvents::new(Arc::clone(&clock)));
    service.takes_back(OwnEvents);

    metrics::describe();
    let counted = Arc::clone(&reads);
    service.every("metrics", METRICS_INTERVAL, move || {
        let reads = Arc::clone(&counted);
        Box::pin(async move { metrics::sweep(reads).await.map_err(Into::into) })
    });

    let claims = Arc::new(OrderClaims::new(&service.mesh()));
    let sweep = VoidBookings::new(store, claims, clock, config.void_after);
    let interval = SWEEP_INTERVAL.min(config.void_after / 2).max(Duration::from_millis(1));
    service.every("void-bookings", interval, move || {
        let sweep = sweep.clone();
        Box::pin(async move { sweep.run().await.map(|_swept| ()).map_err(Into::into) })
    });
    service.run().await
}
