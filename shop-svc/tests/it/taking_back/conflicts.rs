//! What was decided here between the restore and its discovery, and stands in the way.

use chassis::inbox::Event;
use proto::{
    order::v1 as order_v1,
    shop::v1::{self, reservation::RejectReason},
};
use time::Duration;
use uuid::Uuid;

use super::{add, finish, own_events, rows_of, take_all_back, take_back, withdraw};
use crate::{
    orders::{Step, asking, event, order},
    world::{World, id, on_both, quantity, rows, serials},
};

on_both! {
    another_decision_on_the_same_order_is_overwritten,
    an_order_that_nobody_heard_of_gives_its_units_up,
    units_that_are_gone_are_told_by_name,
    what_was_sold_stays_sold,
    an_end_that_was_heard_since_is_followed,
    a_serial_of_another_phone_is_told,
}

/// A world that was lost, and a copy of it with what both have: a shop, a phone with units.
struct Pair {
    lost: World,
    copy: World,
    shop_id: Uuid,
    phone_id: Uuid,
}

impl Pair {
    async fn begin(copy: World, units: i32) -> Self {
        let lost = copy.another().await;
        let shop_id = lost.shop().await;
        let phone_id = lost.phone(shop_id, 100, units).await;
        let pair = Self { lost, copy, shop_id, phone_id };
        assert_eq!(pair.recover().await, Vec::<String>::new());
        pair
    }

    fn order(&self, quantity: i32) -> order_v1::Order {
        order(self.shop_id, &[(self.phone_id, quantity, None)])
    }

    /// An order that asks for these very units.
    fn asking(&self, numbers: &[u32]) -> order_v1::Order {
        let serials: Vec<String> = numbers.iter().map(|number| format!("TW-{number:08}")).collect();
        asking(self.order(i32::try_from(numbers.len()).expect("few")), self.phone_id, &serials)
    }

    /// Takes back what the copy does not have; answers what it concerns and which sentence begins how.
    async fn recover(&self) -> Vec<String> {
        let losses = take_all_back(&self.copy, &own_events(&self.lost, &self.copy).await).await;
        losses.iter().map(ToString::to_string).collect()
    }

    async fn stock(&self) -> [i32; 4] {
        let stock = self.copy.stock(self.shop_id, self.phone_id).await;
        [stock.available, stock.reserved, stock.sold, stock.withdrawn]
    }
}

async fn told(world: &World, event: &Event) {
    world.clock.advance(Duration::SECOND);
    world.take_in(event).await.expect("taken in");
}

/// The serials that an order holds.
async fn held(world: &World, order: &order_v1::Order) -> Vec<String> {
    let found: Vec<(String,)> =
        rows!(world, "SELECT serial FROM unit WHERE order_id = $1 ORDER BY unit_id", id(&order.order_id));
    found.into_iter().map(|(serial,)| serial).collect()
}

async fn another_decision_on_the_same_order_is_overwritten(copy: World) {
    let pair = Pair::begin(copy, 3).await;
    let (first, second, expired) = (pair.order(1), pair.order(1), pair.order(1));
    for order in [&first, &second, &expired] {
        told(&pair.lost, &event(order, 1, Step::Placed)).await;
    }
    // Here they come in another order, and one too late.
    told(&pair.copy, &event(&second, 1, Step::Placed)).await;
    told(&pair.copy, &event(&first, 1, Step::Placed)).await;
    pair.copy.clock.advance(Duration::days(2));
    told(&pair.copy, &event(&expired, 1, Step::Placed)).await;

    pair.recover().await;
    for order in [&first, &second, &expired] {
        assert_eq!(held(&pair.copy, order).await, held(&pair.lost, order).await);
        assert_eq!(pair.copy.written_of(id(&order.order_id)).await.len(), 1);
    }
    assert_eq!(pair.stock().await, [0, 3, 0, 0]);
    pair.copy.check_invariants().await;
}

async fn an_order_that_nobody_heard_of_gives_its_units_up(copy: World) {
    let pair = Pair::begin(copy, 3).await;
    let (known, local) = (pair.order(1), pair.order(2));
    told(&pair.lost, &event(&known, 1, Step::Placed)).await;
    told(&pair.copy, &event(&local, 1, Step::Placed)).await;

    let losses = pair.recover().await;
    assert_eq!(losses.len(), 1);
    assert!(losses[0].starts_with(&format!("order {}: ", local.order_id)), "{losses:?}");
    assert_eq!((held(&pair.copy, &known).await.len(), pair.stock().await), (1, [2, 1, 0, 0]));
    let [written] = &pair.copy.written_of(id(&local.order_id)).await[..] else { panic!("one event") };
    let rejected: v1::StockRejected = written.message();
    let reason = rejected.reservation.expect("a reservation").reject_reason();
    assert_eq!(reason, RejectReason::OutOfStock);
    pair.copy.check_invariants().await;
    // It may be cancelled as any other.
    told(&pair.copy, &event(&local, 2, Step::Rejected)).await;
    pair.copy.check_invariants().await;
}

