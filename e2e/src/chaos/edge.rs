//! Keyed calls through the edge, by REST or by gRPC as it comes, repeated until they are answered.

mod forms;

use std::time::{Duration, Instant};

use proto::delivery::v1::{CompleteDeliveryRequest, Recipient, ShipDeliveryRequest};
use proto::order::v1::CancelOrderRequest;
use proto::shop::v1::{AddUnitsRequest, NewUnits, WithdrawUnitsRequest, new_units};
use tonic::Status;

use self::forms::{CARRIER, REASON, place_request, refused, told, tracking_number};
use super::random::Random;
use crate::grpc::{Grpc, keyed_by};
use crate::rest::Rest;
use crate::world::{Person, World};

/// How long one try waits for its answer; then nobody knows what became of it.
const TRY: Duration = Duration::from_secs(6);

/// What a person asks for, under a key.
#[derive(Clone, Debug)]
pub enum Call {
    /// An order.
    Place(Wanted),
    /// The end of an order.
    Cancel(String),
    /// The shipment of an order.
    Ship(String),
    /// The arrival of an order.
    Complete(String),
    /// So many more units of a phone of a shop.
    Add { shop_id: String, phone_id: String, quantity: i32 },
    /// These units of a phone of a shop are not for sale any more.
    Withdraw { shop_id: String, phone_id: String, serials: Vec<String> },
}

/// What an order is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of which shop.
    pub shop_id: String,
    /// Phones and how many of each.
    pub lines: Vec<(String, i32)>,
    /// To whom.
    pub recipient: Recipient,
}

/// What was answered to a call that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The order as it was placed.
    Placed(Told),
    /// The serials of units that were added.
    Added(Vec<String>),
    /// Done, and nothing else that matters here.
    Done,
}

/// An order as it was told of; the same by REST and by gRPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its id.
    pub order_id: String,
    /// Whose it is.
    pub customer_id: String,
    /// Of which shop.
    pub shop_id: String,
    /// Its status, by its name in the contract.
    pub status: String,
    /// Its version.
    pub version: i64,
    /// Phones and how many of each.
    pub lines: Vec<(String, i32)>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done(Reply),
    /// Refused, with this reason; nothing was changed.
    Refused(String),
    /// Not answered, or told to come back: it may have been done or not.
    Unknown(String),
}

/// Which way a try goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// JSON.
    Rest,
    /// gRPC.
    Grpc,
}

impl Way {
    /// Either, as it comes.
    pub const fn any(random: &mut Random) -> Self {
        if random.chance(50) { Self::Rest } else { Self::Grpc }
    }
}

/// The edge, as one person.
#[derive(Clone)]
pub struct Edge {
    rest: Rest,
    grpc: Grpc,
}

impl Edge {
    /// New connections to the edge, as this person.
    pub fn new(world: &World, person: &Person) -> Self {
        Self { rest: world.rest(person), grpc: world.grpc(person) }
    }

    /// The same connections as another person.
    #[must_use]
    pub fn by(&self, person: &Person) -> Self {
        Self { rest: self.rest.by(person), grpc: self.grpc.by(person) }
    }

    /// gRPC, for what changes nothing.
    pub const fn grpc(&self) -> &Grpc {
        &self.grpc
    }

    /// Repeats a call with its key until it is done or refused, for so long at most; answers how often it was tried.
    pub async fn persist(&self, random: &mut Random, key: &str, call: &Call, limit: Duration) -> (Outcome, u64) {
        let begun = Instant::now();
        let mut tries = 1;
        loop {
            let outcome = self.once(Way::any(random), key, call).await;
            if !matches!(outcome, Outcome::Unknown(_)) || begun.elapsed() > limit {
                return (outcome, tries);
            }
            tokio::time::sleep(random.millis(100, 800)).await;
            tries += 1;
        }
    }

    /// One try.
    pub async fn once(&self, way: Way, key: &str, call: &Call) -> Outcome {
        let tried = async {
            match way {
                Way::Rest => self.by_rest(key, call).await,
                Way::Grpc => self.by_grpc(key, call).await.unwrap_or_else(|status| refused(&status)),
            }
        };
        let silent = |_| Outcome::Unknown("no answer in time".to_owned());
        tokio::time::timeout(TRY, tried).await.unwrap_or_else(silent)
    }

    async fn by_rest(&self, key: &str, call: &Call) -> Outcome {
        let (path, body) = forms::rest_form(call);
        let answer = match self.rest.call(reqwest::Method::POST, &path, Some(key), Some(&body)).await {
            Ok(answer) => answer,
            Err(error) => return Outcome::Unknown(error),
        };
        if !answer.status.is_success() {
            return forms::by_status(&answer);
        }
        let reply = match call {
            Call::Place(_) => forms::told_by_json(&answer.body["order"]).map(Reply::Placed),
            Call::Add { .. } => forms::texts(&answer.body["serials"]).map(Reply::Added),
            Call::Cancel(_) | Call::Ship(_) | Call::Complete(_) | Call::Withdraw { .. } => Some(Reply::Done),
        };
        reply.map_or_else(|| Outcome::Refused(format!("a success without its contents: {answer}")), Outcome::Done)
    }

    async fn by_grpc(&self, key: &str, call: &Call) -> Result<Outcome, Status> {
        let reply = match call.clone() {
            Call::Place(wanted) => {
                let answer = self.grpc.order().place_order(keyed_by(key, place_request(wanted))).await?.into_inner();
                Reply::Placed(told(&answer.order.unwrap_or_default()))
            }
            Call::Cancel(order_id) => {
                let request = CancelOrderRequest { order_id, reason: REASON.to_owned() };
                self.grpc.order().cancel_order(keyed_by(key, request)).await?;
                Reply::Done
            }
            Call::Ship(delivery_id) => {
                let (carrier, tracking_number) = (CARRIER.to_owned(), tracking_number(&delivery_id));
                let request = ShipDeliveryRequest { delivery_id, carrier, tracking_number };
                self.grpc.delivery().ship_delivery(keyed_by(key, request)).await?;
                Reply::Done
            }
            Call::Complete(delivery_id) => {
                let request = CompleteDeliveryRequest { delivery_id };
                self.grpc.delivery().complete_delivery(keyed_by(key, request)).await?;
                Reply::Done
            }
            Call::Add { shop_id, phone_id, quantity } => {
                let units = Some(NewUnits { units: Some(new_units::Units::Quantity(quantity)) });
                let request = AddUnitsRequest { shop_id, phone_id, units };
                Reply::Added(self.grpc.shop().add_units(keyed_by(key, request)).await?.into_inner().serials)
            }
            Call::Withdraw { shop_id, phone_id, serials } => {
                let request = WithdrawUnitsRequest { shop_id, phone_id, serials };
                self.grpc.shop().withdraw_units(keyed_by(key, request)).await?;
                Reply::Done
            }
        };
        Ok(Outcome::Done(reply))
    }
}
