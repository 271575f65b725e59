//! Events: what orders tell this service, and what this service tells the others.

pub mod incoming;
pub mod outgoing;
pub mod own;
