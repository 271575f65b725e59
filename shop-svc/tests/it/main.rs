//! shop-svc on a real database: its API, what it makes of order events, and its store.

mod access;
mod events;
mod lists;
mod orders;
mod phones;
mod replays;
mod schedules;
mod shops;
mod store;
mod world;
