//! The people that the walk plays.

use crate::error::Result;
use crate::mesh::Keys;
use crate::token::{Grant, Role};

/// Tokens of one walk. Customers are new in each, so that what they see is this walk's alone.
pub struct Cast {
    /// Runs the system, and opens the walk's shop.
    pub operator: String,
    /// Orders.
    pub customer: String,
    /// A customer that has nothing to do with those orders.
    pub stranger: String,
}

/// Those who work at one shop.
pub struct Crew {
    /// Registers phones.
    pub manager: String,
    /// Ships.
    pub staff: String,
}

impl Cast {
    /// Signs the tokens of one walk.
    pub fn new(keys: &Keys) -> Result<Self> {
        let walk = mark();
        let token = |role, name: &str| keys.mint(&Grant::new(role).subject(format!("demo-{name}-{walk}")));
        Ok(Self {
            operator: token(Role::Operator, "operator")?,
            customer: token(Role::Customer, "customer")?,
            stranger: token(Role::Customer, "stranger")?,
        })
    }
}

impl Crew {
    /// Signs the tokens of a shop's people.
    pub fn new(keys: &Keys, shop_id: &str) -> Result<Self> {
        let token = |role| keys.mint(&Grant::new(role).shop(shop_id));
        Ok(Self { manager: token(Role::Manager)?, staff: token(Role::Staff)? })
    }
}

/// A new idempotency key.
pub fn key() -> String {
    format!("demo-{}", mark())
}

fn mark() -> String {
    format!("{:016x}", rand::random::<u64>())
}
