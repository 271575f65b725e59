//! The checker is worth something: in the middle of a run services are stopped and their databases changed as a defect
//! would change them, each with an order or a phone of its own, and the checker names each of them by what it broke.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use e2e::chaos::{Report, Run, Settings};
use e2e::checker::{Invariant, Placed};
use e2e::db;
use e2e::flow::{cancel, reaches};
use e2e::wait::{self, holds};
use e2e::world::Shop;
use xtask::mesh::{DatabaseKind, Part, Service};

use super::settings;

/// More units of one phone than there ever are.
const TOO_MANY: i32 = 100;
/// Services whose databases are changed.
const CHANGED: [Service; 5] = Service::ALL;

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_loss_is_named_by_what_it_breaks() {
    // One order never gets on, so that the mesh never comes to rest.
    let settings = Settings { patience: Duration::from_secs(90), ..settings(7) };
    let run = Run::begin(settings, |mesh| mesh.database(DatabaseKind::Sqlite)).await;
    let victims = Victims::choose(&run).await;
    for service in CHANGED {
        run.world().stop(service).await;
    }
    for (service, statement) in victims.statements() {
        db::change(run.world(), service, statement).await;
    }
    for service in CHANGED {
        run.world().mesh().start(service).expect("started");
    }
    run.world().restart(Part::Nats).await;
    let before = run.acknowledged();
    wait::until("the run to go on", || async { holds(run.acknowledged() > before + 5, "no orders") }).await;
    let report = run.finish().await;
    let kept = report.kept.clone().expect("kept");
    std::fs::remove_dir_all(kept).expect("removed");
    victims.are_named_in(&report);
}

/// What is changed behind the services' backs, each by its id.
struct Victims {
    /// A rejected order whose rows are deleted.
    deleted: String,
    /// A rejected order that forgets its key.
    unkeyed: String,
    /// A rejected order of which one message is stored twice.
    told_twice: String,
    /// A delivered order that my page shows as it was before.
    set_back: String,
    /// A cancelled order whose delivery goes out.
    sent_out: String,
    /// A delivered order that takes one unit more.
    taken_twice: String,
    /// A cancelled order that keeps a unit.
    kept: String,
    /// An order whose event is skipped.
    skipped: String,
    /// The shops' first phones.
    phones: [String; 2],
}

impl Victims {
    async fn choose(run: &Run) -> Self {
        let [one, other] = run.shops() else { panic!("two shops") };
        let [deleted, unkeyed, told_twice] =
            [rejected(run, one).await, rejected(run, one).await, rejected(run, other).await];
        let [sent_out, kept] = [cancelled(run, one).await, cancelled(run, other).await];
        let [set_back, taken_twice] = [delivered(run, one).await, delivered(run, one).await];
        // The broker is away, so that nobody has heard of the order yet.
        run.world().kill(Part::Nats).await;
        let skipped = run.order(one, 1).await.order_id;
        let phones = [one, other].map(|shop| shop.phones[0].clone());
        Self { deleted, unkeyed, told_twice, set_back, sent_out, taken_twice, kept, skipped, phones }
    }

