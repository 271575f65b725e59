//! The stores behind the ports; one contract suite holds for each of them.

pub mod sqlite;
