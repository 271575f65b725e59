//! What operators do at a terminal: the mesh's own calls for operators, through its edge, as tables for people and as JSON
//! for scripts.

mod cli;
mod commands;
mod edge;
mod error;
mod json;
mod merge;
mod output;
mod pages;
mod service;

use std::process::ExitCode;

pub use cli::command;

/// Parses the command line, does what it asks for and says what went wrong.
pub fn main() -> ExitCode {
    let line = match cli::parse() {
        Ok(line) => line,
        Err(error) => return cli::told(&error),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(line)),
        Err(error) => Err(error::Error::Broken(error.to_string())),
    };
    outcome
        .unwrap_or_else(|error| {
            eprintln!("{error}");
            error.exit()
        })
        .into()
}
