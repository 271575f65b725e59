//! The ways in and out. Only here are the contracts named.

pub mod access;
pub mod convert;
pub mod cursor;
pub mod events;
pub mod grpc;
pub mod hear;
pub mod metrics;
pub mod operations;
pub mod producers;
pub mod refusals;
pub mod store;
pub mod take_back;
