//! The integration tests of the chassis.

mod server;
mod store;
