//! `BookingService`: internal, for order-svc.

use proto::delivery::v1::{
    BookDeliveryRequest, BookDeliveryResponse, CancelDeliveryRequest, CancelDeliveryResponse,
    booking_service_server::BookingService,
};
use tonic::{Request, Response, Status};

use crate::{
    adapters::convert,
    app::{book_delivery::BookDelivery, cancel_delivery::CancelDelivery},
};
use chassis::refusal::Refusal;

/// Books and cancels for order-svc.
pub struct Bookings {
    /// Books.
    pub book: BookDelivery,
    /// Cancels.
    pub cancel: CancelDelivery,
}

#[tonic::async_trait]
impl BookingService for Bookings {
    async fn book_delivery(
        &self,
        request: Request<BookDeliveryRequest>,
    ) -> Result<Response<BookDeliveryResponse>, Status> {
        let command = convert::book_command(request.into_inner())?;
        let delivery = self.book.run(command).await.map_err(Refusal::from)?;
        let status = convert::wire_status(delivery.state.status()).into();
        Ok(Response::new(BookDeliveryResponse { status }))
    }

    async fn cancel_delivery(
        &self,
        request: Request<CancelDeliveryRequest>,
    ) -> Result<Response<CancelDeliveryResponse>, Status> {
        let command = convert::cancel_command(request.into_inner())?;
        let cancellation = self.cancel.run(command).await.map_err(Refusal::from)?;
        let cancelled_by = Some(convert::actor_message(&cancellation.by));
        Ok(Response::new(CancelDeliveryResponse { cancelled_by, cancel_reason: cancellation.reason }))
    }
}
