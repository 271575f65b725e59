//! What people see and do, through the handlers.

mod changes;
mod corrections;
mod erasure;
mod reads;

use std::{collections::BTreeSet, sync::Arc};

use chassis::auth::{Caller, Person};
use delivery_svc::{
    adapters::grpc::Deliveries,
    app::{get_delivery::GetDelivery, list_deliveries::ListDeliveries},
};
use proto::delivery::v1::{CompleteDeliveryRequest, Delivery, GetDeliveryRequest, ShipDeliveryRequest};
use tonic::{Code, Request};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{
    samples::{CUSTOMER, PERSONAL, SHOP},
    world::World,
};

const ID: Uuid = Uuid::from_u128(1);
const OTHER_SHOP: Uuid = Uuid::from_u128(0xB);

fn deliveries(world: &World) -> Deliveries {
    Deliveries {
        get: GetDelivery::new(Arc::clone(&world.reads)),
        list: ListDeliveries::new(Arc::clone(&world.reads)),
        ship: world.ship(),
        complete: world.complete(),
        correct_recipient: world.correct_recipient(),
        correct_tracking_number: world.correct_tracking_number(),
        clock: world.clock.clone(),
    }
}

fn person(subject: &str, role: &str, shop: Option<Uuid>) -> Person {
    let roles = BTreeSet::from([role.to_owned()]);
    Person { issuer: "tword".into(), subject: subject.into(), roles, tenant: shop.map(|shop| shop.to_string()) }
}

fn customer() -> Person {
    person(CUSTOMER, "customer", None)
}

fn staff() -> Person {
    person("staff-1", "staff", Some(SHOP))
}

fn operator() -> Person {
    person("operator-1", "operator", None)
}

/// Everybody whom the delivery is none of the business of.
fn outsiders() -> [Person; 5] {
    [
        person("customer-2", "customer", None),
        person("customer-2", "customer", Some(SHOP)),
        person("staff-2", "staff", Some(OTHER_SHOP)),
        person(CUSTOMER, "staff", Some(OTHER_SHOP)),
        person("staff-3", "manager", None),
    ]
}

fn from<M>(person: Person, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::Person(person));
    request
}

fn keyed<M>(person: Person, key: &str, message: M) -> Request<M> {
    let mut request = from(person, message);
    request.metadata_mut().insert("idempotency-key", key.parse().expect("a header value"));
    request
}

fn get(id: Uuid) -> GetDeliveryRequest {
    GetDeliveryRequest { delivery_id: id.to_string() }
}

fn ship(id: Uuid, tracking_number: &str) -> ShipDeliveryRequest {
    ShipDeliveryRequest { delivery_id: id.to_string(), carrier: " CJ ".into(), tracking_number: tracking_number.into() }
}

fn complete(id: Uuid) -> CompleteDeliveryRequest {
    CompleteDeliveryRequest { delivery_id: id.to_string() }
}

fn told<T>(answer: Result<T, tonic::Status>) -> (Code, String) {
    let status = answer.err().expect("refused");
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    (status.code(), reason)
}

fn not_found() -> (Code, String) {
    (Code::NotFound, "NOT_FOUND".to_owned())
}

fn precondition(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

fn assert_complete(delivery: &Delivery) {
    let recipient = delivery.recipient.as_ref().expect("a recipient");
    assert_eq!([&*recipient.name, &*recipient.phone_number, &*recipient.address], PERSONAL);
}
