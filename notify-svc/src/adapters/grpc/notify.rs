//! `NotifyService`: for customers, shop staff and operators.

use std::sync::Arc;

use chassis::{
    grpc,
    page::{Cursor, Page, check_size},
    refusal::{Refusal, Violations},
    wire,
};
use proto::notify::v1::{
    GetContactRequest, GetContactResponse, GetMessageRequest, GetMessageResponse, ListMessagesRequest,
    ListMessagesResponse, RotateWebhookSecretRequest, RotateWebhookSecretResponse, UpdateContactRequest,
    UpdateContactResponse, notify_service_server::NotifyService,
};
use tonic::{Request, Response, Status};

use super::{Contacts, Shown};
use crate::{
    adapters::{access, convert},
    app::{GetMessage, ListMessages, Query, Texts, Viewer},
};

/// Messages and contacts as people see them.
pub struct Notify {
    get: GetMessage,
    list: ListMessages,
    contacts: Contacts,
    shown: Shown,
}

impl Notify {
    /// Serves these use cases.
    pub fn new(get: GetMessage, list: ListMessages, contacts: Contacts, texts: Arc<dyn Texts>) -> Self {
        Self { get, list, contacts, shown: Shown(texts) }
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
        let messages = messages.iter().map(|message| self.shown.message(message)).collect::<Result<_, _>>()?;
        Ok(ListMessagesResponse { messages, next_page_token })
    }
}

#[tonic::async_trait]
impl NotifyService for Notify {
    async fn list_messages(
        &self,
        request: Request<ListMessagesRequest>,
    ) -> Result<Response<ListMessagesResponse>, Status> {
        let viewer = access::viewer(&grpc::person(&request)?);
        let response = self.page(viewer, request.get_ref()).await?;
        Ok(Response::new(response))
    }

    async fn get_message(&self, request: Request<GetMessageRequest>) -> Result<Response<GetMessageResponse>, Status> {
        let viewer = access::viewer(&grpc::person(&request)?);
        let mut violations = Violations::default();
        let id = violations.check("message_id", wire::uuid(&request.get_ref().message_id)).unwrap_or_default();
        violations.finish()?;
        let message = self.get.run(&viewer, id).await.map_err(Refusal::from)?;
        Ok(Response::new(GetMessageResponse { message: Some(self.shown.message(&message)?) }))
    }

    async fn get_contact(&self, request: Request<GetContactRequest>) -> Result<Response<GetContactResponse>, Status> {
        Ok(Response::new(self.contacts.read(&request).await?))
    }

    async fn update_contact(
        &self,
        request: Request<UpdateContactRequest>,
    ) -> Result<Response<UpdateContactResponse>, Status> {
        Ok(Response::new(self.contacts.update(&request).await?))
    }

    async fn rotate_webhook_secret(
        &self,
        request: Request<RotateWebhookSecretRequest>,
    ) -> Result<Response<RotateWebhookSecretResponse>, Status> {
        Ok(Response::new(self.contacts.rotate(&request).await?))
    }
}
