//! Deliveries in databases.

pub(super) mod named;
mod row;
pub mod sqlite;
