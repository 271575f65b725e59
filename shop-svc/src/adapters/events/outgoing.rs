//! Domain events as messages on their way to the outbox.

use chassis::outbox::NewEvent;
use proto::shop::v1;

use crate::{
    adapters::convert::{answers, reservations},
    domain::{phone, reservation, shop},
};

/// The event of a shop's new version.
pub fn shop(change: &shop::Change) -> NewEvent {
    let shop = &change.state;
    let (state, actor) = (Some(answers::shop(shop)), Some(answers::actor(&change.actor)));
    match change.event {
        shop::Event::Registered => {
            NewEvent::new(shop.id, shop.version, shop.update_time, &v1::ShopRegistered { shop: state, actor })
        }
        shop::Event::Updated => {
            NewEvent::new(shop.id, shop.version, shop.update_time, &v1::ShopUpdated { shop: state, actor })
        }
    }
}

/// The event of a phone's new version. Counts are left out: reservations change them without raising it.
pub fn phone(change: &phone::Change) -> NewEvent {
    let phone = &change.state;
    let (state, actor) = (Some(answers::phone(phone, None)), Some(answers::actor(&change.actor)));
    let (id, version, time) = (phone.id, phone.version, phone.update_time);
    match &change.event {
        phone::Event::Registered(serials) => {
            let message = v1::PhoneRegistered { phone: state, serials: answers::serials(serials), actor };
            NewEvent::new(id, version, time, &message)
        }
        phone::Event::Updated => NewEvent::new(id, version, time, &v1::PhoneUpdated { phone: state, actor }),
        phone::Event::UnitsAdded(serials) => {
            let message = v1::UnitsAdded { phone: state, serials: answers::serials(serials), actor };
            NewEvent::new(id, version, time, &message)
        }
        phone::Event::UnitsWithdrawn(serials) => {
            let message = v1::UnitsWithdrawn { phone: state, serials: answers::serials(serials), actor };
            NewEvent::new(id, version, time, &message)
        }
    }
}

/// The event of a reservation's new version.
pub fn reservation(change: &reservation::Change) -> NewEvent {
    let (id, version, time) = (change.state.order_id, change.state.version, change.state.update_time);
    let (reservation, actor) = (Some(reservations::after(change)), Some(answers::actor(&change.actor)));
    match &change.event {
        reservation::Event::Reserved => NewEvent::new(id, version, time, &v1::StockReserved { reservation, actor }),
        reservation::Event::Rejected => NewEvent::new(id, version, time, &v1::StockRejected { reservation, actor }),
        reservation::Event::Released(_) => NewEvent::new(id, version, time, &v1::StockReleased { reservation, actor }),
        reservation::Event::Sold => NewEvent::new(id, version, time, &v1::UnitsSold { reservation, actor }),
    }
}