    fn statements(&self) -> Vec<(Service, String)> {
        let id = |id: &str| format!("x'{}'", id.replace('-', ""));
        let (deleted, doubled) = (id(&self.deleted), id(&self.told_twice));
        let moves = |order: &str, phone: &str| {
            let unit = format!("SELECT min(unit_id) FROM unit WHERE phone_id = {} AND status = 'AVAILABLE'", id(phone));
            format!("UPDATE unit SET status = 'RESERVED', order_id = {} WHERE unit_id = ({unit})", id(order))
        };
        vec![
            (Service::Order, "DROP TRIGGER order_event_is_never_deleted".to_owned()),
            (Service::Order, format!("DELETE FROM order_event WHERE order_id = {deleted}")),
            (Service::Order, format!("DELETE FROM order_line WHERE order_id = {deleted}")),
            (Service::Order, format!("DELETE FROM orders WHERE id = {deleted}")),
            (Service::Order, format!("UPDATE orders SET key = 'another' WHERE id = {}", id(&self.unkeyed))),
            (Service::Order, format!("DELETE FROM outbox WHERE aggregate_id = {}", id(&self.skipped))),
            (Service::Notify, format!("CREATE TEMP TABLE twin AS SELECT * FROM message WHERE order_id = {doubled} AND recipient_kind = 'SHOP'; UPDATE twin SET message_id = randomblob(16); INSERT INTO message SELECT * FROM twin")),
            (Service::MyPage, format!("UPDATE my_order SET status = 'SHIPPED', version = version - 1 WHERE order_id = {}", id(&self.set_back))),
            (Service::Delivery, format!("UPDATE delivery SET status = 'SHIPPED', carrier = 'X', tracking_number = '1', cancelled_by_role = NULL, cancelled_by_id = NULL, cancel_reason = NULL WHERE delivery_id = {}", id(&self.sent_out))),
            (Service::Shop, moves(&self.taken_twice, &self.phones[0])),
            (Service::Shop, moves(&self.kept, &self.phones[1])),
            (Service::Shop, "INSERT INTO dead_letter (event_id, producer, epoch, sequence, kind, aggregate_id, event_time, body, cause, attempts, create_time) VALUES (randomblob(16), 'order', randomblob(16), 1, 'tword.order.v1.OrderPlaced', randomblob(16), 0, x'', 'a defect', 5, 0)".to_owned()),
        ]
    }

    fn are_named_in(&self, report: &Report) {
        use Invariant::{DeadLetters, Events, I1, I2, I3, I4, I5, I6, I7, I8};
        let [one, other] = self.phones.each_ref().map(|phone| format!("phone {phone}: "));
        let wanted: BTreeMap<&str, BTreeSet<Invariant>> = [
            // What is not there has no key either.
            (self.deleted.as_str(), vec![I1, I7]),
            (&self.unkeyed, vec![I7]),
            (&self.told_twice, vec![I5]),
            (&self.set_back, vec![I6]),
            (&self.sent_out, vec![I3]),
            (&one, vec![I2]),
            (&other, vec![I4]),
            (&self.skipped, vec![I8, Events]),
        ]
        .map(|(id, invariants)| (id, invariants.into_iter().collect()))
        .into();
        for (id, invariants) in &wanted {
            let named = report.violations().iter().filter(|violation| violation.what.contains(id));
            let named: BTreeSet<_> = named.map(|violation| violation.invariant).collect();
            assert_eq!(named, *invariants, "{id} in {report}");
        }
        let of_none =
            report.violations().iter().filter(|violation| !wanted.keys().any(|id| violation.what.contains(id)));
        let of_none: BTreeSet<_> = of_none.map(|violation| violation.invariant).collect();
        // The second message has no event; the dead letter; and the mesh that never comes to rest.
        assert_eq!(of_none, BTreeSet::from([Events, DeadLetters, I8]), "{report}");
        assert_eq!((report.audit.lost, report.audit.doubled), (1, 0), "{report}");
    }
}

async fn rejected(run: &Run, shop: &Shop) -> String {
    let placed = run.order(shop, TOO_MANY).await;
    seen(run, &placed, "REJECTED").await
}

async fn cancelled(run: &Run, shop: &Shop) -> String {
    let placed = run.order(shop, 1).await;
    cancel(&run.world().rest(&placed.customer), &placed.order_id, "").await.ok();
    seen(run, &placed, "CANCELLED").await
}

/// The staff are at work.
async fn delivered(run: &Run, shop: &Shop) -> String {
    let placed = run.order(shop, 1).await;
    seen(run, &placed, "DELIVERED").await
}

/// Waits until everybody has heard of the order's end.
async fn seen(run: &Run, placed: &Placed, status: &str) -> String {
    let rest = run.world().rest(&placed.customer);
    let order = reaches(&rest, &placed.order_id, status).await;
    let changes: usize =
        order["order"]["version"].as_str().and_then(|version| version.parse().ok()).unwrap_or_default();
    let path = format!("/v1/mypage/orders/{}", placed.order_id);
    wait::until("my page to show it with its messages", || async {
        let page = rest.call(reqwest::Method::GET, &path, None, None).await?;
        let messages = page.body["order"]["messages"].as_array().map_or(0, Vec::len);
        holds(messages == changes, page.to_string())
    })
    .await;
    placed.order_id.clone()
}
