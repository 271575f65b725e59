//! Everything with input or output: gRPC, events, the store, delivery-svc.

pub mod access;
pub mod bookings;
pub mod convert;
pub mod events;
pub mod grpc;
pub mod metrics;
pub mod names;
pub mod own_events;
pub mod refusals;
pub mod store;
