//! shop-svc on a real database: its API, what it makes of order events, and its store.

mod access;
mod audit;
mod events;
mod lists;
mod orders;
mod phones;
mod replays;
mod schedules;
mod shops;
mod store;
mod units;
mod upgrade;
mod world;
