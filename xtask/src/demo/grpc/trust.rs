//! The calls beyond the eight requirements as gRPC.

use futures::StreamExt;
use proto::delivery::v1 as delivery;
use proto::mypage::v1 as mypage;
use proto::mypage::v1::my_page_operations_service_client::MyPageOperationsServiceClient;
use proto::notify::v1 as notify;
use proto::notify::v1::notify_service_client::NotifyServiceClient;
use proto::ops::v1 as ops;
use proto::ops::v1::operations_service_client::OperationsServiceClient;
use proto::order::v1 as order;
use proto::order::v1::order_operations_service_client::OrderOperationsServiceClient;
use proto::shop::v1 as shop;
use tonic::transport::Channel;

use super::convert::{all, one};
use super::{Grpc, answer, request};
use crate::demo::api::{Answer, As};
use crate::demo::things::{Delivery, Phone, bare};
use crate::demo::trust::Trust;
use crate::demo::trust::things::{
    Consumer, Contact, Progress, Rebuild, Record, Stuck, Unit, UnitEvent, Update, Updates,
};

impl Grpc {
    fn operations(&self) -> OperationsServiceClient<Channel> {
        OperationsServiceClient::new(self.channel.clone())
    }

    fn mypage_operations(&self) -> MyPageOperationsServiceClient<Channel> {
        MyPageOperationsServiceClient::new(self.channel.clone())
    }
}

impl Trust for Grpc {
    async fn set_language(&self, who: As<'_>, language: &str) -> Answer<Contact> {
        let message = notify::UpdateContactRequest { language: Some(language.to_owned()), ..Default::default() };
        let mut client = NotifyServiceClient::new(self.channel.clone());
        let answered = client.update_contact(request(who, message)).await;
        one("UpdateContact", answer("UpdateContact", answered)?.contact)
    }

    async fn watch(&self, who: As<'_>) -> Answer<Updates> {
        let answered = self.mypage().watch_my_orders(request(who, mypage::WatchMyOrdersRequest::default())).await;
        let updates = answer("WatchMyOrders", answered)?;
        let update = |update| answer("WatchMyOrders", Result::map(update, tonic::Response::new)).map(Update::from);
        Ok(updates.map(update).boxed())
    }

    async fn available_units(&self, who: As<'_>, shop_id: &str, phone_id: &str) -> Answer<Vec<Unit>> {
        let (shop_id, phone_id) = (shop_id.to_owned(), phone_id.to_owned());
        let message = shop::ListUnitsRequest { shop_id, phone_id, ..Default::default() };
        let answered = self.shops().list_units(request(who, message)).await;
        Ok(all(answer("ListUnits", answered)?.units))
    }

    async fn withdraw(&self, who: As<'_>, shop_id: &str, phone_id: &str, serials: &[&str]) -> Answer<Phone> {
        let serials = serials.iter().map(|serial| (*serial).to_owned()).collect();
        let message =
            shop::WithdrawUnitsRequest { shop_id: shop_id.to_owned(), phone_id: phone_id.to_owned(), serials };
        let answered = self.shops().withdraw_units(request(who, message)).await;
        one("WithdrawUnits", answer("WithdrawUnits", answered)?.phone)
    }

    async fn history(&self, who: As<'_>, shop_id: &str, serial: &str) -> Answer<Vec<UnitEvent>> {
        let (shop_id, serial) = (shop_id.to_owned(), serial.to_owned());
        let message = shop::GetUnitRequest { shop_id, serial, ..Default::default() };
        Ok(all(answer("GetUnit", self.shops().get_unit(request(who, message)).await)?.events))
    }

    async fn correct_recipient(&self, who: As<'_>, delivery_id: &str, to: [&str; 3]) -> Answer<Delivery> {
        let [name, phone_number, address] = to.map(str::to_owned);
        let recipient = Some(delivery::Recipient { name, phone_number, address });
        let message = delivery::CorrectRecipientRequest { delivery_id: delivery_id.to_owned(), recipient };
        let answered = self.deliveries().correct_recipient(request(who, message)).await;
        one("CorrectRecipient", answer("CorrectRecipient", answered)?.delivery)
    }

