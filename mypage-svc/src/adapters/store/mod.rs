//! Copies of orders, deliveries and messages as rows.

pub mod sqlite;
