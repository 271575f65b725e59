//! The integration tests of order-svc: a real store, its handlers and its use cases, without a network.

mod access;
mod booking;
mod cancelling;
mod events;
mod expiring;
mod lists;
mod placing;
mod store;
mod world;
