//! `NotifyOperationsService`: for operators.

use std::sync::Arc;

use chassis::{
    grpc,
    refusal::{Refusal, Violations},
    wire,
};
use proto::notify::v1::{
    EraseCustomerRequest, EraseCustomerResponse, RedriveMessageRequest, RedriveMessageResponse,
    notify_operations_service_server::NotifyOperationsService,
};
use tonic::{Request, Response, Status};

use super::Shown;
use crate::{
    adapters::access,
    app::{EraseCustomer, RedriveMessage, Texts},
};

/// Characters that a subject has at most.
const MAX_SUBJECT: usize = 128;

/// What operators do about messages.
pub struct Operations {
    redrive: RedriveMessage,
    erase: EraseCustomer,
    shown: Shown,
}

impl Operations {
    /// Serves these use cases.
    pub fn new(redrive: RedriveMessage, erase: EraseCustomer, texts: Arc<dyn Texts>) -> Self {
        Self { redrive, erase, shown: Shown(texts) }
    }
}

#[tonic::async_trait]
impl NotifyOperationsService for Operations {
    async fn redrive_message(
        &self,
        request: Request<RedriveMessageRequest>,
    ) -> Result<Response<RedriveMessageResponse>, Status> {
        let actor = access::operator(&grpc::person(&request)?);
        let mut violations = Violations::default();
        let id = violations.check("message_id", wire::uuid(&request.get_ref().message_id)).unwrap_or_default();
        violations.finish()?;
        let message = self.redrive.run(id, actor).await.map_err(Refusal::from)?;
        Ok(Response::new(RedriveMessageResponse { message: Some(self.shown.message(&message)?) }))
    }

    async fn erase_customer(
        &self,
        request: Request<EraseCustomerRequest>,
    ) -> Result<Response<EraseCustomerResponse>, Status> {
        let actor = access::operator(&grpc::person(&request)?);
        let customer_id = request.get_ref().customer_id.as_str();
        let mut violations = Violations::default();
        if !(1..=MAX_SUBJECT).contains(&customer_id.chars().count()) {
            violations.add("customer_id", "must be 1 to 128 characters");
        }
        violations.finish()?;
        let cleared = self.erase.run(customer_id, actor).await.map_err(Refusal::from)?;
        let cleared = i32::try_from(cleared).unwrap_or(i32::MAX);
        Ok(Response::new(EraseCustomerResponse { cleared, outstanding: 0 }))
    }
}
