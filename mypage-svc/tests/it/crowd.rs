//! Many watchers on one process, and one who takes nothing.

use std::time::{Duration, Instant};

use chassis::clock::Clock;
use futures::{StreamExt, future::join_all, stream};
use mypage_svc::app::watches::Limits;
use proto::{
    delivery::v1::delivery::Status as Delivery, mypage::v1::watch_my_orders_response::Kind, order::v1::order::Status,
};
use tonic::Code;
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{
    served::{STREAMS, Served, next, reach, watch},
    support::{LIMITS, On, World, delivery, order},
};

const CUSTOMERS: u32 = 500;
const WATCHES_EACH: u32 = 20;
/// Watches that are begun at once.
const AT_ONCE: usize = 200;
/// What one watch may take, its client's side and its connection included, which are in this process too.
const MAX_BYTES_EACH: usize = 64 * 1024;

/// Memory of this process that is resident, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    pages * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_watch_within_bounded_memory_and_each_hears_of_its_change() {
    let watches = CUSTOMERS * WATCHES_EACH;
    let all = usize::try_from(watches).expect("fits");
    let world = World::with(On::Sqlite, Limits { all, ..LIMITS }).await;
    let served = Served::new(&world).await;
    let before = resident();

    let channels: Vec<_> = (0..watches.div_ceil(STREAMS)).map(|_| served.endpoint().connect_lazy()).collect();
    let begun = stream::iter(0..watches).map(async |number| {
        let channel = &channels[usize::try_from(number / STREAMS).expect("fits")];
        let mut stream = watch(channel, &format!("customer-{}", number % CUSTOMERS), "").await;
        reach(&mut stream, Kind::Current).await;
        stream
    });
    let mut streams: Vec<_> = begun.buffered(AT_ONCE).collect().await;
    assert_eq!(world.watches.count(), all);
    let each = resident().saturating_sub(before) / all;
    assert!(each < MAX_BYTES_EACH, "{each} bytes each");

    let id = |customer: u32| Uuid::from_u128(u128::from(customer) + 1);
    let events = (0..CUSTOMERS).map(|number| order(id(number), &format!("customer-{number}"), Status::Placed, 1));
    for delivered in join_all(events.map(|event| world.deliver(event))).await {
        delivered.expect("handled");
    }
    for (number, stream) in (0..watches).zip(&mut streams) {
        let order = reach(stream, Kind::Order).await.order.expect("an order");
        assert_eq!(order.order_id, id(number % CUSTOMERS).to_string());
    }
}

#[tokio::test]
async fn who_takes_nothing_is_cut_off_and_slows_nobody() {
    let patience = Duration::from_millis(200);
    let world = World::with(On::Sqlite, Limits { patience, ..LIMITS }).await;
    let served = Served::new(&world).await;
    let id = Uuid::from_u128(1);
    world.deliver(order(id, "mina", Status::Confirmed, 2)).await.expect("handled");

    // A window that a few updates fill.
    let small = served.endpoint().initial_stream_window_size(1_024).connect_lazy();
    let mut slow = watch(&small, "mina", "").await;
    let current = reach(&mut slow, Kind::Current).await;
    let mut quick = watch(&served.endpoint().connect_lazy(), "mina", "").await;
    reach(&mut quick, Kind::Current).await;

    let begun = Instant::now();
    let mut version = 0;
    while begun.elapsed() < patience * 5 {
        version += 1;
        world.deliver(delivery(id, Delivery::Shipped, version)).await.expect("handled");
        while reach(&mut quick, Kind::Order).await.order.and_then(|order| order.delivery).map(|of| of.version)
            != Some(version)
        {}
    }

    while world.watches.count() > 1 {
        world.watches.cut_off(world.clock.now());
        tokio::task::yield_now().await;
    }
    let mut cursor = current.cursor;
    let cut = loop {
        match next(&mut slow).await {
            Ok(update) => cursor = update.cursor,
            Err(cut) => break cut,
        }
    };
    assert_eq!(cut.code(), Code::ResourceExhausted);
    assert_eq!(cut.get_details_error_info().expect("a reason").reason, "WATCH_TOO_SLOW");
    let mut resumed = watch(&small, "mina", &cursor).await;
    let order = reach(&mut resumed, Kind::Order).await.order.expect("an order");
    assert_eq!(order.delivery.expect("a delivery").version, version, "nothing is missed");
}
