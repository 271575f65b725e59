//! The services that an operator can ask.

use clap::ValueEnum;

/// A service of the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Service {
    /// order-svc
    Order,
    /// shop-svc
    Shop,
    /// delivery-svc
    Delivery,
    /// notify-svc
    Notify,
    /// mypage-svc
    #[value(name = "mypage")]
    MyPage,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Order, Self::Shop, Self::Delivery, Self::Notify, Self::MyPage];

    /// The name that the header `x-tword-service` gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Shop => "shop",
            Self::Delivery => "delivery",
            Self::Notify => "notify",
            Self::MyPage => "mypage",
        }
    }
}

/// Which services are asked.
#[derive(clap::Args, Debug)]
pub struct Services {
    /// Ask only this service; may be repeated. All are asked otherwise
    #[arg(long = "service", value_enum, value_delimiter = ',', value_name = "SERVICE")]
    named: Vec<Service>,
}

impl Services {
    /// Those named, each once; all where none is.
    pub fn asked(&self) -> Vec<Service> {
        let asked = |service: &Service| self.named.is_empty() || self.named.contains(service);
        Service::ALL.into_iter().filter(asked).collect()
    }
}
