//! Events as the outboxes keep them, and who is still to hear of each.

use delivery_svc::domain::delivery;
use notify_svc::domain::{Message, Recipient};
use order_svc::domain as order;
use shop_svc::domain::reservation;
use uuid::Uuid;

use crate::shared::Shared;

/// Whose events they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An order's.
    Order,
    /// A reservation's.
    Stock,
    /// A delivery's.
    Delivery,
    /// A message's.
    Message,
}

/// Which event it is: each version of an aggregate has one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Whose.
    pub source: Source,
    /// The aggregate.
    pub aggregate: Uuid,
    /// Its version.
    pub version: i64,
}

impl Id {
    /// The id that the event travels with.
    pub fn uuid(self) -> Uuid {
        let number = self.version.unsigned_abs() * 8 + self.source as u64;
        Uuid::from_u128(self.aggregate.as_u128().wrapping_add(u128::from(number)))
    }
}

impl std::fmt::Debug for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:.4} v{}", self.source, self.aggregate.simple().to_string(), self.version)
    }
}

/// What an event tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// Of an order.
    Order(Shared<order::Change>),
    /// Of a reservation.
    Stock(Shared<reservation::Change>),
    /// Of a delivery.
    Delivery(Shared<delivery::Event>),
    /// Of a message.
    Message(Shared<Message>),
}

/// Who hears of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consumer {
    /// shop-svc.
    Shop,
    /// order-svc.
    Order,
    /// delivery-svc.
    Delivery,
    /// notify-svc.
    Notify,
    /// mypage-svc.
    Page,
}

impl Consumer {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Shop, Self::Order, Self::Delivery, Self::Notify, Self::Page];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of consumers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Consumers(u8);

impl Consumers {
    /// These.
    pub fn of(consumers: &[Consumer]) -> Self {
        Self(consumers.iter().fold(0, |bits, consumer| bits | consumer.bit()))
    }

    /// Whether it is one of them.
    pub fn has(self, consumer: Consumer) -> bool {
        self.0 & consumer.bit() != 0
    }

    /// All but one.
    #[must_use]
    pub fn without(self, consumer: Consumer) -> Self {
        Self(self.0 & !consumer.bit())
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = Consumer> {
        Consumer::ALL.into_iter().filter(move |consumer| self.has(*consumer))
    }
}

/// An event in its outbox, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Logged {
    /// What it tells.
    pub told: Told,
    /// Who cares for it.
    pub concerns: Consumers,
    /// Who has not heard of it yet: it is on its way, lost and to be told again, or not published yet, which is all one.
    pub waiting: Consumers,
}

impl Told {
    /// Which event it is.
    pub fn id(&self) -> Id {
        let (source, aggregate, version) = match self {
            Self::Order(change) => (Source::Order, change.order.id, change.order.version),
            Self::Stock(change) => (Source::Stock, change.state.order_id, change.state.version),
            Self::Delivery(event) => (Source::Delivery, event.delivery.id, event.delivery.version),
            Self::Message(message) => (Source::Message, message.id, message.version),
        };
        Id { source, aggregate, version }
    }

    /// Whom it concerns. What a consumer passes over without a look is left out.
    pub fn concerns(&self) -> Consumers {
        use Consumer::{Delivery, Notify, Order, Page, Shop};
        match self {
            Self::Order(_) => Consumers::of(&[Shop, Delivery, Notify, Page]),
            Self::Stock(change) => match change.event {
                reservation::Event::Reserved | reservation::Event::Rejected => Consumers::of(&[Order]),
                reservation::Event::Released(_) | reservation::Event::Sold => Consumers::of(&[]),
            },
            Self::Delivery(event) => match event.kind {
                delivery::Kind::Booked
                | delivery::Kind::Started
                | delivery::Kind::Completed
                | delivery::Kind::Cancelled => Consumers::of(&[Order, Page]),
                delivery::Kind::Ready | delivery::Kind::Updated => Consumers::of(&[Page]),
            },
            Self::Message(message) => match message.recipient {
                Recipient::Customer(_) => Consumers::of(&[Page]),
                Recipient::Shop(_) => Consumers::of(&[]),
            },
        }
    }
}
