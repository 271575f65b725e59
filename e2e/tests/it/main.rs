//! The whole mesh from outside: real processes, real Envoy, real NATS, SQLite.

mod deadline;
mod delivery_down;
mod happy;
mod keys;
mod kills;
mod outage;
mod poison;
mod races;
mod rejects;
mod restart;
mod stock;
