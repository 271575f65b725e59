//! What each of the people needs to trust it, after the eight requirements.

pub mod things;

use futures::StreamExt;

use self::things::{Consumer, Contact, Rebuild, Record, Stuck, Unit, UnitEvent, Updates};
use super::act::Act;
use super::api::{Answer, Api, As};
use super::cast::key;
use super::play::ready;
use super::tell::{at, done, eventually, insist, part, refused, say, unless};
use super::things::{Delivery, Line, Order, Phone};
use crate::error::{Error, Result};
use crate::mesh::Service;

const CARRIER: &str = "Hanjin";
const MISTYPED: &str = "5101-2345-6798";
const TRACKING: &str = "5101-2345-6799";
const OFFICE: [&str; 3] = ["Hong Gildong", "+82-10-0000-0000", "2 Eulji-ro, Jung-gu, Seoul"];

/// The calls beyond the eight requirements. Every method fails where the edge does not answer with a success.
pub trait Trust: Api {
    async fn set_language(&self, who: As<'_>, language: &str) -> Answer<Contact>;
    async fn watch(&self, who: As<'_>) -> Answer<Updates>;
    async fn available_units(&self, who: As<'_>, shop_id: &str, phone_id: &str) -> Answer<Vec<Unit>>;
    async fn withdraw(&self, who: As<'_>, shop_id: &str, phone_id: &str, serials: &[&str]) -> Answer<Phone>;
    async fn history(&self, who: As<'_>, shop_id: &str, serial: &str) -> Answer<Vec<UnitEvent>>;
    async fn correct_recipient(&self, who: As<'_>, delivery_id: &str, to: [&str; 3]) -> Answer<Delivery>;
    async fn correct_tracking_number(&self, who: As<'_>, delivery_id: &str, number: &str) -> Answer<Delivery>;
    async fn stuck_orders(&self, who: As<'_>) -> Answer<Vec<Stuck>>;
    async fn consumers(&self, who: As<'_>) -> Answer<Vec<Consumer>>;
    async fn audit(&self, who: As<'_>, subject_id: &str) -> Answer<Vec<Record>>;
    async fn rebuild(&self, who: As<'_>) -> Answer<Rebuild>;
    async fn last_rebuild(&self, who: As<'_>) -> Answer<Rebuild>;
}

/// Walks on from the eight requirements.
///
/// # Errors
/// The first thing that is not as promised.
pub async fn play<A: Trust>(act: &Act<'_, A>) -> Result<()> {
    let contact = done(act.api.set_language(As::writer(&act.cast.customer, &key()), "en").await)?;
    part("The customer follows an order of one very phone live, in English");
    insist("the contact's language", &contact.language.as_str(), &"en")?;
    say("the customer's messages come in English from now on");
    let watch = begin_watch(act).await?;
    let order = choose(act).await.map_err(at("given units"))?;
    deliver(act, &order).await.map_err(at("corrections"))?;
    finish_watch(watch, &order).await.map_err(at("watching"))?;
    let call = || act.api.messages(As::reader(&act.cast.customer), &order.id);
    let foreign = |messages: &Vec<super::things::Message>| {
        let other = messages.iter().find(|message| message.language != "en");
        (messages.len() < 3).then(|| messages.len().to_string()).or(other.map(|message| message.language.clone()))
    };
    eventually("its messages in English", call, foreign).await?;
    say("and so the customer was told, in English");
    units(act).await.map_err(at("units"))?;
    operate(act).await.map_err(at("operators"))
}

/// Opens the watch; what there is comes first.
async fn begin_watch<A: Trust>(act: &Act<'_, A>) -> Result<Updates> {
    let mut watch = done(act.api.watch(As::reader(&act.cast.customer)).await)?;
    let mut orders = 0;
    loop {
        let update = done(watch.next().await.ok_or_else(|| Error::new("the watch ended"))?)?;
        match update.kind.as_str() {
            "ORDER" => orders += 1,
            "CURRENT" => break,
            _ => {}
        }
    }
    insist("how many orders the watch begins with", &orders, &3)?;
    say("a watch is open; it began with the 3 orders that there are");
    Ok(watch)
}

async fn choose<A: Trust>(act: &Act<'_, A>) -> Result<Order> {
    let customer = As::reader(&act.cast.customer);
    let offered = done(act.api.available_units(customer, &act.shop_id, &act.baram.phone_id).await)?;
    let serials: Vec<String> = offered.into_iter().map(|unit| unit.serial).collect();
    insist("how many units there are to choose from", &serials.len(), &3)?;
    let chosen = serials[2].clone();
    say(format!("to choose from: {}; the customer wants {chosen}", serials.join(", ")));
    let (phone_id, serials) = (act.baram.phone_id.clone(), vec![chosen.clone()]);
    let line = Line { phone_id, quantity: 1, price: act.baram.price, serials };
    let order = done(act.api.place_order(As::writer(&act.cast.customer, &key()), &act.shop_id, &[line]).await)?;
    let order = act.until(&order.id, "CONFIRMED").await?;
    let seen = done(act.api.shop_orders(As::reader(&act.crew.staff), &act.shop_id).await)?;
    let lines = seen.into_iter().find(|seen| seen.order_id == order.id).map(|seen| seen.lines).unwrap_or_default();
    let held: Vec<String> = lines.into_iter().flat_map(|line| line.serials).collect();
    insist("the unit that is held", &held, &vec![chosen])?;
    say(format!("order {} is CONFIRMED with that very unit", order.id));
    Ok(order)
}

async fn deliver<A: Trust>(act: &Act<'_, A>, order: &Order) -> Result<()> {
    let delivery = ready(act, order).await?;
    let (customer, staff) = (act.cast.customer.as_str(), act.crew.staff.as_str());
    let corrected = done(act.api.correct_recipient(As::writer(customer, &key()), &delivery.id, OFFICE).await)?;
    let address = corrected.recipient.map(|recipient| recipient.address).unwrap_or_default();
    insist("where it goes to", &address.as_str(), &OFFICE[2])?;
    say(format!("before it is shipped the customer corrects the recipient: {address}"));
    done(act.api.ship(As::writer(staff, &key()), &delivery.id, CARRIER, MISTYPED).await)?;
    let late = act.api.correct_recipient(As::writer(customer, &key()), &delivery.id, OFFICE).await;
    let failure = refused("correcting the recipient of what is shipped", late, "ALREADY_SHIPPED")?;
    say(format!("afterwards no more: {failure}"));
    let corrected = done(act.api.correct_tracking_number(As::writer(staff, &key()), &delivery.id, TRACKING).await)?;
    insist("its tracking number", &corrected.tracking_number.as_str(), &TRACKING)?;
    let call = || act.api.my_order(As::reader(customer), &order.id);
    eventually("the right tracking number on my page", call, |mine| {
        let number = mine.delivery.as_ref().map(|delivery| delivery.tracking_number.as_str()).unwrap_or_default();
        unless(number, TRACKING)
    })
    .await?;
    say(format!("the staff correct the tracking number: {MISTYPED} is {TRACKING}, on my page too"));
    Ok(())
}

/// Reads the watch on until the order is shipped.
async fn finish_watch(mut watch: Updates, order: &Order) -> Result<()> {
    let mut seen: Vec<String> = Vec::new();
    while seen.last().is_none_or(|status| status != "SHIPPED") {
        let update = done(watch.next().await.ok_or_else(|| Error::new(format!("the watch ended after {seen:?}")))?)?;
        if let Some(found) = update.order.filter(|found| found.order_id == order.id)
            && seen.last() != Some(&found.status)
        {
            seen.push(found.status);
        }
    }
    say(format!("the watch showed it as it went: {}", seen.join(", ")));
    Ok(())
}

async fn units<A: Trust>(act: &Act<'_, A>) -> Result<()> {
    part("The shop takes units out of sale, and knows what happened to each");
    let (shop, phone) = (act.shop_id.as_str(), act.haneul.phone_id.as_str());
    let both = ["HANEUL-0002", "HANEUL-0001"];
    let manager = act.crew.manager.as_str();
    let all = act.api.withdraw(As::writer(manager, &key()), shop, phone, &both).await;
    let failure = refused("withdrawing a sold unit", all, "UNITS_NOT_AVAILABLE")?;
    say(format!("all or none: {failure}"));
    let phone = done(act.api.withdraw(As::writer(manager, &key()), shop, phone, &both[..1]).await)?;
    insist("what is left for sale", &phone.stock.available, &0)?;
    for (serial, last) in [("HANEUL-0001", "SOLD"), ("HANEUL-0002", "WITHDRAWN")] {
        let history = done(act.api.history(As::reader(&act.crew.staff), shop, serial).await)?;
        let kinds: Vec<String> = history.into_iter().map(|event| event.kind).collect();
        insist("where its history ends", &kinds.last().map(String::as_str), &Some(last))?;
        say(format!("{serial}: {}", kinds.join(", ")));
    }
    Ok(())
}

async fn operate<A: Trust>(act: &Act<'_, A>) -> Result<()> {
    part("Operators see what waits, who is behind and who changed what, and build my page anew");
    let operator = As::reader(&act.cast.operator);
    let stuck = done(act.api.stuck_orders(operator).await)?;
    let waits: Vec<_> = stuck.into_iter().map(|stuck| stuck.waits_for).collect();
    say(if waits.is_empty() { "no order is stuck".to_owned() } else { format!("stuck orders wait for {waits:?}") });
    for service in Service::ALL.map(Service::context) {
        let call = || act.api.consumers(operator.to(service));
        let behind = |consumers: &Vec<Consumer>| {
            let behind = consumers.iter().find(|consumer| !consumer.producer_answers || consumer.missing > 0);
            behind.map(|consumer| format!("{} behind {}", consumer.missing, consumer.producer))
        };
        let consumers = eventually(&format!("{service} to have seen all"), call, behind).await?;
        let producers: Vec<_> = consumers.into_iter().map(|consumer| consumer.producer).collect();
        say(format!("{service} has seen all that {} wrote", producers.join(", ")));
    }
    let records = done(act.api.audit(operator.to("shop"), &act.haneul.phone_id).await)?;
    let told: Vec<_> = records.into_iter().map(|record| format!("{} {}", record.actor_role, record.action)).collect();
    insist(
        "what was done to the phone",
        &told,
        &["MANAGER RegisterPhones", "MANAGER WithdrawUnits"].map(str::to_owned).to_vec(),
    )?;
    say(format!("people changed Haneul 5: {}", told.join(", ")));
    rebuild(act).await
}

async fn rebuild<A: Trust>(act: &Act<'_, A>) -> Result<()> {
    let operator = As::reader(&act.cast.operator);
    done(act.api.rebuild(operator).await)?;
    let call = || act.api.last_rebuild(operator);
    let rebuilt = eventually("my page built anew", call, |rebuild: &Rebuild| unless(&rebuild.status, "DONE")).await?;
    let progress: Vec<_> =
        rebuilt.progress.iter().map(|part| format!("{} of {}", part.handled, part.producer)).collect();
    say(format!("my page was built anew from its producers' events: {}", progress.join(", ")));
    let call = || act.api.my_orders(As::reader(&act.cast.customer));
    let orders = eventually("all 4 orders on it", call, |orders| {
        (orders.len() != 4).then(|| format!("{} of them", orders.len()))
    });
    insist("the newest order's status", &orders.await?[0].status.as_str(), &"SHIPPED")?;
    say("it shows the same as before");
    Ok(())
}
