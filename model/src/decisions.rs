//! What the services decide by. Each decision is the production function; a mutant puts another one in its place.

use std::collections::BTreeMap;

use delivery_svc::domain::{
    actor::Actor as DeliveryActor,
    delivery::{self, Booking, Cancel, Cancellation, Contradiction, Delivery},
    follow::{Followed, Standing},
    tracking::Tracking,
};
use notify_svc::domain::{Contact, Heard, Message, Recipient};
use order_svc::domain::{
    Actor, Change, Order, RejectReason, Status, expiry,
    order::{Decider, Refused, Reservation as Held, Settled},
    placing::{self, Claim, Replay},
    saga::{self, OnDelivery, OnStock, Progress, Stock, Unable},
};
use shop_svc::domain::{
    Order as ShopOrder, Reservation, Shop,
    order::{Effect, Status as ShopStatus},
    reservation::{self, Decision, Offer},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// What a booking meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// Nothing: this is the booking.
    New(delivery::Event),
    /// A delivery of the same id.
    Found(Delivery),
}

/// See [`placing::replay`].
pub type ReplayFn = fn(Option<(Order, [u8; 32])>, &[u8; 32]) -> Replay;
/// See [`saga::on_stock`].
pub type OnStockFn = for<'t> fn(Option<&Order>, &'t Stock, Actor, OffsetDateTime) -> Result<OnStock<'t>, Unable>;
/// See [`saga::on_delivery`].
pub type OnDeliveryFn = fn(Option<&Order>, &Progress, Actor, OffsetDateTime) -> Result<OnDelivery, Unable>;
/// See [`Order::settled`].
pub type SettledFn = fn(&Order, Option<&Held>, Actor, OffsetDateTime) -> Result<Option<Settled>, Refused>;
/// See [`Order::cancel`].
pub type CancelFn = fn(&Order, Actor, String, OffsetDateTime) -> Result<Vec<Change>, Refused>;
/// See [`Delivery::follow`].
pub type FollowFn = fn(Delivery, &Standing, &DeliveryActor, OffsetDateTime) -> Result<Followed, Contradiction>;
/// See [`Delivery::cancel`].
pub type CancelDeliveryFn = fn(Delivery, Cancellation, OffsetDateTime) -> Result<Cancel, delivery::Error>;
/// See [`Delivery::void`].
pub type VoidFn = fn(Delivery, Cancellation, OffsetDateTime) -> Result<Option<delivery::Event>, Contradiction>;
/// See [`Delivery::ship`].
pub type ShipFn = fn(Delivery, Tracking, DeliveryActor, OffsetDateTime) -> Result<delivery::Event, delivery::Error>;
/// See [`reservation::decide`].
pub type DecideFn = fn(&ShopOrder, Option<&Shop>, &BTreeMap<Uuid, Offer>, OffsetDateTime) -> Decision;
/// See [`Reservation::end`].
pub type EndFn =
    fn(Option<Reservation>, &ShopOrder, OffsetDateTime) -> Result<Option<reservation::Change>, reservation::Error>;

/// All decisions.
#[derive(Clone, Copy)]
pub struct Decisions {
    /// order-svc: what an id stands for once somebody asks for it. The primary key of claims: the first one decides.
    pub claim: fn(Option<Claim>, Claim) -> Claim,
    /// order-svc: whether a generation of a key can be an order's.
    pub is_open: fn(Option<Claim>) -> bool,
    /// order-svc: what a key's earlier request means.
    pub replay: ReplayFn,
    /// order-svc: follows shop-svc.
    pub on_stock: OnStockFn,
    /// order-svc: follows delivery-svc.
    pub on_delivery: OnDeliveryFn,
    /// order-svc: goes on with an order whose booking was made.
    pub settled: SettledFn,
    /// order-svc: who decides a cancellation.
    pub cancel_decider: fn(&Status) -> Decider,
    /// order-svc: cancels.
    pub cancel: CancelFn,
    /// order-svc: whether an order's deadline may be held against it.
    pub is_overdue: fn(&Order, Option<OffsetDateTime>, OffsetDateTime) -> bool,
    /// order-svc: rejects.
    pub reject: fn(&Order, RejectReason, Actor, OffsetDateTime) -> Vec<Change>,
    /// delivery-svc: books, where nothing or a delivery of the same id was found.
    pub meet: fn(Option<Delivery>, Booking, OffsetDateTime) -> Result<Met, delivery::Error>,
    /// delivery-svc: follows order-svc.
    pub follow: FollowFn,
    /// delivery-svc: cancels.
    pub cancel_delivery: CancelDeliveryFn,
    /// delivery-svc: cancels what no order stands behind.
    pub void: VoidFn,
    /// delivery-svc: ships.
    pub ship: ShipFn,
    /// shop-svc: what an order's status means for its stock.
    pub effect: fn(ShopStatus) -> Effect,
    /// shop-svc: whether an order's stock is still to be decided.
    pub is_due: fn(Option<&Reservation>) -> bool,
    /// shop-svc: what is reserved.
    pub decide: DecideFn,
    /// shop-svc: frees.
    pub end: EndFn,
    /// notify-svc: the message that tells someone.
    pub message: fn(&Heard, Recipient, &Contact, OffsetDateTime) -> Message,
    /// mypage-svc: whether something is later than what is kept.
    pub is_news: fn(Option<i64>, i64) -> bool,
}

impl Decisions {
    /// Those that run in production.
    pub fn production() -> Self {
        Self {
            claim: first,
            is_open: placing::is_open,
            replay: placing::replay,
            on_stock: saga::on_stock,
            on_delivery: saga::on_delivery,
            settled: Order::settled,
            cancel_decider: Status::cancel_decider,
            cancel: Order::cancel,
            is_overdue: expiry::is_overdue,
            reject: Order::reject,
            meet,
            follow: Delivery::follow,
            cancel_delivery: Delivery::cancel,
            void: Delivery::void,
            ship: Delivery::ship,
            effect: ShopStatus::effect,
            is_due: Reservation::is_due,
            decide: reservation::decide,
            end: Reservation::end,
            message: Heard::message,
            is_news: mypage_svc::domain::is_news,
        }
    }
}

/// A primary key: who comes second meets the first.
fn first(standing: Option<Claim>, asked: Claim) -> Claim {
    standing.unwrap_or(asked)
}

/// Inserts where the id is free.
fn meet(found: Option<Delivery>, booking: Booking, now: OffsetDateTime) -> Result<Met, delivery::Error> {
    match found {
        None => Ok(Met::New(Delivery::book(booking, now))),
        Some(delivery) => delivery.rebook(&booking).map(Met::Found),
    }
}
