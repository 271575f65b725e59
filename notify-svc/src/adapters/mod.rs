//! The ways in and out. Only here are the contracts named.

pub mod access;
pub mod convert;
pub mod events;
pub mod grpc;
pub mod log_channel;
pub mod metrics;
pub mod refusals;
pub mod settings;
pub mod smtp;
pub mod store;
pub mod texts;
pub mod webhook;
