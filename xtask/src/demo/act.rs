//! One walk under way: its shop, its people, and the looks that it takes again and again.

use super::api::{Answer, Api, As};
use super::cast::{Cast, Crew};
use super::tell::{eventually, say, unless};
use super::things::{Line, Message, MyOrder, Order, Phone, Stock};
use crate::error::Result;

/// A walk.
pub struct Act<'a, A> {
    pub api: &'a A,
    pub cast: Cast,
    pub crew: Crew,
    pub shop_id: String,
    pub haneul: Sale,
    pub baram: Sale,
}

/// A phone on sale.
pub struct Sale {
    pub phone_id: String,
    /// Price of one unit in KRW.
    pub price: i64,
}

impl<A: Api> Act<'_, A> {
    /// Places the customer's order of so many of each phone.
    pub async fn place(&self, key: &str, haneul: i32, baram: i32) -> Answer<Order> {
        let line = |sale: &Sale, quantity| Line {
            phone_id: sale.phone_id.clone(),
            quantity,
            price: sale.price,
            serials: Vec::new(),
        };
        let lines = [line(&self.haneul, haneul), line(&self.baram, baram)];
        self.api.place_order(As::writer(&self.cast.customer, key), &self.shop_id, &lines).await
    }

    /// The order, once it stands at `status`.
    pub async fn until(&self, order_id: &str, status: &str) -> Result<Order> {
        let call = || self.api.order(As::reader(&self.cast.customer), order_id);
        eventually(&format!("order {order_id} to be {status}"), call, |order| unless(&order.status, status)).await
    }

    /// The phone, once `[registered, available, reserved, sold]` are as given; anyone may look.
    pub async fn stock(&self, sale: &Sale, counts: [i32; 4]) -> Result<Phone> {
        let [registered, available, reserved, sold] = counts;
        let promised = Stock { registered, available, reserved, sold };
        let call = || self.api.phone(As::reader(&self.cast.stranger), &self.shop_id, &sale.phone_id);
        let other = |phone: &Phone| (phone.stock != promised).then(|| format!("{:?}", phone.stock));
        eventually(&format!("phone {} to have {promised:?}", sale.phone_id), call, other).await
    }

    /// My page's order, once it and its delivery stand there.
    pub async fn page(&self, order_id: &str, status: &str, delivery: &str) -> Result<MyOrder> {
        let call = || self.api.my_order(As::reader(&self.cast.customer), order_id);
        let other = |order: &MyOrder| {
            let seen = order.delivery.as_ref().map_or("absent", |delivery| delivery.status.as_str());
            (order.status != status || seen != delivery).then(|| format!("it {} and its delivery {seen}", order.status))
        };
        let what = format!("my page to show order {order_id} {status} and its delivery {delivery}");
        eventually(&what, call, other).await
    }

    /// Insists that the caller was sent one message for each of these changes of an order, and no other.
    pub async fn heard(&self, token: &str, who: &str, order_id: &str, templates: &[&str]) -> Result<()> {
        let call = || self.api.messages(As::reader(token), order_id);
        let other = |messages: &Vec<Message>| unlike(&sent(messages), templates);
        let what = format!("{who} to be sent {templates:?} about order {order_id}");
        let messages = eventually(&what, call, other).await?;
        let how = messages.first().map_or_else(String::new, |first| format!("{}, {}", first.channel, first.language));
        say(format!("{who} was sent {} about order {order_id} ({how})", templates.join(", ")));
        Ok(())
    }

    /// Insists that my page shows those messages as well.
    pub async fn shown(&self, order_id: &str, templates: &[&str]) -> Result<()> {
        let call = || self.api.my_order(As::reader(&self.cast.customer), order_id);
        let other = |order: &MyOrder| {
            unlike(&order.messages.iter().map(|message| message.template.clone()).collect::<Vec<_>>(), templates)
        };
        eventually(&format!("my page to show the messages {templates:?}"), call, other).await?;
        say("my page shows the customer's messages beside the order");
        Ok(())
    }
}

fn sent(messages: &[Message]) -> Vec<String> {
    let told = |message: &Message| match message.status.as_str() {
        "SENT" => message.template.clone(),
        other => format!("{} {other}", message.template),
    };
    messages.iter().map(told).collect()
}

/// What there is instead of `promised`, in whatever order.
fn unlike(seen: &[String], promised: &[&str]) -> Option<String> {
    let (mut left, mut right): (Vec<&str>, Vec<&str>) = (seen.iter().map(String::as_str).collect(), promised.to_vec());
    left.sort_unstable();
    right.sort_unstable();
    (left != right).then(|| format!("{seen:?}"))
}

#[cfg(test)]
mod tests {
    use super::unlike;

    #[test]
    fn messages_are_counted_whatever_their_order() {
        let seen = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(unlike(&seen(&["B", "A"]), &["A", "B"]), None);
        for wrong in [&["A"][..], &["A", "B", "B"], &["A", "C"]] {
            assert!(unlike(&seen(wrong), &["A", "B"]).is_some(), "{wrong:?}");
        }
    }
}
