//! The eight requirements, one after the other.

use super::act::{Act, Sale};
use super::api::{Api, As};
use super::cast::{Cast, Crew, key};
use super::tell::{at, done, eventually, insist, refused, requirement, say, unless};
use super::things::{Delivery, NewPhone, Order};
use crate::error::{Error, Result};
use crate::mesh::Keys;

const HANEUL: NewPhone =
    NewPhone { display_name: "Haneul 5", price: 1_200_000, serials: &["HANEUL-0001", "HANEUL-0002"], quantity: 0 };
const BARAM: NewPhone = NewPhone { display_name: "Baram 7", price: 890_000, serials: &[], quantity: 3 };
const REASON: &str = "the last one was damaged";
const CARRIER: &str = "Hanjin";
const TRACKING: &str = "5101-2345-6789";

/// Walks the requirements through `api`.
///
/// # Errors
/// The first thing that is not as promised, with the number of its requirement.
pub async fn play<'a, A: Api>(api: &'a A, cast: Cast, keys: &Keys) -> Result<Act<'a, A>> {
    let act = register(api, cast, keys).await.map_err(at("requirement 1"))?;
    let shipped = order(&act).await.map_err(at("requirement 2"))?;
    reach_shop(&act, &shipped).await.map_err(at("requirement 3"))?;
    ship(&act, &shipped).await.map_err(at("requirement 4"))?;
    let (regretted, refused) = cancel(&act, &shipped).await.map_err(at("requirement 5"))?;
    restock(&act).await.map_err(at("requirement 6"))?;
    look_up(&act, &shipped, &refused).await.map_err(at("requirement 7"))?;
    hear(&act, &shipped, &regretted, &refused).await.map_err(at("requirement 8"))?;
    Ok(act)
}

async fn register<'a, A: Api>(api: &'a A, cast: Cast, keys: &Keys) -> Result<Act<'a, A>> {
    requirement(1, "A manager registers phones at a shop, by serial numbers or by a quantity, and adds units later");
    let shop = done(api.register_shop(As::writer(&cast.operator, &key()), "Demo walk").await)?;
    say(format!("the operator registered shop {}", shop.shop_id));
    let crew = Crew::new(keys, &shop.shop_id)?;
    let registered = api.register_phones(As::writer(&crew.manager, &key()), &shop.shop_id, &[HANEUL, BARAM]).await;
    let [haneul, baram] = done(registered)?
        .try_into()
        .map_err(|phones: Vec<_>| Error::new(format!("2 phones were registered, {} answered", phones.len())))?;
    for phone in [&haneul, &baram] {
        say(format!("{} {} has {} units", phone.display_name, phone.id, phone.stock.registered));
    }
    let grown = done(api.add_units(As::writer(&crew.manager, &key()), &shop.shop_id, &baram.id, 2).await)?;
    say(format!("2 units more: {} has {}", grown.display_name, grown.stock.registered));
    let act = Act {
        api,
        shop_id: shop.shop_id,
        haneul: Sale { phone_id: haneul.id, price: HANEUL.price },
        baram: Sale { phone_id: baram.id, price: BARAM.price },
        cast,
        crew,
    };
    act.stock(&act.haneul, [2, 2, 0, 0]).await?;
    act.stock(&act.baram, [5, 5, 0, 0]).await?;
    Ok(act)
}

async fn order<A: Api>(act: &Act<'_, A>) -> Result<Order> {
    requirement(2, "A customer orders phones from the shop");
    let wrong = act.place(&key(), 0, 1).await;
    let failure = refused("an order of 0 units", wrong, "INVALID_REQUEST")?;
    insist("the wrong fields", &failure.fields, &vec!["lines[0].quantity".to_owned()])?;
    say(format!("a wrong order is refused and changes nothing: {failure}"));
    let key = key();
    let order = done(act.place(&key, 1, 2).await)?;
    insist("the order's status", &order.status.as_str(), &"PLACED")?;
    say(format!("order {} is PLACED, its delivery booked", order.id));
    let again = done(act.place(&key, 1, 2).await)?;
    insist("the same order under the same key", &again.id, &order.id)?;
    refused("another order under the same key", act.place(&key, 1, 1).await, "IDEMPOTENCY_KEY_REUSED")?;
    say("the same idempotency key gives the same order, and is refused for another one");
    let order = act.until(&order.id, "CONFIRMED").await?;
    let promised = HANEUL.price + 2 * BARAM.price;
    insist("the order's total", &order.total.as_ref().map(|total| total.units), &Some(promised))?;
    say(format!("its units are reserved: it is CONFIRMED, KRW {promised} in all"));
    Ok(order)
}

