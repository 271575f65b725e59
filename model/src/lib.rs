//! The saga as a model: the services' own decision functions, explored over every interleaving of what may happen between
//! them. No time passes, nothing is stored and nothing is called: a state is what the databases hold and what is on its way.

pub mod action;
pub mod check;
pub mod command;
pub mod decisions;
mod enabled;
pub mod events;
pub mod mutants;
pub mod properties;
pub mod reach;
pub mod saga;
pub mod setup;
pub mod shared;
pub mod state;
mod steps;
pub mod translate;

pub use action::Action;
pub use command::Command;
pub use decisions::Decisions;
pub use saga::{AT, Saga};
pub use setup::Setup;
pub use state::State;
