//! Recovery: what a delivery becomes that its own event tells of, and what is lost with that.

use super::{Delivery, Event, Kind, State};
use crate::domain::named::Named;

/// What a delivery lost, or had to give up, when it was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// What was done to it here since the restore, up to this version.
    Later {
        /// Where it stood then.
        status: &'static str,
        /// At which version.
        version: i64,
    },
}

/// A delivery as it is to be kept; its request and its recipient are kept beside that, where they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The delivery.
    pub delivery: Delivery,
    /// Whether the recipient that is kept here is none any more: it was erased, or corrected, and no event tells to what. It
    /// must not be shipped to whom it went to before.
    pub cleared: bool,
    /// What is lost.
    pub lost: Vec<Lost>,
}

/// The delivery that is `told`, where it stands as it is `here`. No event tells its request, nor whether an order is known
/// to stand behind a booking: where that is not known here it is asked for again.
pub fn taken_back(here: Option<&Delivery>, told: Event) -> TakenBack {
    let Event { kind, mut delivery, .. } = told;
    let (mut cleared, mut lost) = (false, Vec::new());
    match delivery.state {
        State::Booked { ref mut claimed } => *claimed = here.is_some_and(|here| is_claimed(&here.state)),
        State::Ready | State::Shipped(_) | State::Delivered(_) | State::Cancelled(_) => {}
    }
    if let Some(here) = here {
        match (kind, &delivery.state) {
            (Kind::Updated, State::Booked { .. } | State::Ready | State::Cancelled(_)) => cleared = true,
            // It changes once more when it is final: by another number, or without its recipient.
            (Kind::Updated, state @ State::Delivered(_)) => cleared = here.state == *state,
            (Kind::Updated, State::Shipped(_))
            | (Kind::Booked | Kind::Ready | Kind::Started | Kind::Completed | Kind::Cancelled, _) => {}
        }
        if here.version > delivery.version || (here.version == delivery.version && here.state != delivery.state) {
            lost.push(Lost::Later { status: here.state.status().name(), version: here.version });
        }
    }
    TakenBack { delivery, cleared, lost }
}

/// Only a booking that nobody claimed has to be asked for.
fn is_claimed(state: &State) -> bool {
    match state {
        State::Booked { claimed } => *claimed,
        State::Ready | State::Shipped(_) | State::Delivered(_) | State::Cancelled(_) => true,
    }
}
