//! `dead-letters`: events that could not be handled by their own fault.

mod find;
mod list;
mod redrive;

use proto::ops::v1::DropDeadLetterRequest;

use self::find::Found;
use super::Context;
use crate::{
    error::{Error, Exit, Failure},
    json,
    service::Services,
};

pub use list::{Standing, of};

/// What to do about dead letters.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List them, oldest first
    List(list::Arguments),
    /// Show one with its payload and its cause
    Show {
        /// The event, a UUID
        #[arg(value_name = "EVENT")]
        event_id: String,
        #[command(flatten)]
        services: Services,
    },
    /// Handle them once more
    Redrive(redrive::Arguments),
    /// Give one up: it is kept with the reason, and handled no more
    Drop {
        /// The event, a UUID
        #[arg(value_name = "EVENT")]
        event_id: String,
        /// Why, 1 to 500 characters
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        services: Services,
    },
}

/// Does what was asked for.
///
/// # Errors
/// A service refused, or none answered.
pub async fn run(context: &Context, command: Command) -> Result<Exit, Error> {
    match command {
        Command::List(arguments) => list::run(context, &arguments).await,
        Command::Show { event_id, services } => {
            let found = find::everywhere(context, &services.asked(), &event_id).await?;
            context.output.tell(&found.json()?, || found.people())?;
            Ok(found.away.told())
        }
        Command::Redrive(arguments) => redrive::run(context, &arguments).await,
        Command::Drop { event_id, reason, services } => {
            let found = find::everywhere(context, &services.asked(), &event_id).await?;
            give_up(context, found, event_id, reason).await
        }
    }
}

async fn give_up(context: &Context, found: Found, event_id: String, reason: String) -> Result<Exit, Error> {
    let waiting = found.waiting();
    let [service] = waiting.as_slice() else {
        let names: Vec<_> = waiting.iter().map(|service| service.name()).collect();
        return Err(Error::Usage(match names.as_slice() {
            [] => format!("{event_id} waits nowhere: it was dropped before"),
            names => format!("{event_id} waits in {}: say which with --service", names.join(" and ")),
        }));
    };
    let call = context.edge.call_of(*service, DropDeadLetterRequest { event_id: event_id.clone(), reason });
    let dropped = context.edge.operations().drop_dead_letter(call).await.map_err(Failure::from)?.into_inner();
    let answer = json::with("service", service.name(), json::of(&dropped)?);
    context.output.tell(&answer, || format!("{} does not handle {event_id} any more.", service.name()))?;
    Ok(found.away.told())
}
