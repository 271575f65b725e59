//! What operators see and mend of one service's own working, the same for every service.

mod aggregate;
mod audits;
mod consumers;
pub(crate) mod gauges;
mod letters;
mod payload;
mod redrive;
mod unpublished;

use std::sync::Arc;

use proto::ops::v1::{
    DropDeadLetterRequest, DropDeadLetterResponse, GetDeadLetterRequest, GetDeadLetterResponse,
    ListAggregateEventsRequest, ListAggregateEventsResponse, ListAuditRecordsRequest, ListAuditRecordsResponse,
    ListConsumersRequest, ListConsumersResponse, ListDeadLettersRequest, ListDeadLettersResponse,
    ListUnpublishedRequest, ListUnpublishedResponse, RedriveDeadLettersRequest, RedriveDeadLettersResponse,
    operations_service_server::OperationsService,
};
use tonic::{Request, Response, Status};

use crate::{
    auth::{Allow, OPERATOR, Rule},
    broker::Broker,
    client::Mesh,
    clock::Clock,
    consumer::{CaughtUp, Handler},
    grpc::person,
    store::{Reads, Store, Tx},
};

const OPERATORS: Allow = Allow::Roles(&[OPERATOR]);

/// Who may call: operators, none else.
pub const RULES: &[Rule] = &[
    Rule { method: "/tword.ops.v1.OperationsService/ListDeadLetters", allow: OPERATORS },
    Rule { method: "/tword.ops.v1.OperationsService/GetDeadLetter", allow: OPERATORS },
    Rule { method: "/tword.ops.v1.OperationsService/RedriveDeadLetters", allow: OPERATORS },
    Rule { method: "/tword.ops.v1.OperationsService/DropDeadLetter", allow: OPERATORS },
    Rule { method: "/tword.ops.v1.OperationsService/ListUnpublished", allow: OPERATORS },
    Rule { method: "/tword.ops.v1.OperationsService/ListConsumers", allow: OPERATORS },
    Rule { method: "/tword.ops.v1.OperationsService/ListAggregateEvents", allow: OPERATORS },
    Rule { method: "/tword.ops.v1.OperationsService/ListAuditRecords", allow: OPERATORS },
];

/// What an operator is in audit records.
const ACTOR_ROLE: &str = "OPERATOR";
/// Bytes that the rows of an answer have together at most: well below what a client decodes, also where each byte becomes
/// six in JSON.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// One producer that the service consumes.
pub struct Consumed<T: ?Sized> {
    /// The producer, such as `order`.
    pub producer: &'static str,
    /// The broker's name of the consumer.
    pub durable: String,
    /// What gives the producer's events their effect.
    pub handler: Arc<dyn Handler<T>>,
    /// How far it has caught up.
    pub caught_up: CaughtUp,
}

/// Serves operators.
pub struct Operations<T: ?Sized> {
    /// Where mending happens.
    pub store: Store<T>,
    /// What is looked at.
    pub reads: Arc<dyn Reads>,
    /// What the service consumes.
    pub consumed: Vec<Consumed<T>>,
    /// Asked for what it holds.
    pub broker: Broker,
    /// How producers are asked for their heads.
    pub mesh: Mesh,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl<T: Tx + ?Sized + 'static> Operations<T> {
    /// Whether a producer that was named is one that the service consumes; all are meant where none is named.
    fn known_producer(&self, producer: &str) -> Result<(), String> {
        if producer.is_empty() || self.consumed.iter().any(|consumed| consumed.producer == producer) {
            return Ok(());
        }
        let known: Vec<_> = self.consumed.iter().map(|consumed| consumed.producer).collect();
        if known.is_empty() {
            return Err("must be left out: nothing is consumed here".to_owned());
        }
        Err(format!("must be one that is consumed here, or be left out: {}", known.join(", ")))
    }
}

#[tonic::async_trait]
impl<T: Tx + ?Sized + 'static> OperationsService for Operations<T> {
    async fn list_dead_letters(
        &self,
        request: Request<ListDeadLettersRequest>,
    ) -> Result<Response<ListDeadLettersResponse>, Status> {
        Ok(Response::new(self.letters(request.into_inner()).await?))
    }

    async fn get_dead_letter(
        &self,
        request: Request<GetDeadLetterRequest>,
    ) -> Result<Response<GetDeadLetterResponse>, Status> {
        Ok(Response::new(self.letter(&request.into_inner()).await?))
    }

    async fn redrive_dead_letters(
        &self,
        request: Request<RedriveDeadLettersRequest>,
    ) -> Result<Response<RedriveDeadLettersResponse>, Status> {
        let by = person(&request)?;
        Ok(Response::new(self.redrive(&by, &request.into_inner()).await?))
    }

    async fn drop_dead_letter(
        &self,
        request: Request<DropDeadLetterRequest>,
    ) -> Result<Response<DropDeadLetterResponse>, Status> {
        let by = person(&request)?;
        Ok(Response::new(self.drop_letter(by, &request.into_inner()).await?))
    }

    async fn list_unpublished(
        &self,
        request: Request<ListUnpublishedRequest>,
    ) -> Result<Response<ListUnpublishedResponse>, Status> {
        Ok(Response::new(self.unpublished(&request.into_inner()).await?))
    }

    async fn list_consumers(
        &self,
        _request: Request<ListConsumersRequest>,
    ) -> Result<Response<ListConsumersResponse>, Status> {
        Ok(Response::new(self.consumers().await?))
    }

    async fn list_aggregate_events(
        &self,
        request: Request<ListAggregateEventsRequest>,
    ) -> Result<Response<ListAggregateEventsResponse>, Status> {
        Ok(Response::new(self.aggregate_events(&request.into_inner()).await?))
    }

    async fn list_audit_records(
        &self,
        request: Request<ListAuditRecordsRequest>,
    ) -> Result<Response<ListAuditRecordsResponse>, Status> {
        Ok(Response::new(self.audit_records(request.into_inner()).await?))
    }
}
