//! Shops: open or closed, each with one currency for ever.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Actor, Currency, Name};

/// Whether a shop takes orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Orders can be reserved here.
    Open,
    /// Every new order is rejected.
    Closed,
}

impl Status {
    /// The status's name, as contracts and the audit have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Closed => "CLOSED",
        }
    }
}

/// A phone dealership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shop {
    /// Its id.
    pub id: Uuid,
    /// The name that customers see.
    pub name: Name,
    /// What it sells in. It never changes.
    pub currency: Currency,
    /// Open or closed.
    pub status: Status,
    /// From 1, one more with each change.
    pub version: i64,
    /// When it was registered.
    pub create_time: OffsetDateTime,
    /// When it last changed.
    pub update_time: OffsetDateTime,
}

/// What happened to a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was registered.
    Registered,
    /// It was opened or closed.
    Updated,
}

/// A shop's new version with its event.
pub type Change = super::Change<Shop, Event>;

impl Shop {
    /// Registers a shop, open for orders.
    pub fn register(id: Uuid, name: Name, currency: Currency, actor: Actor, now: OffsetDateTime) -> Change {
        let shop = Self { id, name, currency, status: Status::Open, version: 1, create_time: now, update_time: now };
        Change { state: shop, event: Event::Registered, actor }
    }

    /// Opens the shop; none where it is open already.
    pub fn open(&self, actor: Actor, now: OffsetDateTime) -> Option<Change> {
        match self.status {
            Status::Open => None,
            Status::Closed => Some(self.become_status(Status::Open, actor, now)),
        }
    }

    /// Closes the shop; none where it is closed already.
    pub fn close(&self, actor: Actor, now: OffsetDateTime) -> Option<Change> {
        match self.status {
            Status::Open => Some(self.become_status(Status::Closed, actor, now)),
            Status::Closed => None,
        }
    }

    fn become_status(&self, status: Status, actor: Actor, now: OffsetDateTime) -> Change {
        let shop = Self { status, version: self.version + 1, update_time: now.max(self.update_time), ..self.clone() };
        Change { state: shop, event: Event::Updated, actor }
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::domain::actor::Kind;

    fn operator() -> Actor {
        Actor::person(Kind::Operator, "op")
    }

    fn registered() -> Change {
        let name = Name::parse("종로 대리점").expect("a name");
        let currency = Currency::parse("KRW").expect("a currency");
        Shop::register(Uuid::nil(), name, currency, operator(), OffsetDateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_registered_shop_is_open() {
        let change = registered();
        assert_eq!((change.state.status, change.state.version, change.event), (Status::Open, 1, Event::Registered));
        assert_eq!(change.state.open(operator(), OffsetDateTime::UNIX_EPOCH), None);
    }

    #[test]
    fn each_change_is_one_version() {
        let later = OffsetDateTime::UNIX_EPOCH + Duration::HOUR;
        let closed = registered().state.close(operator(), later).expect("a change");
        assert_eq!((closed.state.status, closed.state.version, closed.event), (Status::Closed, 2, Event::Updated));
        assert_eq!((closed.state.create_time, closed.state.update_time), (OffsetDateTime::UNIX_EPOCH, later));
        assert_eq!(closed.state.close(operator(), later), None);
        let open = closed.state.open(operator(), later).expect("a change");
        assert_eq!((open.state.status, open.state.version), (Status::Open, 3));
    }
}
