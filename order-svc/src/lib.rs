//! order-svc: takes orders, and sees each of them through.

pub mod adapters;
pub mod app;
pub mod domain;

use std::{sync::Arc, time::Duration};

use chassis::{
    Program,
    clock::Clock,
    config::{duration, positive_duration},
    consumer::CaughtUp,
    service::{Error, Service},
    store::{Database, Store},
};
use proto::order::v1::{
    claim_service_server::ClaimServiceServer, order_operations_service_server::OrderOperationsServiceServer,
    order_service_server::OrderServiceServer,
};

use crate::{
    adapters::{
        access,
        bookings::DeliveryBookings,
        events::{DeliveryEvents, ShopEvents},
        grpc::{Claims, Operations, Orders},
        metrics,
        own_events::OwnEvents,
        store,
    },
    app::{
        BookOutstanding, Bookings, CancelOrder, EraseCustomer, ExpireOrders, GetOrder, ListOrderEvents, ListOrders,
        ListStuckOrders, PlaceOrder, Read, ResolveBookings, ResumeOrder, Tx,
        list_stuck_orders::Patience,
        place_order::{Deadlines, Fallback},
    },
};

/// The name of this service.
pub const NAME: &str = "order-svc";
/// Its name and ports.
pub const PROGRAM: Program = Program::new(NAME, "127.0.0.1:8082", "127.0.0.1:9082").migrations(store::MIGRATIONS);

/// How often overdue orders are looked for.
const EXPIRY_PERIOD: Duration = Duration::from_secs(5);
/// How often outstanding bookings are tried: delivery-svc is noticed to be back within about that.
const BOOKING_PERIOD: Duration = Duration::from_secs(1);
/// How often orders are measured.
const METRICS_PERIOD: Duration = Duration::from_secs(5);

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

    /// What happens to orders while delivery-svc does not answer: customers are turned away, or orders are taken and booked later
    #[arg(
        long,
        env = "TWORD_DELIVERY_FALLBACK",
        default_value = "reject",
        value_enum,
        value_name = "POLICY",
        help_heading = "Orders"
    )]
    delivery_fallback: DeliveryFallback,

    /// How long an order may wait for its booking or its stock before operators see it as stuck (unit: s, m, h)
    #[arg(long, env = "TWORD_STUCK_AFTER", default_value = "5m", value_parser = duration, value_name = "DURATION", help_heading = "Orders")]
    stuck_after: Duration,

    /// How long a confirmed order may wait to be shipped before operators see it as stuck (unit: m, h, d)
    #[arg(long, env = "TWORD_SHIP_REMINDER", default_value = "72h", value_parser = duration, value_name = "DURATION", help_heading = "Orders")]
    ship_reminder: Duration,
}

/// What happens to orders while delivery-svc does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum DeliveryFallback {
    /// Customers are turned away and told when to come back
    Reject,
    /// Orders are taken; order-svc keeps the recipient until it could book
    Accept,
}

impl From<DeliveryFallback> for Fallback {
    fn from(policy: DeliveryFallback) -> Self {
        match policy {
            DeliveryFallback::Reject => Self::Reject,
            DeliveryFallback::Accept => Self::Accept,
        }
    }
}

/// Puts order-svc together and runs it until it is told to stop.
///
/// # Errors
/// See [`Error`].
pub async fn run(config: Config) -> Result<(), Error> {
    let database = Database::open(&config.chassis, store::MIGRATIONS).await?;
    let (store, read) = (store::store(&database), store::reads(&database));
    let mut service = Service::new("order", config.chassis.clone(), store.clone(), database.log()).await?;
    let clock = service.clock();
    let bookings: Arc<dyn Bookings> = Arc::new(DeliveryBookings::new(&service.mesh()));
    let heard = service.consume("shop", ShopEvents::new(Arc::clone(&clock)));
    let _caught_up = service.consume("delivery", DeliveryEvents::new(Arc::clone(&clock)));
    service.takes_back(OwnEvents);
    let parts = Parts { store, read, bookings, clock, config };

    service.rules(access::RULES);
    service.serve(OrderServiceServer::new(parts.orders()));
    let resolve = ResolveBookings::new(parts.store.clone(), Arc::clone(&parts.clock));
    service.serve(ClaimServiceServer::new(Claims::new(resolve)));
    service.serve(OrderOperationsServiceServer::new(parts.operations(heard.clone())));

    let expire = parts.expire();
    service.every("saga deadline", EXPIRY_PERIOD, move || {
        let (expire, heard) = (expire.clone(), heard.since());
        Box::pin(async move { Ok(expire.run(heard).await?) })
    });
    let book = parts.book_outstanding();
    service.every("outstanding bookings", BOOKING_PERIOD, move || {
        let book = book.clone();
        Box::pin(async move { Ok(book.run().await?) })
    });
    metrics::describe();
    let stuck = parts.stuck();
    service.every("metrics", METRICS_PERIOD, move || {
        let stuck = stuck.clone();
        Box::pin(async move { Ok(metrics::measure(&stuck).await?) })
    });
    service.run().await
}

/// What the use cases are made of.
struct Parts {
    store: Store<dyn Tx>,
    read: Arc<dyn Read>,
    bookings: Arc<dyn Bookings>,
    clock: Arc<dyn Clock>,
    config: Config,
}

impl Parts {
    fn orders(&self) -> Orders {
        let Self { store, read, bookings, clock, config } = self;
        let deadlines = Deadlines { booking: config.booking_deadline, saga: config.saga_deadline };
        let fallback = config.delivery_fallback.into();
        Orders {
            place: PlaceOrder::new(
                store.clone(),
                Arc::clone(read),
                Arc::clone(bookings),
                Arc::clone(clock),
                deadlines,
                fallback,
            ),
            cancel: CancelOrder::new(store.clone(), Arc::clone(bookings), Arc::clone(clock)),
            get: GetOrder::new(Arc::clone(read)),
            list: ListOrders::new(Arc::clone(read)),
            events: ListOrderEvents::new(Arc::clone(read)),
            clock: Arc::clone(clock),
        }
    }

    fn operations(&self, heard: CaughtUp) -> Operations {
        Operations {
            stuck: self.stuck(),
            resume: ResumeOrder::new(Arc::clone(&self.read), self.book_outstanding(), self.expire()),
            erase: EraseCustomer::new(self.store.clone(), Arc::clone(&self.clock)),
            heard,
        }
    }

    fn stuck(&self) -> ListStuckOrders {
        let patience = Patience { placed: self.config.stuck_after, confirmed: self.config.ship_reminder };
        ListStuckOrders::new(Arc::clone(&self.read), Arc::clone(&self.clock), patience)
    }

    fn expire(&self) -> ExpireOrders {
        ExpireOrders::new(self.store.clone(), Arc::clone(&self.read), Arc::clone(&self.clock))
    }

    fn book_outstanding(&self) -> BookOutstanding {
        let (bookings, clock) = (Arc::clone(&self.bookings), Arc::clone(&self.clock));
        BookOutstanding::new(self.store.clone(), bookings, clock, self.config.booking_deadline)
    }
}
