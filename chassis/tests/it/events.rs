//! Events between two services: a real broker, two real stores, and the pull that repairs what the broker loses.

mod asked;
pub mod broker;
mod flow;
pub mod pair;
mod recovering;
mod replicas;
