//! What each consumer does about an event.

use std::collections::BTreeMap;

use order_svc::domain::saga::{OnDelivery, OnStock, Unable};
use order_svc::domain::{Actor, placing::Claim};
use uuid::Uuid;

use super::Taken;
use crate::{
    AT, Saga, State,
    events::{Consumer, Told},
    shared::Shared,
    state::{Broken, Kept},
    translate::{self, delivery_actor, order_actor},
};

impl Saga {
    /// Handles an event; false where it is too early.
    pub(super) fn handle(&self, state: &mut State, told: &Told, consumer: Consumer) -> Taken {
        match (consumer, told) {
            (Consumer::Shop, Told::Order(change)) => self.stock_hears(state, change),
            (Consumer::Delivery, Told::Order(change)) => match translate::standing(&change.order, &change.actor) {
                Some(standing) => self.follow_order(state, &change.order, &standing, &delivery_actor(&change.actor)),
                None => contradicts(state),
            },
            (Consumer::Order, Told::Stock(change)) => self.order_hears_stock(state, change),
            (Consumer::Order, Told::Delivery(event)) => self.order_hears_delivery(state, event),
            (Consumer::Notify, Told::Order(change)) => {
                self.tell(state, change);
                true
            }
            (Consumer::Page, told) => {
                self.show(state, told);
                true
            }
            (Consumer::Shop | Consumer::Order | Consumer::Delivery | Consumer::Notify, _) => true,
        }
    }

    fn order_hears_stock(&self, state: &mut State, change: &shop_svc::domain::reservation::Change) -> Taken {
        let Some(decided) = translate::stock(&change.state) else { return contradicts(state) };
        let kept = state.orders.get(&change.state.order_id).cloned();
        let order = kept.as_ref().map(|kept| &kept.order);
        match (self.decisions.on_stock)(order, &decided, Actor::service("shop-svc"), AT) {
            Ok(OnStock::Save(changes)) => self.save_order(state, changes),
            Ok(OnStock::Hold(reservation)) => {
                let held = Some(reservation.clone());
                let beside = kept.map(|kept| Kept { held: kept.held.clone().or(held), ..Kept::clone(&kept) });
                let beside = beside.map(|kept| (kept.order.id, Shared::new(kept)));
                state.orders.extend(beside);
            }
            Err(unable) => return refused(state, unable),
        }
        true
    }

    fn order_hears_delivery(&self, state: &mut State, event: &delivery_svc::domain::delivery::Event) -> Taken {
        let Some(progress) = translate::progress(event) else { return contradicts(state) };
        let id = event.delivery.id;
        let kept = state.orders.get(&id).cloned();
        let order = kept.as_ref().map(|kept| &kept.order);
        match (self.decisions.on_delivery)(order, &progress, order_actor(&event.actor), AT) {
            Ok(OnDelivery::Save(changes)) => self.save_order(state, changes),
            Ok(OnDelivery::Settle) => self.settle(state, id),
            Ok(OnDelivery::Nothing) => {}
            Ok(OnDelivery::Void) => {
                self.claim(state, id, Claim::Void);
            }
            Err(unable) => return refused(state, unable),
        }
        true
    }

    /// mypage-svc keeps what is later than what it has.
    fn show(&self, state: &mut State, told: &Told) {
        let (page, is_news) = (&mut state.page, self.decisions.is_news);
        let forward = match told {
            Told::Order(change) => {
                keep(&mut page.orders, change.order.id, translate::page_order(&change.order), |o| o.version, is_news)
            }
            Told::Delivery(event) => {
                let delivery = translate::page_delivery(&event.delivery);
                keep(&mut page.deliveries, event.delivery.id, delivery, |d| d.version, is_news)
            }
            Told::Message(message) => match translate::page_message(message) {
                Some(shown) => keep(&mut page.messages, message.id, shown, |m| m.version, is_news),
                None => false,
            },
            Told::Stock(_) => true,
        };
        if !forward {
            state.broken.insert(Broken::Page);
        }
    }
}

/// Keeps what is news; false where that goes backward.
fn keep<T: std::hash::Hash>(
    kept: &mut BTreeMap<Uuid, Shared<T>>,
    id: Uuid,
    heard: T,
    version: fn(&T) -> i64,
    is_news: fn(Option<i64>, i64) -> bool,
) -> bool {
    let before = kept.get(&id).map(|kept| version(kept));
    let heard_version = version(&heard);
    if is_news(before, heard_version) {
        kept.insert(id, Shared::new(heard));
        return before < Some(heard_version);
    }
    true
}

fn refused(state: &mut State, unable: Unable) -> Taken {
    match unable {
        Unable::Unknown | Unable::Early(_) => false,
        Unable::Fault(_) => contradicts(state),
    }
}

fn contradicts(state: &mut State) -> Taken {
    state.broken.insert(Broken::Contradiction);
    true
}
