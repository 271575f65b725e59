//! Asking order-svc whose bookings are.

use std::time::Duration;

use async_trait::async_trait;
use chassis::{client::Mesh, deadline, wire};
use proto::order::v1::{
    BookingResolution, ResolveBookingsRequest, booking_resolution::Claim, claim_service_client::ClaimServiceClient,
    claim_service_server,
};
use uuid::Uuid;

use super::convert;
use crate::{
    app::{
        Claims,
        ports::{Resolution, Unresolved},
    },
    domain::actor::Actor,
};

const DEADLINE: Duration = Duration::from_secs(5);
/// Answers to 200 ids of orders with 20 lines of 100 serials each, and room to spare.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// order-svc through the mesh.
pub struct OrderClaims {
    client: ClaimServiceClient<Mesh>,
}

impl OrderClaims {
    /// Asks through `mesh`.
    pub fn new(mesh: &Mesh) -> Self {
        let mesh = mesh.calling(&[claim_service_server::SERVICE_NAME]);
        Self { client: ClaimServiceClient::new(mesh).max_decoding_message_size(MAX_ANSWER_BYTES) }
    }
}

#[async_trait]
impl Claims for OrderClaims {
    async fn resolve(&self, ids: &[Uuid]) -> Result<Vec<Resolution>, Unresolved> {
        let order_ids = ids.iter().map(Uuid::to_string).collect();
        let mut client = self.client.clone();
        let answered = deadline::within(DEADLINE, client.resolve_bookings(ResolveBookingsRequest { order_ids })).await;
        let answered = answered.map_err(|spent| Unresolved(spent.into()))?;
        let answer = answered.map_err(|status| Unresolved(status.into()))?.into_inner();
        Ok(understood(ids, &answer.resolutions))
    }
}

/// What was answered to what was asked. An answer that makes no sense is logged and keeps no other from being used.
fn understood(asked: &[Uuid], answers: &[BookingResolution]) -> Vec<Resolution> {
    let mut resolutions = Vec::with_capacity(asked.len());
    for answer in answers.iter().take(asked.len()) {
        match resolution(answer) {
            Ok(resolution) if asked.contains(&id(&resolution)) => resolutions.push(resolution),
            Ok(resolution) => {
                tracing::error!(order_id = %id(&resolution), "a booking was resolved that was not asked for");
            }
            Err(error) => {
                tracing::error!(order_id = answer.order_id, %error, "the resolution of a booking makes no sense");
            }
        }
    }
    resolutions
}

fn id(resolution: &Resolution) -> Uuid {
    match resolution {
        Resolution::Claimed(report) => report.order_id,
        Resolution::Void(id) => *id,
    }
}

#[derive(Debug, thiserror::Error)]
enum Senseless {
    #[error(transparent)]
    Order(#[from] convert::Nonsense),
    #[error("the order is another one")]
    OtherOrder,
    #[error("the claim is not known")]
    Claim,
}

fn resolution(answer: &BookingResolution) -> Result<Resolution, Senseless> {
    let order_id = wire::uuid(&answer.order_id).map_err(|_wrong| convert::Nonsense::Id("order_id"))?;
    match Claim::try_from(answer.claim) {
        Ok(Claim::Void) => Ok(Resolution::Void(order_id)),
        Ok(Claim::Claimed) => {
            let order = answer.order.as_ref().ok_or(convert::Nonsense::Missing("order"))?;
            let report = convert::report(order, Actor::service("order-svc"))?;
            if report.order_id == order_id { Ok(Resolution::Claimed(report)) } else { Err(Senseless::OtherOrder) }
        }
        Ok(Claim::Unspecified) | Err(_) => Err(Senseless::Claim),
    }
}

#[cfg(test)]
mod tests {
    use proto::order::v1::{Order, order::Status};

    use super::*;
    use crate::{app::follow_order::Report, domain::follow::Standing};

    fn claimed(id: Uuid, order_id: Uuid) -> BookingResolution {
        let order = Order {
            order_id: order_id.to_string(),
            shop_id: Uuid::nil().to_string(),
            customer_id: "customer-1".into(),
            status: Status::Confirmed.into(),
            ..Order::default()
        };
        BookingResolution { order_id: id.to_string(), claim: Claim::Claimed.into(), order: Some(order) }
    }

    fn void(id: Uuid) -> BookingResolution {
        BookingResolution { order_id: id.to_string(), claim: Claim::Void.into(), order: None }
    }

    #[test]
    fn claims_and_voids_are_understood() {
        let ids = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let report = Report {
            order_id: ids[0],
            shop_id: Uuid::nil(),
            customer_id: "customer-1".into(),
            order_time: None,
            standing: Standing::Confirmed,
            actor: Actor::service("order-svc"),
        };
        let answers = [claimed(ids[0], ids[0]), void(ids[1])];
        assert_eq!(understood(&ids, &answers), [Resolution::Claimed(report), Resolution::Void(ids[1])]);
    }

    #[test]
    fn what_was_not_asked_or_makes_no_sense_settles_nothing() {
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let nothing = BookingResolution { order_id: id.to_string(), ..BookingResolution::default() };
        let no_order = BookingResolution { order: None, ..claimed(id, id) };
        for answer in [void(other), claimed(id, other), nothing, no_order, BookingResolution::default()] {
            assert_eq!(understood(&[id], std::slice::from_ref(&answer)), [], "{answer:?}");
        }
    }
}
