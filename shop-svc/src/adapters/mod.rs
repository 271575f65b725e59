//! How the world reaches the use cases, and they it: gRPC and events in, rows and events out. Only here is `proto` named.

pub mod access;
pub mod convert;
pub mod events;
pub mod grpc;
pub mod metrics;
pub mod refusals;
pub mod store;
