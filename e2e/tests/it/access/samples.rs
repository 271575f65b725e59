//! One right request of every public RPC, and who may make it: written down apart from the code that decides it.

use serde_json::{Value, json};
use uuid::Uuid;
use xtask::token::Role::{self, Customer, Manager, Operator, Staff};

use super::Place;
use crate::contract::{self, Method};

/// What somebody of an allowed role meets who has nothing to do with the things asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outsider {
    /// `NOT_FOUND`, like what is not there.
    NotFound,
    /// A list without any of them.
    Nothing,
    /// The same as everybody.
    Everything,
    /// Customers the same as everybody, others `NOT_FOUND`.
    CustomersChoice,
}

/// A right request, of things that exist.
pub struct Sample {
    pub method: Method,
    pub request: Value,
    /// Who may call it; all others are refused for their role. A manager has the role of staff too.
    pub roles: &'static [Role],
    pub outsider: Outsider,
}

impl Sample {
    /// What an outsider of a role meets.
    pub fn meets(&self, role: Role) -> Outsider {
        match (self.outsider, role) {
            (Outsider::CustomersChoice, Customer) => Outsider::Everything,
            (Outsider::CustomersChoice, Staff | Manager | Operator) => Outsider::NotFound,
            (outsider, _) => outsider,
        }
    }
}

const EVERYONE: &[Role] = &[Customer, Staff, Manager, Operator];
/// Those who have a contact of their own.
const OWNERS: &[Role] = &[Customer, Staff, Manager];

type Row = (&'static str, &'static [Role], Outsider, Value);

/// A sample of every public method.
///
/// # Panics
/// A method has none: write one below. Or one is of no method.
pub fn all(place: &Place) -> Vec<Sample> {
    let mut rows: Vec<Row> =
        [shops(place), phones(place), orders(place), reads(place), operations(place)].into_iter().flatten().collect();
    let samples: Vec<_> = contract::public()
        .into_iter()
        .map(|method| {
            let found = rows.iter().position(|row| method.path == row.0);
            let (_path, roles, outsider, request) =
                rows.swap_remove(found.unwrap_or_else(|| panic!("no sample of {}", method.path)));
            Sample { method, request, roles, outsider }
        })
        .collect();
    assert!(rows.is_empty(), "samples of no method: {rows:?}");
    samples
}

fn shops(place: &Place) -> Vec<Row> {
    let shop = json!({ "shopId": place.shop.id });
    vec![
        (
            "/tword.shop.v1.ShopService/RegisterShop",
            &[Operator],
            Outsider::Everything,
            json!({ "displayName": "홍대점" }),
        ),
        ("/tword.shop.v1.ShopService/OpenShop", &[Manager, Operator], Outsider::NotFound, shop.clone()),
        ("/tword.shop.v1.ShopService/CloseShop", &[Manager, Operator], Outsider::NotFound, shop.clone()),
        ("/tword.shop.v1.ShopService/GetShop", EVERYONE, Outsider::Everything, shop.clone()),
        ("/tword.shop.v1.ShopService/ListShops", EVERYONE, Outsider::Everything, json!({ "pageSize": 1 })),
        ("/tword.shop.v1.ShopService/ListPhones", EVERYONE, Outsider::Everything, shop.clone()),
        ("/tword.shop.v1.ShopService/ListShopOrders", &[Staff, Manager, Operator], Outsider::NotFound, shop),
    ]
}

fn phones(place: &Place) -> Vec<Row> {
    let (shop, phone) = (&place.shop.id, &place.shop.phones[0]);
    let price = json!({ "currencyCode": "KRW", "units": "900000" });
    let ids = json!({ "shopId": shop, "phoneId": phone });
    let new = json!({ "shopId": shop, "phones": [{ "displayName": "은하 S30", "unitPrice": price, "units": { "quantity": 1 } }] });
    let changed = json!({ "shopId": shop, "phoneId": phone, "unitPrice": price });
    let units = json!({ "shopId": shop, "phoneId": phone, "units": { "quantity": 1 } });
    let withdrawn = json!({ "shopId": shop, "phoneId": phone, "serials": ["TW-00000005"] });
    let unit = json!({ "shopId": shop, "serial": "TW-00000001" });
    vec![
        ("/tword.shop.v1.ShopService/RegisterPhones", &[Manager], Outsider::NotFound, new),
        ("/tword.shop.v1.ShopService/UpdatePhone", &[Manager], Outsider::NotFound, changed),
        ("/tword.shop.v1.ShopService/AddUnits", &[Manager], Outsider::NotFound, units),
        ("/tword.shop.v1.ShopService/GetPhone", EVERYONE, Outsider::Everything, ids.clone()),
        ("/tword.shop.v1.ShopService/ListUnits", EVERYONE, Outsider::CustomersChoice, ids),
        ("/tword.shop.v1.ShopService/WithdrawUnits", &[Manager], Outsider::NotFound, withdrawn),
        ("/tword.shop.v1.ShopService/GetUnit", &[Staff, Manager, Operator], Outsider::NotFound, unit),
    ]
}

