//! Who changed something.

/// What an actor was when it acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
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

impl Kind {
    /// The kind's name, as contracts and the audit have it.
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

/// The person or service that caused a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    /// What it was when it acted.
    pub kind: Kind,
    /// A person's opaque subject or a service's name.
    pub id: String,
}

impl Actor {
    /// A person.
    pub fn person(kind: Kind, subject: impl Into<String>) -> Self {
        Self { kind, id: subject.into() }
    }

    /// This service. It is the actor of everything that stock does for an order: the order's own events name the person
    /// who placed, cancelled or shipped it.
    pub fn shop_svc() -> Self {
        Self { kind: Kind::Service, id: "shop-svc".to_owned() }
    }
}