    async fn correct_tracking_number(&self, who: As<'_>, delivery_id: &str, number: &str) -> Answer<Delivery> {
        let (delivery_id, tracking_number) = (delivery_id.to_owned(), number.to_owned());
        let message = delivery::CorrectTrackingNumberRequest { delivery_id, tracking_number };
        let answered = self.deliveries().correct_tracking_number(request(who, message)).await;
        one("CorrectTrackingNumber", answer("CorrectTrackingNumber", answered)?.delivery)
    }

    async fn stuck_orders(&self, who: As<'_>) -> Answer<Vec<Stuck>> {
        let mut client = OrderOperationsServiceClient::new(self.channel.clone());
        let answered = client.list_stuck_orders(request(who, order::ListStuckOrdersRequest::default())).await;
        Ok(all(answer("ListStuckOrders", answered)?.orders))
    }

    async fn consumers(&self, who: As<'_>) -> Answer<Vec<Consumer>> {
        let answered = self.operations().list_consumers(request(who, ops::ListConsumersRequest::default())).await;
        Ok(all(answer("ListConsumers", answered)?.consumers))
    }

    async fn audit(&self, who: As<'_>, subject_id: &str) -> Answer<Vec<Record>> {
        let message = ops::ListAuditRecordsRequest { subject_id: subject_id.to_owned(), ..Default::default() };
        let answered = self.operations().list_audit_records(request(who, message)).await;
        Ok(all(answer("ListAuditRecords", answered)?.records))
    }

    async fn rebuild(&self, who: As<'_>) -> Answer<Rebuild> {
        let answered = self.mypage_operations().rebuild_my_page(request(who, mypage::RebuildMyPageRequest {})).await;
        one("RebuildMyPage", answer("RebuildMyPage", answered)?.rebuild)
    }

    async fn last_rebuild(&self, who: As<'_>) -> Answer<Rebuild> {
        let answered = self.mypage_operations().get_rebuild(request(who, mypage::GetRebuildRequest {})).await;
        one("GetRebuild", answer("GetRebuild", answered)?.rebuild)
    }
}

impl From<notify::Contact> for Contact {
    fn from(contact: notify::Contact) -> Self {
        Self { language: contact.language }
    }
}

impl From<mypage::WatchMyOrdersResponse> for Update {
    fn from(update: mypage::WatchMyOrdersResponse) -> Self {
        Self { kind: bare(update.kind().as_str_name(), "KIND_"), order: update.order.map(Into::into) }
    }
}

impl From<shop::Unit> for Unit {
    fn from(unit: shop::Unit) -> Self {
        Self { serial: unit.serial }
    }
}

impl From<shop::UnitEvent> for UnitEvent {
    fn from(event: shop::UnitEvent) -> Self {
        Self { kind: bare(event.kind().as_str_name(), "KIND_") }
    }
}

impl From<order::StuckOrder> for Stuck {
    fn from(stuck: order::StuckOrder) -> Self {
        Self { waits_for: stuck.waits_for().as_str_name().to_owned() }
    }
}

impl From<ops::ConsumerLag> for Consumer {
    fn from(lag: ops::ConsumerLag) -> Self {
        Self { producer: lag.producer, missing: lag.missing, producer_answers: lag.producer_answers }
    }
}

impl From<ops::AuditRecord> for Record {
    fn from(record: ops::AuditRecord) -> Self {
        Self { actor_role: record.actor_role, action: record.action }
    }
}

impl From<mypage::Rebuild> for Rebuild {
    fn from(rebuild: mypage::Rebuild) -> Self {
        let progress =
            |progress: mypage::RebuildProgress| Progress { producer: progress.producer, handled: progress.handled };
        Self {
            status: bare(rebuild.status().as_str_name(), "STATUS_"),
            progress: rebuild.progress.into_iter().map(progress).collect(),
        }
    }
}
