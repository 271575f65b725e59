//! Deliveries in databases.

mod row;
pub mod sqlite;
