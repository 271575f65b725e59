//! After a restore: messages become what this service's own later events tell of them.
//!
//! Whatever was sent or given up stays so, and the order events that come again find it. Messages that no event told of are
//! made again by those order events, under the ids that they had, where their recipients' contacts are as they were then:
//! what was handed to its channel just before the database was lost is sent once more at worst.

use chassis::{
    recovery::{Loss, TakenBack},
    store::Error,
};

use super::ports::Tx;
use crate::domain::{Message, Told, message::State};

/// Makes a message what an event told of it, whatever was kept of it or done about it here since.
///
/// # Errors
/// The store failed.
pub async fn run<T: Tx + ?Sized>(tx: &mut T, told: Told) -> Result<TakenBack, Error> {
    let here = tx.message(told.id).await?;
    let was_erased = here.as_ref().is_some_and(|here| here.state == State::Erased);
    let message = told.taken_back(here);
    tx.set(&message).await?;
    let losses = if message.state == State::Erased && !was_erased { vec![textless(&message)] } else { Vec::new() };
    Ok(TakenBack { version: message.version, losses })
}

/// What no event of this service tells.
pub fn untold() -> Vec<Loss> {
    let losses = [
        (
            "contacts",
            "those set or changed since the backup are as they were then, and webhooks sign by the secrets of then; their \
             owners have to set them again",
        ),
        (
            "erased customers",
            "those erased since the backup have their contacts and the texts of unsent messages again; erase them again",
        ),
        ("redriven messages", "those redriven since the backup and not sent are given up again; redrive them again"),
    ];
    losses.map(|(subject, what)| Loss { subject: subject.to_owned(), what: what.to_owned() }).into()
}

fn textless(message: &Message) -> Loss {
    let what =
        "it was given up, and what its text is made of is lost: it cannot be redriven; tell its recipient otherwise";
    Loss { subject: format!("message {}", message.id), what: what.to_owned() }
}
