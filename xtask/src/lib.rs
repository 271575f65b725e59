//! The project's chores, and the harness that runs the whole mesh as child processes.

pub mod error;
pub mod mesh;
mod paths;
mod progress;
pub mod token;
pub mod tools;
pub mod wait;