fn orders(place: &Place) -> Vec<Row> {
    let order = json!({ "orderId": place.order_id });
    // Of a shop that does not exist, so that placing it takes nobody's stock.
    let recipient =
        json!({ "name": "김하나", "phoneNumber": "010-1234-5678", "address": "서울특별시 강남구 테헤란로 1" });
    let lines = json!([{ "phoneId": Uuid::new_v4().to_string(), "quantity": 1 }]);
    let new = json!({ "shopId": Uuid::new_v4().to_string(), "lines": lines, "recipient": recipient });
    let cancel = json!({ "orderId": place.order_id, "reason": "품절" });
    let ship = json!({ "deliveryId": place.order_id, "carrier": "CJ대한통운", "trackingNumber": "1234567890" });
    let readdress = json!({ "deliveryId": place.order_id, "recipient": recipient });
    let renumber = json!({ "deliveryId": place.order_id, "trackingNumber": "0987654321" });
    let delivery = json!({ "deliveryId": place.order_id });
    let deliveries = json!({ "shopId": place.shop.id });
    vec![
        ("/tword.order.v1.OrderService/PlaceOrder", &[Customer], Outsider::Everything, new),
        ("/tword.order.v1.OrderService/CancelOrder", &[Customer, Staff, Manager], Outsider::NotFound, cancel),
        ("/tword.order.v1.OrderService/GetOrder", EVERYONE, Outsider::NotFound, order.clone()),
        ("/tword.order.v1.OrderService/ListOrderEvents", EVERYONE, Outsider::NotFound, order),
        ("/tword.delivery.v1.DeliveryService/ShipDelivery", &[Staff, Manager], Outsider::NotFound, ship),
        (
            "/tword.delivery.v1.DeliveryService/CompleteDelivery",
            &[Staff, Manager],
            Outsider::NotFound,
            delivery.clone(),
        ),
        ("/tword.delivery.v1.DeliveryService/CorrectRecipient", &[Customer], Outsider::NotFound, readdress),
        ("/tword.delivery.v1.DeliveryService/CorrectTrackingNumber", &[Staff, Manager], Outsider::NotFound, renumber),
        ("/tword.delivery.v1.DeliveryService/GetDelivery", EVERYONE, Outsider::NotFound, delivery),
        (
            "/tword.delivery.v1.DeliveryService/ListDeliveries",
            &[Staff, Manager, Operator],
            Outsider::NotFound,
            deliveries,
        ),
    ]
}

fn operations(place: &Place) -> Vec<Row> {
    // None stands for it: every test that shares the mesh would meet it.
    let letter = json!({ "eventId": Uuid::new_v4().to_string() });
    let dropped = json!({ "eventId": letter["eventId"], "reason": "다시 처리할 수 없음" });
    let aggregate = json!({ "aggregateId": place.order_id });
    let nobody = format!("nobody-{}", Uuid::new_v4());
    let operators: &[Role] = &[Operator];
    let all = [
        ("/tword.ops.v1.OperationsService/ListDeadLetters", json!({})),
        ("/tword.ops.v1.OperationsService/GetDeadLetter", letter.clone()),
        ("/tword.ops.v1.OperationsService/RedriveDeadLetters", json!({ "eventIds": [letter["eventId"]] })),
        ("/tword.ops.v1.OperationsService/DropDeadLetter", dropped),
        ("/tword.ops.v1.OperationsService/ListUnpublished", json!({})),
        ("/tword.ops.v1.OperationsService/ListConsumers", json!({})),
        ("/tword.ops.v1.OperationsService/ListAggregateEvents", aggregate),
        ("/tword.ops.v1.OperationsService/ListAuditRecords", json!({})),
        ("/tword.mypage.v1.MyPageOperationsService/RebuildMyPage", json!({})),
        ("/tword.mypage.v1.MyPageOperationsService/GetRebuild", json!({})),
        ("/tword.order.v1.OrderOperationsService/ListStuckOrders", json!({})),
        ("/tword.order.v1.OrderOperationsService/ResumeOrder", json!({ "orderId": place.order_id })),
        ("/tword.order.v1.OrderOperationsService/EraseCustomer", json!({ "customerId": nobody })),
        ("/tword.delivery.v1.DeliveryOperationsService/EraseCustomer", json!({ "customerId": nobody })),
        ("/tword.notify.v1.NotifyOperationsService/RedriveMessage", json!({ "messageId": Uuid::new_v4().to_string() })),
        ("/tword.notify.v1.NotifyOperationsService/EraseCustomer", json!({ "customerId": nobody })),
    ];
    all.map(|(path, request)| (path, operators, Outsider::Everything, request)).into()
}

fn reads(place: &Place) -> Vec<Row> {
    let (order, message) = (json!({ "orderId": place.order_id }), json!({ "messageId": place.message_id }));
    vec![
        ("/tword.order.v1.OrderService/ListOrders", EVERYONE, Outsider::Nothing, json!({})),
        ("/tword.notify.v1.NotifyService/ListMessages", EVERYONE, Outsider::Nothing, order.clone()),
        ("/tword.notify.v1.NotifyService/GetMessage", EVERYONE, Outsider::NotFound, message),
        ("/tword.notify.v1.NotifyService/GetContact", OWNERS, Outsider::Everything, json!({})),
        ("/tword.notify.v1.NotifyService/UpdateContact", OWNERS, Outsider::Everything, json!({ "language": "en" })),
        ("/tword.notify.v1.NotifyService/RotateWebhookSecret", OWNERS, Outsider::Everything, json!({})),
        ("/tword.mypage.v1.MyPageService/ListMyOrders", &[Customer], Outsider::Nothing, json!({})),
        ("/tword.mypage.v1.MyPageService/GetMyOrder", &[Customer], Outsider::NotFound, order),
        ("/tword.mypage.v1.MyPageService/WatchMyOrders", &[Customer], Outsider::Nothing, json!({})),
    ]
}
