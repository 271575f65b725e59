//! The processes of the mesh and their names.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

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
    /// The broker.
    Nats,
    /// A service.
    Service(Service),
    /// The proxy.
    Envoy,
}

impl Part {
    /// All seven, in the order in which they start.
    pub const ALL: [Self; 7] = [
        Self::Nats,
        Self::Service(Service::Shop),
        Self::Service(Service::Order),
        Self::Service(Service::Delivery),
        Self::Service(Service::Notify),
        Self::Service(Service::MyPage),
        Self::Envoy,
    ];

    /// The name, as in messages, logs and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Service(service) => service.name(),
            Self::Envoy => "envoy",
        }
    }

    /// Its place in [`Part::ALL`], from 0.
    pub const fn index(self) -> usize {
        match self {
            Self::Nats => 0,
            Self::Service(service) => 1 + service.index(),
            Self::Envoy => 6,
        }
    }
}

impl From<Service> for Part {
    fn from(service: Service) -> Self {
        Self::Service(service)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Part {
    type Err = Error;

    /// Reads `order-svc`, `order`, `nats` or `envoy`.
    fn from_str(text: &str) -> Result<Self> {
        let short = |part: &Self| part.name().strip_suffix("-svc") == Some(text);
        Self::ALL.into_iter().find(|part| part.name() == text || short(part)).ok_or_else(|| {
            Error::new(format!("the mesh has no process {text:?}"))
                .help(format!("one of {}", Self::ALL.map(Self::name).join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Service};

    #[test]
    fn places_and_names_agree_with_the_lists() {
        for (index, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(part.index(), index);
            assert_eq!(part.name().parse::<Part>().expect("its own name"), part);
        }
        for (index, service) in Service::ALL.into_iter().enumerate() {
            assert_eq!(service.index(), index);
            assert_eq!(service.name(), format!("{}-svc", service.context()));
        }
    }

    #[test]
    fn takes_the_short_name_and_names_the_choices_otherwise() {
        assert_eq!("order".parse::<Part>().expect("short"), Part::Service(Service::Order));
        let error = "kafka".parse::<Part>().expect_err("no such process");
        assert!(error.advice().expect("advice").contains("notify-svc"), "{error}");
    }
}
