//! Between messages and the domain's types.

pub mod answers;
pub mod lists;
mod new_units;
pub mod orders;
pub mod requests;
pub mod reservations;
pub mod told;
