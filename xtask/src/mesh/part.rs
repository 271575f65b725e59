//! The processes of the mesh and their names.

use std::fmt;

/// One of the five services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// shop-svc.
    Shop,
    /// order-svc.
    Order,
    /// delivery-svc.
    Delivery,
    /// notify-svc.
    Notify,
    /// mypage-svc.
    MyPage,
}

impl Service {
    /// All five, in the order of their ports.
    pub const ALL: [Self; 5] = [Self::Shop, Self::Order, Self::Delivery, Self::Notify, Self::MyPage];

    /// The context: `order`.
    pub const fn context(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Order => "order",
            Self::Delivery => "delivery",
            Self::Notify => "notify",
            Self::MyPage => "mypage",
        }
    }

    /// The name of the service, its binary and its key: `order-svc`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop-svc",
            Self::Order => "order-svc",
            Self::Delivery => "delivery-svc",
            Self::Notify => "notify-svc",
            Self::MyPage => "mypage-svc",
        }
    }

    /// Its place in [`Service::ALL`], from 0.
    pub const fn index(self) -> usize {
        match self {
            Self::Shop => 0,
            Self::Order => 1,
            Self::Delivery => 2,
            Self::Notify => 3,
            Self::MyPage => 4,
        }
    }
}

/// One process of the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The database server, where there is one.
    Postgres,
    /// The broker; the first where there are several.
    Nats,
    /// A further broker, from 2.
    NatsPeer(u16),
    /// A service; its first process where there are several.
    Service(Service),
    /// A further process of a service, from 2.
    Replica(Service, u16),
    /// The proxy.
    Envoy,
}

impl Part {
    /// The process of a service with this number, from 1.
    pub const fn replica(service: Service, number: u16) -> Self {
        match number {
            0 | 1 => Self::Service(service),
            further => Self::Replica(service, further),
        }
    }

    /// The broker with this number, from 1.
    pub const fn nats(number: u16) -> Self {
        match number {
            0 | 1 => Self::Nats,
            further => Self::NatsPeer(further),
        }
    }

    /// Which of its kind it is, from 1.
    pub const fn number(self) -> u16 {
        match self {
            Self::Postgres | Self::Nats | Self::Service(_) | Self::Envoy => 1,
            Self::NatsPeer(number) | Self::Replica(_, number) => number,
        }
    }

    /// The service that it is a process of.
    pub const fn service(self) -> Option<Service> {
        match self {
            Self::Service(service) | Self::Replica(service, _) => Some(service),
            Self::Postgres | Self::Nats | Self::NatsPeer(_) | Self::Envoy => None,
        }
    }

    /// The name of its kind.
    const fn kind(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Nats | Self::NatsPeer(_) => "nats",
            Self::Service(service) | Self::Replica(service, _) => service.name(),
            Self::Envoy => "envoy",
        }
    }

    /// Whether somebody means this one by `name`: `order-svc`, `order`, `order-svc-2`, `order-2`, `nats`.
    pub(super) fn is_called(self, name: &str) -> bool {
        let full = self.to_string();
        full == name || self.service().is_some() && full.replacen("-svc", "", 1) == name
    }
}

impl From<Service> for Part {
    fn from(service: Service) -> Self {
        Self::Service(service)
    }
}

/// The name as in messages, logs and commands: `order-svc`, `order-svc-2`.
impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number() {
            1 => formatter.pad(self.kind()),
            number => formatter.pad(&format!("{}-{number}", self.kind())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Service};

    #[test]
    fn services_places_and_names_agree() {
        for (index, service) in Service::ALL.into_iter().enumerate() {
            assert_eq!(service.index(), index);
            assert_eq!(service.name(), format!("{}-svc", service.context()));
        }
    }

    #[test]
    fn the_first_of_its_kind_has_no_number_and_each_has_one_name() {
        assert_eq!(Part::replica(Service::Order, 1), Part::Service(Service::Order));
        assert_eq!(Part::replica(Service::Order, 2).to_string(), "order-svc-2");
        assert_eq!((Part::nats(1).to_string(), Part::nats(3).to_string()), ("nats".to_owned(), "nats-3".to_owned()));
        assert_eq!(format!("{:<8}|", Part::nats(3)), "nats-3  |");
    }

    #[test]
    fn services_have_a_short_name_as_well() {
        for (part, names) in [
            (Part::Service(Service::Order), ["order-svc", "order"]),
            (Part::Replica(Service::Order, 2), ["order-svc-2", "order-2"]),
            (Part::Postgres, ["postgres", "postgres"]),
        ] {
            assert!(names.iter().all(|name| part.is_called(name)), "{part}");
            assert!(!part.is_called("kafka") && !part.is_called("order-3"), "{part}");
        }
    }
}
