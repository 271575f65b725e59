//! `OrderOperationsService`: what operators do about orders.

use chassis::{
    consumer::CaughtUp,
    grpc::person,
    page::{Cursor, Page, check_size},
    refusal::{Refusal, Violations},
};
use proto::order::v1::{
    self as order_wire, order_operations_service_server::OrderOperationsService, resume_order_response,
    stuck_order::WaitsFor as WireWaitsFor,
};
use tonic::{Request, Response, Status};
use tracing::Instrument;

use super::{MAX_UNITS_A_PAGE, about, order_id, units};
use crate::{
    adapters::{access::operator, convert},
    app::{EraseCustomer, ListStuckOrders, ResumeOrder, resume_order::Outcome},
    domain::order::WaitsFor,
};

/// The longest subject that a customer can have, in characters.
const MAX_SUBJECT: usize = 255;

/// Serves `OrderOperationsService`.
pub struct Operations {
    /// `ListStuckOrders`.
    pub stuck: ListStuckOrders,
    /// `ResumeOrder`.
    pub resume: ResumeOrder,
    /// `EraseCustomer`.
    pub erase: EraseCustomer,
    /// How far shop-svc's events were heard.
    pub heard: CaughtUp,
}

#[tonic::async_trait]
impl OrderOperationsService for Operations {
    async fn list_stuck_orders(
        &self,
        request: Request<order_wire::ListStuckOrdersRequest>,
    ) -> Result<Response<order_wire::ListStuckOrdersResponse>, Status> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let waits_for = violations.check("waits_for", waits_for_filter(request.waits_for)).flatten();
        check_size(&mut violations, request.page_size);
        violations.finish()?;
        let filter = format!("stuck {waits_for:?}");
        let mut page = Page::parse(request.page_size, &request.page_token, &filter)?.of_uuids()?;
        let mut orders = self.stuck.run(waits_for, &page).await.map_err(Refusal::from)?;
        page.bound(&orders, MAX_UNITS_A_PAGE, units);
        let next_page_token = page.finish(&mut orders, &filter, |order| Cursor::new(order.waits_since(), order.id));
        let orders = orders.iter().filter_map(convert::stuck_order).collect();
        Ok(Response::new(order_wire::ListStuckOrdersResponse { orders, next_page_token }))
    }

    async fn resume_order(
        &self,
        request: Request<order_wire::ResumeOrderRequest>,
    ) -> Result<Response<order_wire::ResumeOrderResponse>, Status> {
        let operator = operator(person(&request)?);
        let mut violations = Violations::default();
        let id = order_id(&mut violations, &request.get_ref().order_id);
        violations.finish()?;
        let resume = async { self.resume.run(&operator, id, self.heard.since()).await.map_err(Refusal::from) };
        let resumed = resume.instrument(about(id)).await?;
        let mut answer =
            order_wire::ResumeOrderResponse { order: Some(convert::order(&resumed.order)), ..Default::default() };
        answer.set_outcome(match resumed.outcome {
            Outcome::Advanced => resume_order_response::Outcome::Advanced,
            Outcome::Waiting => resume_order_response::Outcome::Waiting,
            Outcome::Final => resume_order_response::Outcome::Final,
        });
        answer.set_waits_for(convert::waits_for(resumed.order.waits_for()));
        Ok(Response::new(answer))
    }

    async fn erase_customer(
        &self,
        request: Request<order_wire::EraseCustomerRequest>,
    ) -> Result<Response<order_wire::EraseCustomerResponse>, Status> {
        let operator = operator(person(&request)?);
        let customer_id = request.into_inner().customer_id;
        let mut violations = Violations::default();
        if !is_subject(&customer_id) {
            violations.add("customer_id", format!("must be 1 to {MAX_SUBJECT} visible characters, without spaces"));
        }
        violations.finish()?;
        let erased = self.erase.run(operator, customer_id).await.map_err(Refusal::from)?;
        let count = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
        let (cleared, outstanding) = (count(erased.cleared), count(erased.outstanding));
        Ok(Response::new(order_wire::EraseCustomerResponse { cleared, outstanding }))
    }
}

fn is_subject(text: &str) -> bool {
    let fits = (1..=MAX_SUBJECT).contains(&text.chars().take(MAX_SUBJECT + 1).count());
    fits && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// What a list is filtered by; none where all are asked for.
fn waits_for_filter(number: i32) -> Result<Option<WaitsFor>, &'static str> {
    match WireWaitsFor::try_from(number) {
        Ok(WireWaitsFor::Unspecified) => Ok(None),
        Ok(WireWaitsFor::Booking) => Ok(Some(WaitsFor::Booking)),
        Ok(WireWaitsFor::Stock) => Ok(Some(WaitsFor::Stock)),
        Ok(WireWaitsFor::Shipment) => Ok(Some(WaitsFor::Shipment)),
        Err(_unknown) => Err("is none that an order can wait for"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_of_visible_characters() {
        for wrong in ["", " ", "kim ", " kim", "kim\n", "k im", "\u{7f}", &"x".repeat(MAX_SUBJECT + 1)] {
            assert!(!is_subject(wrong), "{wrong:?}");
        }
        assert!(is_subject("customer-1") && is_subject(&"x".repeat(MAX_SUBJECT)));
    }
}
