//! `DeliveryOperationsService`: for operators.

use chassis::{grpc, refusal::Refusal};
use proto::delivery::v1::{
    EraseCustomerRequest, EraseCustomerResponse, delivery_operations_service_server::DeliveryOperationsService,
};
use tonic::{Request, Response, Status};

use crate::{
    adapters::{access, convert},
    app::erase_customer::{self, EraseCustomer},
};

/// What operators do about deliveries.
pub struct Operations {
    /// Erases.
    pub erase: EraseCustomer,
}

#[tonic::async_trait]
impl DeliveryOperationsService for Operations {
    async fn erase_customer(
        &self,
        request: Request<EraseCustomerRequest>,
    ) -> Result<Response<EraseCustomerResponse>, Status> {
        let operator = access::operator(&grpc::person(&request)?);
        let customer_id = convert::customer(request.into_inner().customer_id)?;
        let command = erase_customer::Command { customer_id, operator };
        let erased = self.erase.run(command).await.map_err(Refusal::from)?;
        let whole = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        Ok(Response::new(EraseCustomerResponse {
            cleared: whole(erased.cleared),
            outstanding: whole(erased.outstanding),
        }))
    }
}
