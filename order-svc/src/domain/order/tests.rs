use proptest::prelude::*;
use time::{Duration, macros::datetime};

use super::*;
use crate::domain::{NewLine, Recipient, actor::ActorKind};

const NOW: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);

fn phone() -> Uuid {
    Uuid::from_u128(2)
}

fn won(minor_units: i64) -> Money {
    Money { minor_units, currency: "KRW".to_owned() }
}

fn placed() -> Order {
    let recipient = Recipient { name: "a".to_owned(), phone_number: "0101234567".to_owned(), address: "b".to_owned() };
    let line = NewLine { phone_id: phone(), quantity: 2, expected_unit_price: None, serials: Vec::new() };
    let command = NewOrder { shop_id: Uuid::from_u128(1), lines: vec![line], recipient };
    Order::place(Uuid::from_u128(9), "customer".to_owned(), &command, NOW, NOW + Duration::DAY)
}

fn reservation(serials: &[&str]) -> Reservation {
    let serials = serials.iter().map(|serial| (*serial).to_owned()).collect();
    Reservation { lines: vec![(phone(), ReservedLine { unit_price: won(50), serials })], total: won(100) }
}

fn shipment() -> Shipment {
    Shipment { carrier: "CJ".to_owned(), tracking_number: "1".to_owned() }
}

fn shop() -> Actor {
    Actor::service("shop-svc")
}

fn last(changes: Vec<Change>) -> Order {
    changes.into_iter().next_back().expect("a change").order
}

fn confirmed() -> Order {
    last(placed().confirm(&reservation(&["A", "B"]), shop(), NOW).expect("confirmed"))
}

#[test]
fn a_reservation_confirms_with_serials_and_total() {
    let order = confirmed();
    assert_eq!(order.status, Status::Confirmed);
    assert_eq!(order.total, Some(won(100)));
    assert_eq!(order.version, 2);
    assert_eq!(order.lines[0].reserved.as_ref().map(|held| held.serials.len()), Some(2));
}

#[test]
fn a_reservation_of_something_else_is_refused() {
    assert_eq!(placed().confirm(&reservation(&["A"]), shop(), NOW), Err(Refused::ReservationMismatch));
}

#[test]
fn what_is_cancelled_stays_so() {
    let cancelled = last(placed().cancel(shop(), "no".to_owned(), NOW).expect("cancelled"));
    assert_eq!(cancelled.confirm(&reservation(&["A", "B"]), shop(), NOW), Ok(Vec::new()));
    assert_eq!(cancelled.reject(RejectReason::Expired, shop(), NOW), Vec::new());
    assert_eq!(cancelled.cancel(shop(), "again".to_owned(), NOW), Ok(Vec::new()));
    assert_eq!(cancelled.ship(shipment(), shop(), NOW), Err(Refused::AlreadyCancelled));
}

#[test]
fn nothing_ships_before_it_is_confirmed() {
    assert_eq!(placed().ship(shipment(), shop(), NOW), Err(Refused::NotConfirmed));
    assert_eq!(placed().deliver(shipment(), shop(), NOW), Err(Refused::NotConfirmed));
}

#[test]
fn a_delivery_that_is_ahead_passes_through_each_state() {
    let changes = confirmed().deliver(shipment(), shop(), NOW).expect("delivered");
    let statuses: Vec<_> = changes.iter().map(|change| (&change.order.status, change.order.version)).collect();
    assert_eq!(statuses, [(&Status::Shipped(shipment()), 3), (&Status::Delivered(shipment()), 4)]);
}

#[test]
fn what_was_shipped_cannot_be_cancelled() {
    let shipped = last(confirmed().ship(shipment(), shop(), NOW).expect("shipped"));
    assert_eq!(shipped.cancel(shop(), String::new(), NOW), Err(Refused::AlreadyShipped));
}

#[test]
fn a_delivered_order_keeps_what_was_told_at_the_shipment() {
    let shipped = confirmed().ship(shipment(), shop(), NOW).expect("shipped").remove(0).order;
    let corrected = Shipment { tracking_number: "2".to_owned(), ..shipment() };
    let delivered = shipped.deliver(corrected, shop(), NOW).expect("delivered").remove(0).order;
    assert_eq!(delivered.status, Status::Delivered(shipment()));
}

#[test]
fn a_repeated_call_is_answered_the_order_as_placed() {
    assert_eq!(confirmed().as_placed(), placed());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Confirm,
    Reject,
    Cancel,
    Ship,
    Deliver,
}

fn rank(status: &Status) -> u8 {
    match status {
        Status::Placed => 0,
        Status::Confirmed => 1,
        Status::Shipped(_) => 2,
        Status::Rejected(_) | Status::Cancelled { .. } | Status::Delivered(_) => 3,
    }
}

fn apply(order: &Order, step: Step) -> Vec<Change> {
    let changes = match step {
        Step::Confirm => order.confirm(&reservation(&["A", "B"]), shop(), NOW),
        Step::Reject => Ok(order.reject(RejectReason::OutOfStock, shop(), NOW)),
        Step::Cancel => order.cancel(Actor { kind: ActorKind::Customer, id: "c".to_owned() }, String::new(), NOW),
        Step::Ship => order.ship(shipment(), shop(), NOW),
        Step::Deliver => order.deliver(shipment(), shop(), NOW),
    };
    changes.unwrap_or_default()
}

proptest! {
    #[test]
    fn a_status_never_goes_backward_and_each_version_is_one_change(
        steps in prop::collection::vec(
            prop_oneof![Just(Step::Confirm), Just(Step::Reject), Just(Step::Cancel), Just(Step::Ship), Just(Step::Deliver)],
            0..12,
        )
    ) {
        let mut order = placed();
        for step in steps {
            for change in apply(&order, step) {
                prop_assert_eq!(change.order.version, order.version + 1);
                prop_assert!(rank(&change.order.status) > rank(&order.status));
                if matches!(change.order.status, Status::Shipped(_)) {
                    prop_assert!(change.order.total.is_some());
                }
                order = change.order;
            }
        }
    }
}
