//! delivery-svc, called through the mesh.

use std::{error::Error, time::Duration};

use chassis::{
    client::Mesh,
    deadline::{self, Spent},
};
use proto::delivery::v1::{
    self as delivery_wire, booking_service_client::BookingServiceClient, booking_service_server, delivery,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    adapters::convert,
    app::ports::{Booked, Booking, Bookings, CancelledDelivery, NoAnswer},
    domain::{Actor, Order},
};

/// How long cancelling a delivery may take: longer than booking, for without its answer nobody knows what happened.
const CANCEL_DEADLINE: Duration = Duration::from_secs(2);

/// Books and cancels deliveries.
pub struct DeliveryBookings {
    client: BookingServiceClient<Mesh>,
}

impl DeliveryBookings {
    /// Calls through `mesh`.
    pub fn new(mesh: &Mesh) -> Self {
        Self { client: BookingServiceClient::new(mesh.calling(&[booking_service_server::SERVICE_NAME])) }
    }
}

#[async_trait::async_trait]
impl Bookings for DeliveryBookings {
    async fn book(&self, booking: Booking, left: Duration) -> Result<Booked, NoAnswer> {
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
        match deadline::within(left, client.book_delivery(request)).await {
            Ok(Ok(answer)) => booked(answer.get_ref().status()),
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

/// What the delivery's status says of the booking.
fn booked(status: delivery::Status) -> Result<Booked, NoAnswer> {
    match status {
        delivery::Status::Booked
        | delivery::Status::Ready
        | delivery::Status::Shipped
        | delivery::Status::Delivered => Ok(Booked::Yes),
        delivery::Status::Cancelled => Ok(Booked::Cancelled),
        delivery::Status::Unspecified => Err(NoAnswer::Defect("a booking has no status that is known here".to_owned())),
    }
}

/// Whether coming back may help. A refusal that delivery-svc itself sent does not go away; a status with a source was
/// made up here, of a connection that broke.
fn no_answer(status: &Status) -> NoAnswer {
    let broken = status.source().is_some();
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Cancelled | Code::Unknown => {}
        _ if broken => {}
        code => return NoAnswer::Defect(format!("{code:?}: {}", status.message())),
    }
    tracing::warn!(code = ?status.code(), cause = status.message(), "delivery-svc did not answer");
    NoAnswer::Unavailable
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use super::*;

    #[test]
    fn only_what_may_pass_is_a_reason_to_come_back() {
        let answer = |code| no_answer(&Status::new(code, "x"));
        for code in [Code::Unavailable, Code::DeadlineExceeded, Code::ResourceExhausted, Code::Cancelled, Code::Unknown]
        {
            assert_eq!(answer(code), NoAnswer::Unavailable, "{code:?}");
        }
        for code in [
            Code::PermissionDenied,
            Code::Unauthenticated,
            Code::InvalidArgument,
            Code::NotFound,
            Code::FailedPrecondition,
            Code::Unimplemented,
            Code::Internal,
        ] {
            assert_eq!(answer(code), NoAnswer::Defect(format!("{code:?}: x")));
        }
    }

    #[test]
    fn a_connection_that_broke_is_no_defect() {
        let mut reset = Status::internal("h2 protocol error");
        reset.set_source(Arc::new(io::Error::from(io::ErrorKind::ConnectionReset)));
        assert_eq!(no_answer(&reset), NoAnswer::Unavailable);
    }

    #[test]
    fn a_booking_is_one_that_says_so() {
        for status in
            [delivery::Status::Booked, delivery::Status::Ready, delivery::Status::Shipped, delivery::Status::Delivered]
        {
            assert_eq!(booked(status), Ok(Booked::Yes));
        }
        assert_eq!(booked(delivery::Status::Cancelled), Ok(Booked::Cancelled));
        assert!(matches!(booked(delivery::Status::Unspecified), Err(NoAnswer::Defect(_))));
    }
}