async fn units_that_are_gone_are_told_by_name(copy: World) {
    let pair = Pair::begin(copy, 4).await;
    let (partly, wholly) = (pair.asking(&[1, 2]), pair.asking(&[3]));
    for event in [
        event(&partly, 1, Step::Placed),
        event(&wholly, 1, Step::Placed),
        event(&partly, 2, Step::Shipped),
        event(&wholly, 2, Step::Cancelled),
    ] {
        told(&pair.lost, &event).await;
    }
    add(&pair.lost, pair.shop_id, pair.phone_id, quantity(1)).await;
    withdraw(&pair.copy, pair.shop_id, pair.phone_id, &["TW-00000002", "TW-00000003"]).await;

    let losses = pair.recover().await;
    let said = |subject: &str, what: &str| losses.iter().any(|loss| loss.starts_with(subject) && loss.contains(what));
    assert!(said(&format!("order {}", partly.order_id), "TW-00000002"), "{losses:?}");
    assert!(said(&format!("order {}", wholly.order_id), "TW-00000003"), "{losses:?}");
    assert!(said(&format!("phone {}", pair.phone_id), "changed here after the restore"), "{losses:?}");
    assert_eq!(held(&pair.copy, &partly).await, ["TW-00000001"]);
    assert_eq!(pair.stock().await, [2, 0, 1, 2]);
    pair.copy.check_invariants().await;
}

async fn what_was_sold_stays_sold(copy: World) {
    let pair = Pair::begin(copy, 3).await;
    let (before, shipped) = (pair.order(1), pair.order(1));
    told(&pair.lost, &event(&before, 1, Step::Placed)).await;
    told(&pair.lost, &event(&shipped, 1, Step::Placed)).await;
    told(&pair.lost, &event(&shipped, 2, Step::Shipped)).await;
    // Here another unit was shipped.
    told(&pair.copy, &event(&shipped, 1, Step::Placed)).await;
    told(&pair.copy, &event(&shipped, 2, Step::Shipped)).await;

    let losses = pair.recover().await;
    let of = |order: &order_v1::Order| format!("order {}: ", order.order_id);
    assert!(
        losses.iter().any(|loss| loss.starts_with(&of(&shipped)) && loss.contains("cannot be undone")),
        "{losses:?}"
    );
    assert!(losses.iter().any(|loss| loss.starts_with(&of(&before)) && loss.contains("TW-00000001")), "{losses:?}");
    assert_eq!((held(&pair.copy, &shipped).await, pair.stock().await), (vec!["TW-00000001".to_owned()], [2, 0, 1, 0]));
    pair.copy.check_invariants().await;
}

async fn an_end_that_was_heard_since_is_followed(copy: World) {
    let pair = Pair::begin(copy, 2).await;
    let (cancelled, shipped) = (pair.order(1), pair.order(1));
    for order in [&cancelled, &shipped] {
        told(&pair.lost, &event(order, 1, Step::Placed)).await;
    }
    told(&pair.copy, &event(&cancelled, 2, Step::Cancelled)).await;
    told(&pair.copy, &event(&shipped, 1, Step::Placed)).await;
    pair.recover().await;
    told(&pair.copy, &event(&shipped, 2, Step::Shipped)).await;
    assert_eq!(pair.stock().await, [0, 1, 1, 0]);

    finish(&pair.copy).await;
    assert_eq!(pair.stock().await, [1, 0, 1, 0]);
    let last = pair.copy.written_of(id(&cancelled.order_id)).await.pop().expect("an event");
    let released: v1::StockReleased = last.message();
    assert_eq!((last.version, released.reservation.expect("a reservation").lines.len()), (2, 1));
    pair.copy.check_invariants().await;
    let rows = rows_of(&pair.copy).await;
    finish(&pair.copy).await;
    assert_eq!(rows_of(&pair.copy).await, rows);
}

async fn a_serial_of_another_phone_is_told(copy: World) {
    let pair = Pair::begin(copy, 0).await;
    let (shop_id, phone_id) = (pair.shop_id, pair.phone_id);
    let other = pair.copy.phone(shop_id, 5, 0).await;
    add(&pair.copy, shop_id, other, serials(["SN-2"])).await;
    add(&pair.lost, shop_id, phone_id, serials(["SN-1", "SN-2", "SN-3"])).await;
    let asking_both = asking(pair.order(2), phone_id, &["SN-2".to_owned(), "SN-3".to_owned()]);
    told(&pair.lost, &event(&asking_both, 1, Step::Placed)).await;

    let losses = pair.recover().await;
    let named = losses.iter().filter(|loss| loss.contains("units SN-2 are"));
    assert_eq!((named.count(), losses.len()), (2, 2), "{losses:?}");
    assert_eq!((held(&pair.copy, &asking_both).await, pair.stock().await), (vec!["SN-3".to_owned()], [1, 1, 0, 0]));
    pair.copy.check_invariants().await;
    let again = own_events(&pair.lost, &pair.copy).await;
    assert_eq!(take_back(&pair.copy, &again[again.len() - 1]).await.expect("known"), []);
}
