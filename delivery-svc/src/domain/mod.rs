//! Deliveries: states, transitions and events. Pure and synchronous; time and ids are arguments.

pub mod actor;
pub mod delivery;
pub mod follow;
pub mod named;
pub mod recipient;
mod text;
pub mod tracking;
