//! From the contracts' messages to what the walk looks at, and back.

use proto::{Money, delivery::v1 as delivery, mypage::v1 as mypage, notify::v1 as notify, order::v1 as order};
use proto::{shop::v1 as shop, shop::v1::new_units::Units};

use crate::demo::api::{Answer, Failure};
use crate::demo::things;

/// The one message of an answer, which has to be there.
pub fn one<M, T: From<M>>(call: &str, message: Option<M>) -> Answer<T> {
    message.map(T::from).ok_or_else(|| Failure {
        call: call.to_owned(),
        status: "Ok".to_owned(),
        reason: String::new(),
        message: "without the message that it is about".to_owned(),
        fields: Vec::new(),
    })
}

/// Every message of an answer.
pub fn all<M, T: From<M>>(messages: Vec<M>) -> Vec<T> {
    messages.into_iter().map(T::from).collect()
}

/// Whom the walk's orders go to.
pub fn recipient() -> order::Recipient {
    let [name, phone_number, address] = things::RECIPIENT.map(str::to_owned);
    order::Recipient { name, phone_number, address }
}

fn money(units: i64) -> Money {
    Money { currency_code: "KRW".to_owned(), units, nanos: 0 }
}

fn status(name: &str) -> String {
    things::bare(name, "STATUS_")
}

impl From<&things::NewPhone> for shop::NewPhone {
    fn from(phone: &things::NewPhone) -> Self {
        let serials = phone.serials.iter().map(|serial| (*serial).to_owned()).collect::<Vec<_>>();
        let units = if serials.is_empty() {
            Units::Quantity(phone.quantity)
        } else {
            Units::Serials(shop::Serials { serials })
        };
        Self {
            display_name: phone.display_name.to_owned(),
            unit_price: Some(money(phone.price)),
            units: Some(shop::NewUnits { units: Some(units) }),
        }
    }
}

impl From<&things::Line> for order::NewOrderLine {
    fn from(line: &things::Line) -> Self {
        let expected_unit_price = Some(money(line.price));
        let (phone_id, serials) = (line.phone_id.clone(), line.serials.clone());
        Self { phone_id, quantity: line.quantity, expected_unit_price, serials }
    }
}

impl From<shop::Shop> for things::Shop {
    fn from(shop: shop::Shop) -> Self {
        Self { shop_id: shop.shop_id }
    }
}

impl From<shop::Phone> for things::Phone {
    fn from(phone: shop::Phone) -> Self {
        let stock = phone.stock.unwrap_or_default();
        let shop::Stock { registered, available, reserved, sold, .. } = stock;
        let stock = things::Stock { registered, available, reserved, sold };
        Self { id: phone.phone_id, display_name: phone.display_name, stock }
    }
}

impl From<order::Order> for things::Order {
    fn from(order: order::Order) -> Self {
        Self {
            status: status(order.status().as_str_name()),
            id: order.order_id,
            total: order.total.map(|total| things::Money { units: total.units }),
            cancel_reason: order.cancel_reason,
            carrier: order.carrier,
            tracking_number: order.tracking_number,
        }
    }
}

impl From<shop::ShopOrder> for things::ShopOrder {
    fn from(order: shop::ShopOrder) -> Self {
        let line = |line: shop::ShopOrderLine| things::ShopOrderLine {
            phone_id: line.phone_id,
            quantity: line.quantity,
            serials: line.serials,
        };
        Self {
            status: status(order.status().as_str_name()),
            order_id: order.order_id,
            lines: order.lines.into_iter().map(line).collect(),
        }
    }
}

impl From<delivery::Delivery> for things::Delivery {
    fn from(delivery: delivery::Delivery) -> Self {
        Self {
            status: status(delivery.status().as_str_name()),
            id: delivery.delivery_id,
            order_id: delivery.order_id,
            recipient: delivery
                .recipient
                .map(|recipient| things::Recipient { name: recipient.name, address: recipient.address }),
            tracking_number: delivery.tracking_number,
        }
    }
}

impl From<mypage::MyOrder> for things::MyOrder {
    fn from(order: mypage::MyOrder) -> Self {
        Self {
            status: status(order.status().as_str_name()),
            order_id: order.order_id,
            reason: order.reason,
            delivery: order.delivery.map(|delivery| things::MyDelivery {
                status: status(delivery.status().as_str_name()),
                tracking_number: delivery.tracking_number,
            }),
            messages: order
                .messages
                .into_iter()
                .map(|message| things::MyMessage { template: message.template })
                .collect(),
        }
    }
}

impl From<notify::Message> for things::Message {
    fn from(message: notify::Message) -> Self {
        Self {
            template: things::bare(message.template().as_str_name(), "TEMPLATE_"),
            status: status(message.status().as_str_name()),
            channel: message.channel,
            language: message.language,
        }
    }
}
