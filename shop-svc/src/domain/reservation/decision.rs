//! Whether an order's stock can be held: all lines or nothing.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{Currency, Order, Phone, Price, Serial, Shop, order::Line, shop};

/// Why stock could not be reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// No such shop.
    UnknownShop,
    /// The shop sells no such phone.
    UnknownPhone,
    /// Fewer units are available than were ordered, or one that was asked for is not.
    OutOfStock,
    /// The price is not the one that the customer expected.
    PriceChanged,
    /// The shop is closed.
    ShopClosed,
    /// The order came after its `reserve_by`.
    Expired,
}

/// What a shop can offer for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The phone.
    pub phone: Phone,
    /// Units that can be reserved now.
    pub available: u32,
    /// Those that the line asked for and that can be reserved now.
    pub requested: BTreeSet<Serial>,
}

/// Which units to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// So many of the oldest.
    Oldest(u32),
    /// These.
    Given(Vec<Serial>),
}

/// Units to take for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// The phone.
    pub phone_id: Uuid,
    /// Units of it.
    pub pick: Pick,
    /// Price of one unit now.
    pub unit_price: Price,
}

/// What becomes of an order's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Take these units, in this order.
    Reserve {
        /// What the prices count in.
        currency: Currency,
        /// What to take.
        takes: Vec<Take>,
    },
    /// Take nothing.
    Reject(RejectReason),
}

/// Decides an order's stock: `shop` is the order's shop and `offers` what it sells of the order's phones, by phone id.
pub fn decide(order: &Order, shop: Option<&Shop>, offers: &BTreeMap<Uuid, Offer>, now: OffsetDateTime) -> Decision {
    match takes(order, shop, offers, now) {
        Ok((currency, takes)) => Decision::Reserve { currency, takes },
        Err(reason) => Decision::Reject(reason),
    }
}

fn takes(
    order: &Order,
    shop: Option<&Shop>,
    offers: &BTreeMap<Uuid, Offer>,
    now: OffsetDateTime,
) -> Result<(Currency, Vec<Take>), RejectReason> {
    if now > order.reserve_by {
        return Err(RejectReason::Expired);
    }
    let shop = shop.ok_or(RejectReason::UnknownShop)?;
    match shop.status {
        shop::Status::Open => {}
        shop::Status::Closed => return Err(RejectReason::ShopClosed),
    }
    // Each reason is looked for on every line before the next one, so that the answer does not hang on the lines' order.
    let wanted: Vec<(&Line, &Offer)> = order
        .lines
        .as_slice()
        .iter()
        .map(|line| offers.get(&line.phone_id).map(|offer| (line, offer)))
        .collect::<Option<_>>()
        .ok_or(RejectReason::UnknownPhone)?;
    if wanted.iter().any(|(line, offer)| !expects(line, &offer.phone)) {
        return Err(RejectReason::PriceChanged);
    }
    let take = |(line, offer): (&Line, &Offer)| {
        Some(Take { phone_id: line.phone_id, pick: pick(line, offer)?, unit_price: offer.phone.unit_price })
    };
    let takes: Option<Vec<Take>> = wanted.into_iter().map(take).collect();
    Ok((shop.currency.clone(), takes.ok_or(RejectReason::OutOfStock)?))
}

/// The units that a line takes; none where they cannot be had.
fn pick(line: &Line, offer: &Offer) -> Option<Pick> {
    if line.requested.is_empty() {
        (line.quantity <= offer.available).then_some(Pick::Oldest(line.quantity))
    } else {
        let all = line.requested.iter().all(|serial| offer.requested.contains(serial));
        all.then(|| Pick::Given(line.requested.clone()))
    }
}

fn expects(line: &Line, phone: &Phone) -> bool {
    match &line.expected {
        None => true,
        Some((price, currency)) => *price == phone.unit_price && *currency == phone.currency,
    }
}
