//! The walk's calls as gRPC.

mod convert;
mod trust;

use std::time::Duration;

use proto::delivery::v1 as delivery;
use proto::delivery::v1::delivery_service_client::DeliveryServiceClient;
use proto::mypage::v1 as mypage;
use proto::mypage::v1::my_page_service_client::MyPageServiceClient;
use proto::notify::v1 as notify;
use proto::notify::v1::notify_service_client::NotifyServiceClient;
use proto::order::v1 as order;
use proto::order::v1::order_service_client::OrderServiceClient;
use proto::shop::v1 as shop;
use proto::shop::v1::shop_service_client::ShopServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use tonic_types::StatusExt;

use self::convert::{all, one};
use super::api::{Answer, Api, As, Failure};
use super::things::{Delivery, Line, Message, MyOrder, NewPhone, Order, Phone, Shop, ShopOrder};
use crate::error::{Context, Result};

/// A client of the edge's gRPC.
pub struct Grpc {
    channel: Channel,
}

impl Grpc {
    pub fn new(edge: &str) -> Result<Self> {
        let endpoint = Endpoint::from_shared(edge.to_owned()).context(|| format!("the edge's address {edge}"))?;
        Ok(Self { channel: endpoint.timeout(Duration::from_secs(10)).connect_lazy() })
    }

    fn shops(&self) -> ShopServiceClient<Channel> {
        ShopServiceClient::new(self.channel.clone())
    }

    fn orders(&self) -> OrderServiceClient<Channel> {
        OrderServiceClient::new(self.channel.clone())
    }

    fn deliveries(&self) -> DeliveryServiceClient<Channel> {
        DeliveryServiceClient::new(self.channel.clone())
    }

    fn mypage(&self) -> MyPageServiceClient<Channel> {
        MyPageServiceClient::new(self.channel.clone())
    }
}

/// A request with the caller's token and key.
fn request<M>(who: As<'_>, message: M) -> Request<M> {
    let ascii = |text: &str| MetadataValue::<Ascii>::try_from(text).ok();
    let mut request = Request::new(message);
    if let Some(token) = ascii(&format!("Bearer {}", who.token)) {
        request.metadata_mut().insert("authorization", token);
    }
    if let Some(key) = ascii(who.key).filter(|_| !who.key.is_empty()) {
        request.metadata_mut().insert("idempotency-key", key);
    }
    if let Some(service) = ascii(who.service).filter(|_| !who.service.is_empty()) {
        request.metadata_mut().insert("x-tword-service", service);
    }
    request
}

/// The answer's message, or the failure of the named RPC.
fn answer<M>(call: &str, answered: Result<Response<M>, Status>) -> Answer<M> {
    answered.map(Response::into_inner).map_err(|status| {
        let violations = status.get_details_bad_request().map(|wrong| wrong.field_violations).unwrap_or_default();
        Failure {
            call: call.to_owned(),
            status: format!("{:?}", status.code()),
            reason: status.get_details_error_info().map(|info| info.reason).unwrap_or_default(),
            message: status.message().to_owned(),
            fields: violations.into_iter().map(|violation| violation.field).collect(),
        }
    })
}

impl Api for Grpc {
    const NAME: &'static str = "gRPC";

    async fn register_shop(&self, who: As<'_>, display_name: &str) -> Answer<Shop> {
        let message = shop::RegisterShopRequest { display_name: display_name.to_owned(), currency_code: String::new() };
        let answered = self.shops().register_shop(request(who, message)).await;
        one("RegisterShop", answer("RegisterShop", answered)?.shop)
    }

    async fn register_phones(&self, who: As<'_>, shop_id: &str, phones: &[NewPhone]) -> Answer<Vec<Phone>> {
        let phones = phones.iter().map(Into::into).collect();
        let message = shop::RegisterPhonesRequest { shop_id: shop_id.to_owned(), phones };
        let answered = self.shops().register_phones(request(who, message)).await;
        Ok(all(answer("RegisterPhones", answered)?.phones))
    }

    async fn add_units(&self, who: As<'_>, shop_id: &str, phone_id: &str, quantity: i32) -> Answer<Phone> {
        let units = Some(shop::NewUnits { units: Some(shop::new_units::Units::Quantity(quantity)) });
        let message = shop::AddUnitsRequest { shop_id: shop_id.to_owned(), phone_id: phone_id.to_owned(), units };
        let answered = self.shops().add_units(request(who, message)).await;
        one("AddUnits", answer("AddUnits", answered)?.phone)
    }

