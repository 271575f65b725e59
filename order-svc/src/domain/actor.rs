//! Who does something, and who may see an order.

use uuid::Uuid;

use super::Order;

/// The person or the service that caused a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    /// What it was when it acted.
    pub kind: ActorKind,
    /// A person's opaque subject, or a service's name.
    pub id: String,
}

/// What an actor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A customer.
    Customer,
    /// A member of a shop's staff.
    Staff,
    /// A manager of a shop.
    Manager,
    /// An operator of the system.
    Operator,
    /// One of the services.
    Service,
}

impl ActorKind {
    /// Its name, in capitals as everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Staff => "STAFF",
            Self::Manager => "MANAGER",
            Self::Operator => "OPERATOR",
            Self::Service => "SERVICE",
        }
    }
}

impl Actor {
    /// A service acting by itself.
    pub fn service(name: &str) -> Self {
        Self { kind: ActorKind::Service, id: name.to_owned() }
    }

    /// Whether it is one of the services, and no person.
    pub fn is_service(&self) -> bool {
        self.kind == ActorKind::Service
    }
}

/// A person that calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The opaque subject.
    pub id: String,
    /// May own orders.
    pub customer: bool,
    /// The shop the person works at, and as what.
    pub works_at: Option<(Uuid, ActorKind)>,
    /// Reads all.
    pub operator: bool,
}

impl Caller {
    /// Whether this person may know that the order exists.
    pub fn may_see(&self, order: &Order) -> bool {
        self.operator || self.acts_on(order).is_some()
    }

    /// As whom this person may act on the order: as its customer before as its shop's staff.
    pub fn acts_on(&self, order: &Order) -> Option<Actor> {
        if self.customer && order.customer_id == self.id {
            return Some(Actor { kind: ActorKind::Customer, id: self.id.clone() });
        }
        let (_, kind) = self.works_at.filter(|(shop_id, _)| *shop_id == order.shop_id)?;
        Some(Actor { kind, id: self.id.clone() })
    }
}
