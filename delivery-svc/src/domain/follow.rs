//! How a delivery follows its order.

use time::OffsetDateTime;

use super::{
    actor::Actor,
    delivery::{Cancellation, Contradiction, Delivery, Event, Kind, State},
    tracking::Tracking,
};

/// Where an order stands, as far as its delivery cares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Taken, not confirmed.
    Placed,
    /// To be shipped.
    Confirmed,
    /// Cancelled or rejected.
    Ended(Cancellation),
    /// On its way.
    Shipped(Tracking),
    /// Arrived.
    Delivered(Tracking),
}

/// What an order's standing means while there is no delivery of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmet<'s> {
    /// Nothing: a booking that comes later asks for the order itself, once it is old enough.
    Nothing,
    /// A tombstone is due, so that a booking that comes late does nothing.
    Bury(&'s Cancellation),
    /// The order is ahead of a booking that has not come yet.
    Early,
}

impl Standing {
    /// What it means while there is no delivery.
    pub fn unmet(&self) -> Unmet<'_> {
        match self {
            Self::Placed => Unmet::Nothing,
            Self::Ended(cancellation) => Unmet::Bury(cancellation),
            Self::Confirmed | Self::Shipped(_) | Self::Delivered(_) => Unmet::Early,
        }
    }
}

/// A delivery that met its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The delivery as it is now.
    pub delivery: Delivery,
    /// Whether the claim became known, without an event.
    pub claimed: bool,
    /// One event for each state passed through; the last one's delivery is `delivery`.
    pub events: Vec<Event>,
}

impl Delivery {
    /// Follows its order to `standing`, through each state between. What it has passed already changes nothing.
    ///
    /// # Errors
    /// The order ended although its delivery was shipped, or was shipped although its delivery was cancelled.
    pub fn follow(self, standing: &Standing, actor: &Actor, now: OffsetDateTime) -> Result<Followed, Contradiction> {
        let (mut delivery, claimed) = self.claim();
        let mut events = Vec::new();
        while let Some((state, kind)) = next(&delivery.state, standing)? {
            let event = delivery.into_next(state, kind, actor.clone(), now);
            delivery = event.delivery.clone();
            events.push(event);
        }
        Ok(Followed { delivery, claimed, events })
    }

    /// Knows that an order stands behind it; and whether that is news.
    fn claim(self) -> (Self, bool) {
        match self.state {
            State::Booked { claimed: false } => (Self { state: State::Booked { claimed: true }, ..self }, true),
            State::Booked { claimed: true }
            | State::Ready
            | State::Shipped(_)
            | State::Delivered(_)
            | State::Cancelled(_) => (self, false),
        }
    }
}

/// The next state on the way to where the order stands; none where the delivery has got there.
fn next(state: &State, standing: &Standing) -> Result<Option<(State, Kind)>, Contradiction> {
    Ok(match (state, standing) {
        (State::Booked { .. }, Standing::Placed)
        | (State::Ready, Standing::Placed | Standing::Confirmed)
        | (State::Shipped(_), Standing::Placed | Standing::Confirmed | Standing::Shipped(_))
        | (
            State::Delivered(_),
            Standing::Placed | Standing::Confirmed | Standing::Shipped(_) | Standing::Delivered(_),
        )
        | (State::Cancelled(_), Standing::Placed | Standing::Confirmed | Standing::Ended(_)) => None,
        (State::Booked { .. }, Standing::Confirmed | Standing::Shipped(_) | Standing::Delivered(_)) => {
            Some((State::Ready, Kind::Ready))
        }
        (State::Booked { .. } | State::Ready, Standing::Ended(cancellation)) => {
            Some((State::Cancelled(cancellation.clone()), Kind::Cancelled))
        }
        (State::Ready, Standing::Shipped(tracking) | Standing::Delivered(tracking)) => {
            Some((State::Shipped(tracking.clone()), Kind::Started))
        }
        (State::Shipped(tracking), Standing::Delivered(_)) => {
            Some((State::Delivered(tracking.clone()), Kind::Completed))
        }
        (State::Shipped(_) | State::Delivered(_), Standing::Ended(_))
        | (State::Cancelled(_), Standing::Shipped(_) | Standing::Delivered(_)) => return Err(Contradiction),
    })
}
