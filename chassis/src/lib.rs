//! The microservice chassis: what every service is built from. It knows no business and no service.
//!
//! A service parses its settings and starts through [`entry()`], builds its parts, and hands them to a
//! [`service::Service`], which runs them until the process is told to stop.

pub mod audit;
pub mod auth;
pub mod broker;
pub mod client;
pub mod clock;
pub mod config;
pub mod consumer;
pub mod dead_letter;
pub mod deadline;
pub mod entry;
pub mod event_log;
pub mod grpc;
pub mod idempotency;
pub mod inbox;
pub mod operations;
pub mod outbox;
pub mod page;
pub mod recovery;
pub mod refusal;
pub mod relay;
mod rpc;
pub mod server;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod trace;
pub mod wire;

pub use config::Options;
pub use entry::{Program, entry};
