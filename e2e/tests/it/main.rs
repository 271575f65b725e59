//! The whole mesh from outside: real processes, real Envoy, real NATS, SQLite.

mod access;
mod checker;
mod contract;
mod deadline;
mod delivery_down;
mod edge;
mod happy;
mod http;
mod inputs;
mod keys;
mod kills;
mod outage;
mod poison;
mod races;
mod rejects;
mod restart;
mod stock;
mod stub;
mod traces;
