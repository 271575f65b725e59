//! The integration tests of the chassis.

mod events;
mod server;
mod settings;
mod store;
