//! `DeliveryService`: for customers, shop staff and operators.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    grpc,
    idempotency::{Answer, Keyed},
    page::{Cursor, Page, check_size},
    refusal::{Refusal, Violations},
    wire,
};
use prost::Message;
use proto::delivery::v1::{
    CompleteDeliveryRequest, CompleteDeliveryResponse, CorrectRecipientRequest, CorrectRecipientResponse,
    CorrectTrackingNumberRequest, CorrectTrackingNumberResponse, Delivery as DeliveryMessage, GetDeliveryRequest,
    GetDeliveryResponse, ListDeliveriesRequest, ListDeliveriesResponse, ShipDeliveryRequest, ShipDeliveryResponse,
    delivery_service_server::DeliveryService,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{
    adapters::{access, convert},
    app::{
        Changed,
        complete_delivery::{self, CompleteDelivery},
        correct_recipient::{self, CorrectRecipient},
        correct_tracking_number::{self, CorrectTrackingNumber},
        get_delivery::GetDelivery,
        list_deliveries::{Filter, ListDeliveries, Query},
        ports::Addressed,
        ship_delivery::{self, ShipDelivery},
        viewer::Viewer,
    },
    domain::delivery::Delivery,
};

/// Deliveries as people see them.
pub struct Deliveries {
    /// Reads one.
    pub get: GetDelivery,
    /// Lists.
    pub list: ListDeliveries,
    /// Ships.
    pub ship: ShipDelivery,
    /// Completes.
    pub complete: CompleteDelivery,
    /// Corrects recipients.
    pub correct_recipient: CorrectRecipient,
    /// Corrects tracking numbers.
    pub correct_tracking_number: CorrectTrackingNumber,
    /// Dates keyed calls.
    pub clock: Arc<dyn Clock>,
}

#[tonic::async_trait]
impl DeliveryService for Deliveries {
    async fn get_delivery(
        &self,
        request: Request<GetDeliveryRequest>,
    ) -> Result<Response<GetDeliveryResponse>, Status> {
        let viewer = access::viewer(&grpc::person(&request)?);
        let id = delivery_id(&request.get_ref().delivery_id)?;
        let found = self.get.run(id, &viewer).await.map_err(Refusal::from)?;
        Ok(Response::new(GetDeliveryResponse { delivery: Some(addressed(&found)) }))
    }

    async fn list_deliveries(
        &self,
        request: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        let viewer = access::viewer(&grpc::person(&request)?);
        let (page, query, filter) = list_query(request.get_ref(), &viewer)?;
        let mut rows = self.list.run(query).await.map_err(Refusal::from)?;
        let cursor = |row: &Addressed| Cursor::new(row.delivery.create_time, row.delivery.id);
        let next_page_token = page.finish(&mut rows, &filter, cursor);
        let deliveries = rows.iter().map(addressed).collect();
        Ok(Response::new(ListDeliveriesResponse { deliveries, next_page_token }))
    }

    async fn ship_delivery(
        &self,
        request: Request<ShipDeliveryRequest>,
    ) -> Result<Response<ShipDeliveryResponse>, Status> {
        let person = grpc::person(&request)?;
        let (delivery_id, tracking) = convert::ship_command(request.get_ref())?;
        let key = grpc::keyed(&request, access::SHIP_DELIVERY, self.clock.now())?;
        let command = ship_delivery::Command { delivery_id, tracking, staff: access::staff(&person)? };
        let changed = self.ship.run(command, Keyed::new(key, record_shipped)).await.map_err(Refusal::from)?;
        let recorded = |answer: &[u8]| ShipDeliveryResponse::decode(answer).map(|answer| answer.delivery);
        Ok(Response::new(ShipDeliveryResponse { delivery: answered(changed, recorded)? }))
    }

    async fn complete_delivery(
        &self,
        request: Request<CompleteDeliveryRequest>,
    ) -> Result<Response<CompleteDeliveryResponse>, Status> {
        let person = grpc::person(&request)?;
        let delivery_id = delivery_id(&request.get_ref().delivery_id)?;
        let key = grpc::keyed(&request, access::COMPLETE_DELIVERY, self.clock.now())?;
        let command = complete_delivery::Command { delivery_id, staff: access::staff(&person)? };
        let changed = self.complete.run(command, Keyed::new(key, record_completed)).await.map_err(Refusal::from)?;
        let recorded = |answer: &[u8]| CompleteDeliveryResponse::decode(answer).map(|answer| answer.delivery);
        Ok(Response::new(CompleteDeliveryResponse { delivery: answered(changed, recorded)? }))
    }

    async fn correct_recipient(
        &self,
        request: Request<CorrectRecipientRequest>,
    ) -> Result<Response<CorrectRecipientResponse>, Status> {
        let customer_id = grpc::person(&request)?.subject;
        let (delivery_id, recipient) = convert::correct_recipient_command(request.get_ref())?;
        let key = grpc::keyed(&request, access::CORRECT_RECIPIENT, self.clock.now())?;
        let command = correct_recipient::Command { delivery_id, recipient, customer_id };
        let keyed = Keyed::new(key, record_readdressed);
        let changed = self.correct_recipient.run(command, keyed).await.map_err(Refusal::from)?;
        let recorded = |answer: &[u8]| CorrectRecipientResponse::decode(answer).map(|answer| answer.delivery);
        Ok(Response::new(CorrectRecipientResponse { delivery: answered(changed, recorded)? }))
    }

    async fn correct_tracking_number(
        &self,
        request: Request<CorrectTrackingNumberRequest>,
    ) -> Result<Response<CorrectTrackingNumberResponse>, Status> {
        let person = grpc::person(&request)?;
        let (delivery_id, number) = convert::correct_tracking_number_command(request.get_ref())?;
        let key = grpc::keyed(&request, access::CORRECT_TRACKING_NUMBER, self.clock.now())?;
        let command = correct_tracking_number::Command { delivery_id, number, staff: access::staff(&person)? };
        let keyed = Keyed::new(key, record_renumbered);
        let changed = self.correct_tracking_number.run(command, keyed).await.map_err(Refusal::from)?;
        let recorded = |answer: &[u8]| CorrectTrackingNumberResponse::decode(answer).map(|answer| answer.delivery);
        Ok(Response::new(CorrectTrackingNumberResponse { delivery: answered(changed, recorded)? }))
    }
}

/// The answer of `ShipDelivery` as it is recorded, without personal data.
pub fn record_shipped(delivery: &Delivery) -> Vec<u8> {
    ShipDeliveryResponse { delivery: Some(convert::delivery(delivery, None)) }.encode_to_vec()
}

/// The answer of `CompleteDelivery` as it is recorded, without personal data.
pub fn record_completed(delivery: &Delivery) -> Vec<u8> {
    CompleteDeliveryResponse { delivery: Some(convert::delivery(delivery, None)) }.encode_to_vec()
}

/// The answer of `CorrectRecipient` as it is recorded, without personal data.
pub fn record_readdressed(delivery: &Delivery) -> Vec<u8> {
    CorrectRecipientResponse { delivery: Some(convert::delivery(delivery, None)) }.encode_to_vec()
}

/// The answer of `CorrectTrackingNumber` as it is recorded, without personal data.
pub fn record_renumbered(delivery: &Delivery) -> Vec<u8> {
    CorrectTrackingNumberResponse { delivery: Some(convert::delivery(delivery, None)) }.encode_to_vec()
}

/// The delivery as it was answered, with the recipient as it is now.
fn answered(
    changed: Changed,
    recorded: impl Fn(&[u8]) -> Result<Option<DeliveryMessage>, prost::DecodeError>,
) -> Result<Option<DeliveryMessage>, Refusal> {
    let recipient = changed.recipient.as_ref();
    match changed.answer {
        Answer::Fresh(delivery) => Ok(Some(convert::delivery(&delivery, recipient))),
        Answer::Replayed(answer) => {
            let delivery = recorded(&answer).map_err(|error| Refusal::internal(&error))?;
            let recipient = recipient.map(convert::recipient_message);
            Ok(delivery.map(|delivery| DeliveryMessage { recipient, ..delivery }))
        }
    }
}

fn addressed(found: &Addressed) -> DeliveryMessage {
    convert::delivery(&found.delivery, found.recipient.as_ref())
}

fn delivery_id(text: &str) -> Result<Uuid, Refusal> {
    let mut violations = Violations::default();
    let id = violations.check("delivery_id", wire::uuid(text));
    violations.finish()?;
    id.ok_or_else(|| Refusal::invalid(Vec::new()))
}

/// The page asked for, what to read for it, and what its token is bound to.
fn list_query(request: &ListDeliveriesRequest, viewer: &Viewer) -> Result<(Page, Query, String), Refusal> {
    let mut violations = Violations::default();
    let shop = (!request.shop_id.is_empty()).then(|| wire::uuid(&request.shop_id)).transpose();
    let shop_id = violations.check("shop_id", shop).flatten();
    let status = violations.check("status", convert::status(request.status)).flatten();
    check_size(&mut violations, request.page_size);
    violations.finish()?;
    let filter = Filter::new(viewer, shop_id, status)?;
    let bound = format!("{filter:?}");
    let page = Page::parse(request.page_size, &request.page_token, &bound)?;
    let after = page.after.as_ref().map(|cursor| cursor.uuid().map(|id| (cursor.time, id))).transpose()?;
    let query = Query { filter, after, rows: page.rows() };
    Ok((page, query, bound))
}
