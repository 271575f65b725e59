//! The gRPC face of this service.

use chassis::{
    grpc,
    page::{Cursor, Page, check_size},
    refusal::{Refusal, Violations},
    wire,
};
use proto::notify::v1::{
    GetMessageRequest, GetMessageResponse, ListMessagesRequest, ListMessagesResponse, Message as WireMessage,
    notify_service_server::NotifyService,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

use super::convert;
use crate::{
    app::{GetMessage, ListMessages, Query, Texts, Viewer},
    domain::{self, Message},
};

/// Serves `tword.notify.v1.NotifyService`.
#[derive(Clone)]
pub struct Notify {
    get: GetMessage,
    list: ListMessages,
    texts: Arc<dyn Texts>,
}

impl Notify {
    /// Serves these use cases.
    pub fn new(get: GetMessage, list: ListMessages, texts: Arc<dyn Texts>) -> Self {
        Self { get, list, texts }
    }

    /// A message with its text, as long as it is PENDING.
    fn shown(&self, message: &Message) -> Result<WireMessage, Refusal> {
        let text = match message.status() {
            domain::Status::Pending => self.texts.text(message).map_err(|error| Refusal::internal(&error))?,
            domain::Status::Sent | domain::Status::Failed => None,
        };
        Ok(convert::message(message, text.unwrap_or_default()))
    }

    async fn page(&self, viewer: Viewer, request: &ListMessagesRequest) -> Result<ListMessagesResponse, Refusal> {
        let mut violations = Violations::default();
        let order_id = match request.order_id.as_str() {
            "" => None,
            text => violations.check("order_id", wire::uuid(text)),
        };
        let status = violations.check("status", convert::status(request.status)).flatten();
        check_size(&mut violations, request.page_size);
        violations.finish()?;

        let filter = format!("messages {viewer:?} {order_id:?} {status:?}");
        let page = Page::parse(request.page_size, &request.page_token, &filter)?;
        let after = page.after.as_ref().map(|cursor| Ok::<_, Refusal>((cursor.time, cursor.uuid()?))).transpose()?;
        let query = Query { viewer, order_id, status, after, rows: page.rows() };
        let mut messages = self.list.run(&query).await?;
        let next_page_token =
            page.finish(&mut messages, &filter, |message| Cursor::new(message.create_time, message.id));
        let messages = messages.iter().map(|message| self.shown(message)).collect::<Result<_, _>>()?;
        Ok(ListMessagesResponse { messages, next_page_token })
    }
}

#[tonic::async_trait]
impl NotifyService for Notify {
    async fn list_messages(
        &self,
        request: Request<ListMessagesRequest>,
    ) -> Result<Response<ListMessagesResponse>, Status> {
        let viewer = convert::viewer(&grpc::person(&request)?);
        let response = self.page(viewer, request.get_ref()).await?;
        Ok(Response::new(response))
    }

    async fn get_message(&self, request: Request<GetMessageRequest>) -> Result<Response<GetMessageResponse>, Status> {
        let viewer = convert::viewer(&grpc::person(&request)?);
        let mut violations = Violations::default();
        let id = violations.check("message_id", wire::uuid(&request.get_ref().message_id)).unwrap_or_default();
        violations.finish()?;
        let message = self.get.run(&viewer, id).await.map_err(Refusal::from)?;
        Ok(Response::new(GetMessageResponse { message: Some(self.shown(&message)?) }))
    }
}
