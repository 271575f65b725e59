//! What clients ask for.

use order_svc::domain::{Actor, NewLine, NewOrder, Recipient, actor::ActorKind, order_id};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::setup::Client;

/// Generations of a key that are known: no exploration voids so many.
const GENERATIONS: u32 = 5;

/// What a client wants.
#[derive(Clone, Debug)]
pub struct Command {
    /// The customer.
    pub customer: Actor,
    /// Whose key: the same for calls that are one.
    pub key: Option<(u8, u8)>,
    /// The order.
    pub order: NewOrder,
    /// Binds the key to it.
    pub hash: [u8; 32],
    /// The ids that the call may have, one a generation.
    pub ids: Vec<Uuid>,
    /// The id that no other call carries.
    pub own: Uuid,
}

impl Command {
    /// What the client with this number asks the shop for.
    pub fn new(number: usize, client: &Client, shop_id: Uuid, phone_id: Uuid) -> Self {
        let Client { customer, key, quantity } = *client;
        let subject = format!("customer-{customer}");
        let line = NewLine { phone_id, quantity, expected_unit_price: None, serials: Vec::new() };
        let recipient = Recipient {
            name: "name".to_owned(),
            phone_number: "010-0000-0000".to_owned(),
            address: "address".to_owned(),
        };
        let order = NewOrder { shop_id, lines: vec![line], recipient };
        let derived = |key: &str, generation| {
            let text = order_id::canonical("issuer", &subject, "PlaceOrder", key, generation);
            order_id::derived(Sha256::digest(text).into())
        };
        let own = format!("call {number}");
        let text = key.map_or_else(|| own.clone(), |key| format!("key {key}"));
        Self {
            customer: Actor { kind: ActorKind::Customer, id: subject.clone() },
            key: key.map(|key| (customer, key)),
            hash: Sha256::digest(order.canonical()).into(),
            ids: (0..GENERATIONS).map(|generation| derived(&text, generation)).collect(),
            own: derived(&own, GENERATIONS),
            order,
        }
    }
}
