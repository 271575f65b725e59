//! Recovery: what an order becomes that its own event tells of, and what is lost with that.

use super::{Change, Order, Status, booking};

/// What an order lost, or had to give up, when it was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// What placed it: its id does not follow from its key, so a retry cannot find it.
    Key,
    /// What was done to it here since the restore, up to this version.
    Later {
        /// Where it stood then.
        status: &'static str,
        /// At which version.
        version: i64,
    },
    /// Its id was voided here since the restore.
    Void,
}

/// The change as it is to be kept, and what is lost, where the order stands as it is `here`.
pub fn taken_back(here: Option<&Order>, mut told: Change) -> (Change, Vec<Lost>) {
    let order = &mut told.order;
    let outstanding = order.booking_outstanding();
    let mut lost = Vec::new();
    match here {
        None if outstanding => lost.push(Lost::Key),
        None => {}
        Some(here) => {
            order.booking = booked(here.booking, order);
            if here.version >= order.version && !is_same(here, order) {
                lost.push(Lost::Later { status: here.status.name(), version: here.version });
            }
        }
    }
    (told, lost)
}

/// When the delivery was booked of an order that is `told`: only that it is outstanding is told.
fn booked(here: booking::State, told: &Order) -> booking::State {
    match (here, &told.status) {
        _ if told.booking_outstanding() => booking::State::Outstanding,
        (booking::State::AtOnce, _) => booking::State::AtOnce,
        // Whether it was booked before it ended is not told, and nothing asks any more.
        (booking::State::Outstanding, Status::Rejected(_) | Status::Cancelled { .. }) => booking::State::Outstanding,
        (
            booking::State::Outstanding,
            Status::Placed | Status::Confirmed | Status::Shipped(_) | Status::Delivered(_),
        )
        | (booking::State::Later, _) => booking::State::Later,
    }
}

/// Whether both say the same but for when: each change is dated by who makes it.
fn is_same(here: &Order, told: &Order) -> bool {
    here.version == told.version && here.status == told.status && here.lines == told.lines
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Actor, NewOrder, Recipient, RejectReason};

    fn order() -> Order {
        let recipient = Recipient { name: String::new(), phone_number: String::new(), address: String::new() };
        let command = NewOrder { shop_id: Uuid::nil(), lines: Vec::new(), recipient };
        let now = OffsetDateTime::UNIX_EPOCH;
        Order::place(Uuid::nil(), "customer-1".to_owned(), &command, now, now)
    }

    fn change(order: Order) -> Change {
        Change { order, actor: Actor::service("test") }
    }

    fn rejected(order: &Order) -> Order {
        Order { status: Status::Rejected(RejectReason::Expired), version: 2, ..order.clone() }
    }

    #[test]
    fn what_is_not_here_becomes_what_is_told() {
        let told = change(order());
        assert_eq!(taken_back(None, told.clone()), (told, Vec::new()));
        let told = change(order().unbooked());
        assert_eq!(taken_back(None, told.clone()), (told, vec![Lost::Key]));
    }

    #[test]
    fn a_booking_that_is_outstanding_no_more_was_made_later() {
        let here = order().unbooked();
        let confirmed = Order { status: Status::Confirmed, version: 2, ..order() };
        let (kept, lost) = taken_back(Some(&here), change(confirmed));
        assert_eq!((kept.order.booking, lost), (booking::State::Later, Vec::new()));
        let (kept, _lost) = taken_back(Some(&here), change(rejected(&order())));
        assert_eq!(kept.order.booking, booking::State::Outstanding, "nobody knows");
    }

    #[test]
    fn what_was_done_since_gives_way_and_is_told() {
        let (here, confirmed) = (rejected(&order()), Order { status: Status::Confirmed, version: 2, ..order() });
        let (kept, lost) = taken_back(Some(&here), change(confirmed.clone()));
        assert_eq!(kept.order, confirmed);
        assert_eq!(lost, [Lost::Later { status: "REJECTED", version: 2 }]);
        assert_eq!(taken_back(Some(&confirmed), change(confirmed.clone())).1, []);
    }
}
