//! delivery-svc, called through the mesh.

use std::time::Duration;

use chassis::{
    client::Mesh,
    deadline::{self, Spent},
};
use proto::delivery::v1::{self as delivery_wire, booking_service_client::BookingServiceClient};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    adapters::convert,
    app::ports::{Booked, Booking, Bookings, CancelledDelivery, NoAnswer},
    domain::{Actor, Order},
};

/// How long cancelling a delivery may take: longer than booking, for nobody waits in line for it.
const CANCEL_DEADLINE: Duration = Duration::from_secs(2);

/// Books and cancels deliveries.
pub struct DeliveryBookings {
    client: BookingServiceClient<Mesh>,
    booking_deadline: Duration,
}

impl DeliveryBookings {
    /// Calls through `mesh`; a booking takes at most `booking_deadline`.
    pub fn new(mesh: Mesh, booking_deadline: Duration) -> Self {
        Self { client: BookingServiceClient::new(mesh), booking_deadline }
    }
}

#[async_trait::async_trait]
impl Bookings for DeliveryBookings {
    async fn book(&self, booking: Booking) -> Result<Booked, NoAnswer> {
        let request = delivery_wire::BookDeliveryRequest {
            order_id: booking.order_id.to_string(),
            request_hash: booking.hash.to_vec().into(),
            shop_id: booking.shop_id.to_string(),
            customer_id: booking.customer_id,
            recipient: Some(delivery_wire::Recipient {
                name: booking.recipient.name,
                phone_number: booking.recipient.phone_number,
                address: booking.recipient.address,
            }),
        };
        let mut client = self.client.clone();
        match deadline::within(self.booking_deadline, client.book_delivery(request)).await {
            Ok(Ok(answer)) => match answer.into_inner().status() {
                delivery_wire::delivery::Status::Cancelled => Ok(Booked::Cancelled),
                _ => Ok(Booked::Yes),
            },
            Ok(Err(status)) if has_reason(&status, "BOOKING_MISMATCH") => Ok(Booked::Mismatch),
            Ok(Err(status)) => Err(no_answer(&status)),
            Err(Spent::Own) => Err(NoAnswer::Unavailable),
            Err(Spent::Callers) => Err(NoAnswer::DeadlineExceeded),
        }
    }

    async fn cancel(&self, order: &Order, by: &Actor, reason: &str) -> Result<Option<CancelledDelivery>, NoAnswer> {
        let request = delivery_wire::CancelDeliveryRequest {
            order_id: order.id.to_string(),
            shop_id: order.shop_id.to_string(),
            customer_id: order.customer_id.clone(),
            actor: Some(convert::actor(by)),
            reason: reason.to_owned(),
        };
        let mut client = self.client.clone();
        match deadline::within(CANCEL_DEADLINE, client.cancel_delivery(request)).await {
            Ok(Ok(answer)) => {
                let answer = answer.into_inner();
                let first = convert::parse_actor(answer.cancelled_by.as_ref()).unwrap_or_else(|| by.clone());
                Ok(Some(CancelledDelivery { by: first, reason: answer.cancel_reason }))
            }
            Ok(Err(status)) if has_reason(&status, "ALREADY_SHIPPED") => Ok(None),
            Ok(Err(status)) => Err(no_answer(&status)),
            Err(Spent::Own) => Err(NoAnswer::Unavailable),
            Err(Spent::Callers) => Err(NoAnswer::DeadlineExceeded),
        }
    }
}

fn has_reason(status: &Status, reason: &str) -> bool {
    status.get_details_error_info().is_some_and(|info| info.reason == reason)
}

/// Whatever else went wrong, the caller is to come back; what is a defect is logged as one.
fn no_answer(status: &Status) -> NoAnswer {
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Cancelled | Code::Unknown => {
            tracing::warn!(code = ?status.code(), message = status.message(), "delivery-svc did not answer");
        }
        code => tracing::error!(?code, message = status.message(), "delivery-svc refused what it should take"),
    }
    NoAnswer::Unavailable
}
