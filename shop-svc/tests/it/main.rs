//! shop-svc on a real database: its API, what it makes of order events, and its store.

mod access;
mod audit;
mod events;
mod lists;
mod orders;
mod phones;
mod races;
mod replays;
mod schedules;
mod shops;
mod store;
mod taking_back;
mod units;
mod upgrade;
mod world;
