//! Who changes deliveries.

/// What an actor was when it acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
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

/// The person or the service that causes a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    /// What it was when it acted.
    pub role: Role,
    /// A person's opaque subject, or a service's name such as `order-svc`.
    pub id: String,
}

impl Actor {
    /// A customer by its subject.
    pub fn customer(subject: impl Into<String>) -> Self {
        Self { role: Role::Customer, id: subject.into() }
    }

    /// A service by its name.
    pub fn service(name: impl Into<String>) -> Self {
        Self { role: Role::Service, id: name.into() }
    }
}
