//! `ClaimService`: delivery-svc asks whose its bookings are.

use chassis::{
    refusal::{Refusal, Violations},
    wire,
};
use proto::order::v1::{
    BookingResolution, ResolveBookingsRequest, ResolveBookingsResponse, booking_resolution::Claim,
    claim_service_server::ClaimService,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{adapters::convert, app::resolve_bookings::ResolveBookings, domain::Order};

const MAX_IDS: usize = 200;

/// Serves `ClaimService`.
pub struct Claims {
    resolve: ResolveBookings,
}

impl Claims {
    /// Serves one use case.
    pub fn new(resolve: ResolveBookings) -> Self {
        Self { resolve }
    }
}

#[tonic::async_trait]
impl ClaimService for Claims {
    async fn resolve_bookings(
        &self,
        request: Request<ResolveBookingsRequest>,
    ) -> Result<Response<ResolveBookingsResponse>, Status> {
        let ids = ids(&request.into_inner().order_ids)?;
        let resolved = self.resolve.run(ids).await.map_err(Refusal::from)?;
        let resolutions = resolved.into_iter().map(|(id, order)| resolution(id, order.as_ref())).collect();
        Ok(Response::new(ResolveBookingsResponse { resolutions }))
    }
}

fn ids(texts: &[String]) -> Result<Vec<Uuid>, Refusal> {
    let mut violations = Violations::default();
    if !(1..=MAX_IDS).contains(&texts.len()) {
        violations.add("order_ids", format!("must be 1 to {MAX_IDS}"));
    }
    let ids = texts.iter().take(MAX_IDS).enumerate();
    let ids: Vec<_> =
        ids.filter_map(|(place, text)| violations.check(format!("order_ids[{place}]"), wire::uuid(text))).collect();
    violations.finish()?;
    Ok(ids)
}

fn resolution(id: Uuid, order: Option<&Order>) -> BookingResolution {
    let claim = if order.is_some() { Claim::Claimed } else { Claim::Void };
    BookingResolution { order_id: id.to_string(), claim: claim.into(), order: order.map(convert::order) }
}