    async fn phone(&self, who: As<'_>, shop_id: &str, phone_id: &str) -> Answer<Phone> {
        let message = shop::GetPhoneRequest { shop_id: shop_id.to_owned(), phone_id: phone_id.to_owned() };
        let answered = self.shops().get_phone(request(who, message)).await;
        one("GetPhone", answer("GetPhone", answered)?.phone)
    }

    async fn shop_orders(&self, who: As<'_>, shop_id: &str) -> Answer<Vec<ShopOrder>> {
        let message = shop::ListShopOrdersRequest { shop_id: shop_id.to_owned(), ..Default::default() };
        let answered = self.shops().list_shop_orders(request(who, message)).await;
        Ok(all(answer("ListShopOrders", answered)?.orders))
    }

    async fn place_order(&self, who: As<'_>, shop_id: &str, lines: &[Line]) -> Answer<Order> {
        let lines = lines.iter().map(Into::into).collect();
        let message =
            order::PlaceOrderRequest { shop_id: shop_id.to_owned(), lines, recipient: Some(convert::recipient()) };
        let answered = self.orders().place_order(request(who, message)).await;
        one("PlaceOrder", answer("PlaceOrder", answered)?.order)
    }

    async fn order(&self, who: As<'_>, order_id: &str) -> Answer<Order> {
        let message = order::GetOrderRequest { order_id: order_id.to_owned() };
        let answered = self.orders().get_order(request(who, message)).await;
        one("GetOrder", answer("GetOrder", answered)?.order)
    }

    async fn cancel_order(&self, who: As<'_>, order_id: &str, reason: &str) -> Answer<Order> {
        let message = order::CancelOrderRequest { order_id: order_id.to_owned(), reason: reason.to_owned() };
        let answered = self.orders().cancel_order(request(who, message)).await;
        one("CancelOrder", answer("CancelOrder", answered)?.order)
    }

    async fn ready_deliveries(&self, who: As<'_>) -> Answer<Vec<Delivery>> {
        let status = delivery::delivery::Status::Ready.into();
        let message = delivery::ListDeliveriesRequest { status, ..Default::default() };
        let answered = self.deliveries().list_deliveries(request(who, message)).await;
        Ok(all(answer("ListDeliveries", answered)?.deliveries))
    }

    async fn ship(&self, who: As<'_>, delivery_id: &str, carrier: &str, tracking_number: &str) -> Answer<Delivery> {
        let message = delivery::ShipDeliveryRequest {
            delivery_id: delivery_id.to_owned(),
            carrier: carrier.to_owned(),
            tracking_number: tracking_number.to_owned(),
        };
        let answered = self.deliveries().ship_delivery(request(who, message)).await;
        one("ShipDelivery", answer("ShipDelivery", answered)?.delivery)
    }

    async fn complete(&self, who: As<'_>, delivery_id: &str) -> Answer<Delivery> {
        let message = delivery::CompleteDeliveryRequest { delivery_id: delivery_id.to_owned() };
        let answered = self.deliveries().complete_delivery(request(who, message)).await;
        one("CompleteDelivery", answer("CompleteDelivery", answered)?.delivery)
    }

    async fn my_order(&self, who: As<'_>, order_id: &str) -> Answer<MyOrder> {
        let message = mypage::GetMyOrderRequest { order_id: order_id.to_owned() };
        let answered = self.mypage().get_my_order(request(who, message)).await;
        one("GetMyOrder", answer("GetMyOrder", answered)?.order)
    }

    async fn my_orders(&self, who: As<'_>) -> Answer<Vec<MyOrder>> {
        let answered = self.mypage().list_my_orders(request(who, mypage::ListMyOrdersRequest::default())).await;
        Ok(all(answer("ListMyOrders", answered)?.orders))
    }

    async fn messages(&self, who: As<'_>, order_id: &str) -> Answer<Vec<Message>> {
        let message = notify::ListMessagesRequest { order_id: order_id.to_owned(), ..Default::default() };
        let mut client = NotifyServiceClient::new(self.channel.clone());
        let answered = client.list_messages(request(who, message)).await;
        Ok(all(answer("ListMessages", answered)?.messages))
    }
}
