//! The service's ways in and out. Only here are wire types and SQL named.

pub mod access;
pub mod claims;
mod convert;
pub mod events;
pub mod grpc;
pub mod metrics;
pub mod own_events;
pub mod refusals;
pub mod store;
