//! Who looks at deliveries and who changes them.

use uuid::Uuid;

use crate::domain::{actor::Actor, delivery::Delivery};

/// What a person may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    /// Its own deliveries, where it is a customer.
    pub customer_id: Option<String>,
    /// The deliveries of its shop, where it is staff or manager of one.
    pub shop_id: Option<Uuid>,
    /// All deliveries.
    pub operator: bool,
}

impl Viewer {
    /// Whether it may see this delivery.
    pub fn may_see(&self, delivery: &Delivery) -> bool {
        self.operator
            || self.shop_id == Some(delivery.shop_id)
            || self.customer_id.as_deref() == Some(delivery.customer_id.as_str())
    }
}

/// A shop's member of staff or manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// The shop.
    pub shop_id: Uuid,
    /// The person.
    pub actor: Actor,
}
