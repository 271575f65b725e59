//! The project's chores, and the harness that runs the whole mesh as child processes.

mod cargo;
pub mod chaos;
pub mod chores;
pub mod cli;
pub mod contracts;
pub mod demo;
pub mod error;
pub mod mesh;
mod openapi;
mod paths;
pub mod postgres;
mod progress;
pub mod state;
pub mod token;
pub mod tools;
pub mod up;
pub mod wait;
