//! `OrderService`.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    grpc::{keyed, person},
    idempotency::{Answer, Keyed},
    page::{Cursor, Page, check_size},
    refusal::{Refusal, Violations},
};
use prost::Message;
use proto::order::v1::{self as order_wire, order_service_server::OrderService};
use tonic::{Request, Response, Status};
use tracing::Instrument;

use super::{MAX_UNITS_A_PAGE, about, order_id, units};
use crate::{
    adapters::{
        access::{CANCEL_ORDER, PLACE_ORDER, caller},
        convert,
    },
    app::{CancelOrder, GetOrder, ListOrderEvents, ListOrders, PlaceOrder, cancel_order, place_order},
    domain::{Actor, Order, actor::ActorKind, order::MAX_REASON},
};

/// Serves `OrderService`.
pub struct Orders {
    /// Places.
    pub place: PlaceOrder,
    /// Cancels.
    pub cancel: CancelOrder,
    /// Reads one.
    pub get: GetOrder,
    /// Lists.
    pub list: ListOrders,
    /// Lists changes.
    pub events: ListOrderEvents,
    /// Tells the time of keys.
    pub clock: Arc<dyn Clock>,
}

#[tonic::async_trait]
impl OrderService for Orders {
    async fn place_order(
        &self,
        request: Request<order_wire::PlaceOrderRequest>,
    ) -> Result<Response<order_wire::PlaceOrderResponse>, Status> {
        let person = person(&request)?;
        let keyed = keyed(&request, PLACE_ORDER, self.clock.now())?;
        let order = convert::new_order(request.into_inner())?;
        let customer = Actor { kind: ActorKind::Customer, id: person.subject };
        let command = place_order::Command::new(customer, order, keyed);
        let order = self.place.run(command).await.map_err(Refusal::from)?;
        Ok(Response::new(order_wire::PlaceOrderResponse { order: Some(convert::order(&order)) }))
    }

    async fn get_order(
        &self,
        request: Request<order_wire::GetOrderRequest>,
    ) -> Result<Response<order_wire::GetOrderResponse>, Status> {
        let caller = caller(person(&request)?);
        let mut violations = Violations::default();
        let id = order_id(&mut violations, &request.get_ref().order_id);
        violations.finish()?;
        let read = async { self.get.run(&caller, id).await.map_err(Refusal::from) };
        let order = read.instrument(about(id)).await?;
        Ok(Response::new(order_wire::GetOrderResponse { order: Some(convert::order(&order)) }))
    }

    async fn list_orders(
        &self,
        request: Request<order_wire::ListOrdersRequest>,
    ) -> Result<Response<order_wire::ListOrdersResponse>, Status> {
        let caller = caller(person(&request)?);
        let request = request.into_inner();
        let mut violations = Violations::default();
        let status = violations.check("status", convert::status_filter(request.status)).flatten();
        check_size(&mut violations, request.page_size);
        violations.finish()?;
        let filter = format!("orders {caller:?} {status:?}");
        let mut page = Page::parse(request.page_size, &request.page_token, &filter)?.of_uuids()?;
        let mut orders = self.list.run(&caller, status, &page).await.map_err(Refusal::from)?;
        page.bound(&orders, MAX_UNITS_A_PAGE, units);
        let next_page_token = page.finish(&mut orders, &filter, |order| Cursor::new(order.create_time, order.id));
        let orders = orders.iter().map(convert::order).collect();
        Ok(Response::new(order_wire::ListOrdersResponse { orders, next_page_token }))
    }

    async fn cancel_order(
        &self,
        request: Request<order_wire::CancelOrderRequest>,
    ) -> Result<Response<order_wire::CancelOrderResponse>, Status> {
        let caller = caller(person(&request)?);
        let keyed = keyed(&request, CANCEL_ORDER, self.clock.now())?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let order_id = order_id(&mut violations, &request.order_id);
        let reason = cancel_reason(&mut violations, &request.reason);
        violations.finish()?;
        let keyed = Keyed::new(keyed, |order: &Order| cancelled(order).encode_to_vec());
        let command = cancel_order::Command { caller, order_id, reason };
        let cancel = async { self.cancel.run(command, keyed).await.map_err(Refusal::from) };
        let answer = cancel.instrument(about(order_id)).await?;
        Ok(Response::new(match answer {
            Answer::Fresh(order) => cancelled(&order),
            Answer::Replayed(bytes) => replayed(&bytes)?,
        }))
    }

    async fn list_order_events(
        &self,
        request: Request<order_wire::ListOrderEventsRequest>,
    ) -> Result<Response<order_wire::ListOrderEventsResponse>, Status> {
        let caller = caller(person(&request)?);
        let request = request.into_inner();
        let mut violations = Violations::default();
        let id = order_id(&mut violations, &request.order_id);
        check_size(&mut violations, request.page_size);
        violations.finish()?;
        let filter = format!("events {id}");
        let page = Page::parse(request.page_size, &request.page_token, &filter)?.of_numbers()?;
        let read = async { self.events.run(&caller, id, &page).await.map_err(Refusal::from) };
        let mut events = read.instrument(about(id)).await?;
        let next_page_token =
            page.finish(&mut events, &filter, |entry| Cursor { time: entry.time, id: entry.version.to_string() });
        let events = events.iter().map(convert::history_entry).collect::<Result<_, _>>().map_err(Refusal::from)?;
        Ok(Response::new(order_wire::ListOrderEventsResponse { events, next_page_token }))
    }
}

fn cancelled(order: &Order) -> order_wire::CancelOrderResponse {
    order_wire::CancelOrderResponse { order: Some(convert::order(order)) }
}

fn replayed<M: Message + Default>(bytes: &[u8]) -> Result<M, Refusal> {
    M::decode(bytes).map_err(|error| Refusal::internal(&error))
}

fn cancel_reason(violations: &mut Violations, text: &str) -> String {
    let text = text.trim();
    if text.chars().count() > MAX_REASON || text.chars().any(char::is_control) {
        violations
            .add("reason", format!("must have at most {MAX_REASON} characters, none of them a control character"));
    }
    text.to_owned()
}
