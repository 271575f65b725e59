//! The integration tests of order-svc: a real store, its handlers and its use cases, without a network.

mod accepting;
mod access;
mod auditing;
mod booking;
mod cancelling;
mod database;
mod events;
mod expiring;
mod lists;
mod placing;
mod plans;
mod races;
mod schedules;
mod serials;
mod store;
mod stuck;
mod taking_back;
mod world;
