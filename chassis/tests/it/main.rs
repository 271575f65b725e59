//! The integration tests of the chassis.

mod events;
mod operations;
mod people;
mod server;
mod settings;
mod store;
mod traces;