async fn reach_shop<A: Api>(act: &Act<'_, A>, order: &Order) -> Result<()> {
    requirement(3, "The order's details reach that shop");
    let staff = As::reader(&act.crew.staff);
    let call = || act.api.shop_orders(staff, &act.shop_id);
    let orders = eventually("the order CONFIRMED in the shop's list", call, |orders| {
        let found = orders.iter().find(|found| found.order_id == order.id);
        found.map_or(Some("no such order".to_owned()), |found| unless(&found.status, "CONFIRMED"))
    });
    let orders = orders.await?;
    let found = orders.iter().find(|found| found.order_id == order.id);
    let lines = found.map_or(&[][..], |found| found.lines.as_slice());
    for (line, (sale, quantity)) in lines.iter().zip([(&act.haneul, 1), (&act.baram, 2)]) {
        insist("the line's phone and quantity", &(&line.phone_id, line.quantity), &(&sale.phone_id, quantity))?;
        insist("how many serials it has", &line.serials.len(), &usize::try_from(quantity).unwrap_or_default())?;
        say(format!("the staff see {} of phone {}: {}", line.quantity, line.phone_id, line.serials.join(", ")));
    }
    insist("how many lines the shop sees", &lines.len(), &2)
}

async fn ship<A: Api>(act: &Act<'_, A>, order: &Order) -> Result<()> {
    requirement(4, "Shop staff check the order and ship it");
    let delivery = ready(act, order).await?;
    let whom = delivery.recipient.map(|recipient| recipient.name).unwrap_or_default();
    say(format!("delivery {} is READY, for {whom}", delivery.id));
    let shipped = act.api.ship(As::writer(&act.crew.staff, &key()), &delivery.id, CARRIER, TRACKING).await;
    let delivery = done(shipped)?;
    insist("the delivery's status", &delivery.status.as_str(), &"SHIPPED")?;
    let order = act.until(&order.id, "SHIPPED").await?;
    insist("how it travels", &(order.carrier.as_str(), order.tracking_number.as_str()), &(CARRIER, TRACKING))?;
    say(format!("it is SHIPPED with {CARRIER} {TRACKING}, and so is the order"));
    act.stock(&act.haneul, [2, 1, 0, 1]).await?;
    act.stock(&act.baram, [5, 3, 0, 2]).await?;
    say("the units that it took are sold");
    Ok(())
}

/// The delivery of an order, once it is READY.
pub async fn ready<A: Api>(act: &Act<'_, A>, order: &Order) -> Result<Delivery> {
    let staff = As::reader(&act.crew.staff);
    let missing = |list: &Vec<Delivery>| {
        let is_there = list.iter().any(|delivery| delivery.order_id == order.id);
        (!is_there).then(|| format!("{} others", list.len()))
    };
    let list = eventually("its delivery among the READY ones", || act.api.ready_deliveries(staff), missing).await?;
    let found = list.into_iter().find(|delivery| delivery.order_id == order.id);
    found.ok_or_else(|| Error::new("its delivery is gone again"))
}

