//! Several processes of one service on one database.

use super::{
    broker::Broker,
    pair::{Heard, Kind, append_of, consumer, producer_on},
};

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_the_work_and_each_event_has_its_effect_once() {
    let (broker, heard) = (Broker::started(), Heard::default());
    let left = producer_on(&broker, Kind::Postgres).await;
    let lefts = [left.beside(None).await, left.beside(None).await, left];
    let right = consumer(&broker, &lefts[2], &heard).await;
    let _rights = [right.beside(Some(&heard)).await, right];
    for (aggregate, left) in (1..).zip(&lefts) {
        append_of(left, aggregate, 1..=50, b"").await;
    }
    heard.expect(1..=150).await;
    for left in lefts {
        left.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_relay_goes_on_where_one_died() {
    let (broker, heard) = (Broker::started(), Heard::default());
    let dies = producer_on(&broker, Kind::Postgres).await;
    let right = consumer(&broker, &dies, &heard).await;
    append_of(&dies, 1, 1..=20, b"").await;
    heard.expect(1..=20).await;
    let stays = dies.beside(None).await;
    append_of(&dies, 2, 1..=20, b"").await;
    dies.crash().await;
    // The consumer's way to its producer ended with that one: only the broker brings these.
    append_of(&stays, 3, 1..=20, b"").await;
    heard.expect(1..=60).await;
    right.stop().await;
}
