//! The commands, one a file.

pub mod audit;
pub mod consumers;
pub mod dead_letters;
pub mod erase;
pub mod messages;
pub mod my_page;
pub mod orders;
mod story;
pub mod unpublished;

use crate::{
    cli::{Command, Line},
    edge::Edge,
    error::{Error, Exit},
    output::Output,
};

/// What commands work with.
pub struct Context {
    /// The way to the mesh.
    pub edge: Edge,
    /// Where answers go.
    pub output: Output,
}

/// Does what was asked for.
///
/// # Errors
/// It was refused, or nobody answered.
pub async fn run(line: Line) -> Result<Exit, Error> {
    let Line { options, token, command } = line;
    let context =
        Context { edge: Edge::new(&options.url, &token, options.timeout)?, output: Output::new(options.json) };
    match command {
        Command::Order(command) => orders::run(&context, command).await,
        Command::DeadLetters(command) => dead_letters::run(&context, command).await,
        Command::Unpublished(arguments) => unpublished::run(&context, &arguments).await,
        Command::Consumers(arguments) => consumers::run(&context, &arguments).await,
        Command::Audit(arguments) => audit::run(&context, &arguments).await,
        Command::Messages(command) => messages::run(&context, command).await,
        Command::MyPage(command) => my_page::run(&context, command).await,
        Command::Erase(arguments) => erase::run(&context, arguments).await,
    }
}