async fn cancel<A: Api>(act: &Act<'_, A>, shipped: &Order) -> Result<(Order, Order)> {
    requirement(5, "An order can be cancelled until it is shipped, by its customer or, with a reason, by the shop");
    let late = act.api.cancel_order(As::writer(&act.cast.customer, &key()), &shipped.id, "").await;
    let failure = refused("cancelling what is shipped", late, "ALREADY_SHIPPED")?;
    say(format!("the shipped one stays: {failure}"));
    let mut cancelled = Vec::new();
    for (token, reason) in [(&act.cast.customer, ""), (&act.crew.staff, REASON)] {
        let placed = done(act.place(&key(), 1, 1).await)?;
        let order = act.until(&placed.id, "CONFIRMED").await?;
        act.stock(&act.haneul, [2, 0, 1, 1]).await?;
        act.stock(&act.baram, [5, 2, 1, 2]).await?;
        let order = done(act.api.cancel_order(As::writer(token, &key()), &order.id, reason).await)?;
        insist("the order's status", &order.status.as_str(), &"CANCELLED")?;
        insist("the reason", &order.cancel_reason.as_str(), &reason)?;
        let who = if reason.is_empty() { "its customer".to_owned() } else { format!("the staff: {reason:?}") };
        say(format!("order {} was CONFIRMED, and is CANCELLED by {who}", order.id));
        act.stock(&act.haneul, [2, 1, 0, 1]).await?;
        cancelled.push(order);
    }
    let [regretted, refused] = cancelled.try_into().map_err(|_| Error::new("two orders are cancelled"))?;
    Ok((regretted, refused))
}

async fn restock<A: Api>(act: &Act<'_, A>) -> Result<()> {
    requirement(6, "A cancelled order's units can be sold again");
    let haneul = act.stock(&act.haneul, [2, 1, 0, 1]).await?;
    let baram = act.stock(&act.baram, [5, 3, 0, 2]).await?;
    for phone in [haneul, baram] {
        let stock = phone.stock;
        say(format!(
            "{}: {} available, {} reserved, {} sold of {}",
            phone.display_name, stock.available, stock.reserved, stock.sold, stock.registered
        ));
    }
    Ok(())
}

async fn look_up<A: Api>(act: &Act<'_, A>, shipped: &Order, refused_order: &Order) -> Result<()> {
    requirement(7, "The customer looks up the orders at any time");
    done(act.api.complete(As::writer(&act.crew.staff, &key()), &shipped.id).await)?;
    let delivered = act.page(&shipped.id, "DELIVERED", "DELIVERED").await?;
    say(format!("order {} was handed over: my page shows it DELIVERED", delivered.order_id));
    let cancelled = act.page(&refused_order.id, "CANCELLED", "CANCELLED").await?;
    insist("the reason on my page", &cancelled.reason.as_str(), &REASON)?;
    say(format!("order {} is CANCELLED there, with the shop's reason", cancelled.order_id));
    let mine = done(act.api.my_orders(As::reader(&act.cast.customer)).await)?;
    insist("how many orders my page lists", &mine.len(), &3)?;
    insist("the newest of them", &mine[0].order_id, &refused_order.id)?;
    say("my page lists all 3, the newest first");
    let stranger = As::reader(&act.cast.stranger);
    refused("a stranger's look at the order", act.api.order(stranger, &shipped.id).await, "NOT_FOUND")?;
    refused("a stranger's look at my page", act.api.my_order(stranger, &shipped.id).await, "NOT_FOUND")?;
    insist("a stranger's orders", &done(act.api.my_orders(stranger).await)?.len(), &0)?;
    say("another customer cannot tell that they exist");
    Ok(())
}

async fn hear<A: Api>(act: &Act<'_, A>, shipped: &Order, regretted: &Order, refused: &Order) -> Result<()> {
    requirement(8, "Each status change sends a message");
    let whole = ["PLACED", "CONFIRMED", "SHIPPED", "DELIVERED"];
    act.heard(&act.cast.customer, "the customer", &shipped.id, &whole).await?;
    for order in [regretted, refused] {
        act.heard(&act.cast.customer, "the customer", &order.id, &["PLACED", "CONFIRMED", "CANCELLED"]).await?;
        act.heard(&act.crew.staff, "the shop", &order.id, &["PLACED", "CANCELLED"]).await?;
    }
    act.heard(&act.crew.staff, "the shop", &shipped.id, &["PLACED"]).await?;
    act.shown(&shipped.id, &whole).await
}
