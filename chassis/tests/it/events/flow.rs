use chassis::{
    dead_letter::{Query, Read},
    relay::Log,
};

use super::{
    broker::Broker,
    pair::{Heard, Kind, append, consumer, consumer_that_repairs, producer_on, until},
};

/// Waits until the stream holds as many messages.
async fn published(broker: &Broker, count: u64) {
    let stream = broker.stream().await;
    until(async || stream.get_info().await.ok().filter(|info| info.state.messages == count)).await;
}

async fn each_event_has_its_effect_once(kind: Kind) {
    let (broker, heard) = (Broker::started(), Heard::default());
    let left = producer_on(&broker, kind).await;
    let _right = consumer(&broker, &left, &heard).await;
    append(&left, 1..=300, b"").await;
    heard.expect(1..=300).await;
    let stream = broker.stream().await;
    assert_eq!(stream.get_info().await.expect("the stream").state.messages, 300);
}

async fn events_wait_while_the_broker_is_away(kind: Kind) {
    let (mut broker, heard) = (Broker::away(), Heard::default());
    let left = producer_on(&broker, kind).await;
    let right = consumer(&broker, &left, &heard).await;
    append(&left, 1..=20, b"").await;
    assert_eq!(left.log.epochs().await.expect("epochs")[0].sequence, 0, "nothing is numbered that cannot be published");
    broker.start();
    heard.expect(1..=20).await;
    broker.kill();
    append(&left, 21..=40, b"").await;
    broker.start();
    heard.expect(1..=40).await;
    right.stop().await;
    left.stop().await;
}

async fn what_a_wiped_broker_held_is_pulled_from_the_producer(kind: Kind) {
    let (mut broker, heard) = (Broker::started(), Heard::default());
    let left = producer_on(&broker, kind).await;
    append(&left, 1..=700, b"").await;
    published(&broker, 700).await;
    broker.kill();
    broker.wipe();
    broker.start();
    let _right = consumer(&broker, &left, &heard).await;
    heard.expect(1..=700).await;
    append(&left, 701..=710, b"").await;
    heard.expect(1..=710).await;
}

async fn a_message_that_the_broker_lost_is_pulled_from_the_producer(kind: Kind) {
    let (broker, heard) = (Broker::started(), Heard::default());
    let left = producer_on(&broker, kind).await;
    append(&left, 1..=30, b"").await;
    published(&broker, 30).await;
    let stream = broker.stream().await;
    for lost in [3, 4, 17, 30] {
        stream.delete_message(lost).await.expect("lost");
    }
    let _right = consumer(&broker, &left, &heard).await;
    heard.expect(1..=30).await;
}

async fn poison_is_put_aside_and_holds_up_nobody(kind: Kind) {
    let (broker, heard) = (Broker::started(), Heard::default());
    let left = producer_on(&broker, kind).await;
    let right = consumer(&broker, &left, &heard).await;
    append(&left, 1..=2, b"").await;
    append(&left, 3..=3, b"garbage").await;
    append(&left, 4..=4, b"broken").await;
    append(&left, 5..=6, b"").await;
    heard.expect([1, 2, 5, 6]).await;
    let letters = until(async || {
        let letters = right.log.letters(&Query { rows: 10, ..Query::default() }).await.expect("dead letters");
        let mut letters: Vec<_> =
            letters.into_iter().map(|kept| (kept.letter.event.sequence, kept.letter.attempts)).collect();
        letters.sort_unstable();
        (letters.len() == 2).then_some(letters)
    });
    assert_eq!(letters.await, [(3, 1), (4, 5)]);
    assert_eq!(heard.tries(), 5);
}

async fn a_consumer_tells_how_far_it_has_caught_up(kind: Kind) {
    let (broker, heard) = (Broker::started(), Heard::default());
    let left = producer_on(&broker, kind).await;
    append(&left, 1..=5, b"").await;
    published(&broker, 5).await;
    assert_eq!(heard.caught_up(), None);
    let _right = consumer(&broker, &left, &heard).await;
    let since = until(async || heard.caught_up()).await;
    assert_eq!(heard.sequences(), [1, 2, 3, 4, 5], "caught up only once everything had its effect");
    until(async || heard.caught_up().filter(|later| *later > since)).await;
}

async fn an_event_is_acknowledged_once_it_had_its_effect_and_comes_again_until_then(kind: Kind) {
    let (broker, heard) = (Broker::started(), Heard::default());
    let left = producer_on(&broker, kind).await;
    // No sweep: what the broker is told decides alone.
    let _right = consumer_that_repairs(&broker, &left, &heard, "60m").await;
    append(&left, 1..=2, b"").await;
    append(&left, 3..=3, b"moody").await;
    append(&left, 4..=5, b"").await;
    heard.expect(1..=5).await;
    let stream = broker.stream().await;
    until(async || {
        let info = stream.consumer_info("right-svc_left").await.ok()?;
        (info.num_ack_pending == 0 && info.num_pending == 0).then_some(())
    })
    .await;
}

async fn nobody_has_caught_up_with_a_producer_that_cannot_number(kind: Kind) {
    let (mut broker, heard) = (Broker::away(), Heard::default());
    let left = producer_on(&broker, kind).await;
    append(&left, 1..=3, b"").await;
    let _right = consumer(&broker, &left, &heard).await;
    left.log.again(3).await;
    assert_eq!(heard.caught_up(), None, "three events wait that no head tells of");
    broker.start();
    until(async || heard.caught_up()).await;
    assert_eq!(heard.sequences(), [1, 2, 3]);
}

/// Runs each flow as a test of its own on each kind of database.
macro_rules! on_each_database {
    ($($flow:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $flow() {
                    super::$flow(super::Kind::Sqlite).await;
                }
            )*
        }

        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $flow() {
                    super::$flow(super::Kind::Postgres).await;
                }
            )*
        }
    };
}

on_each_database! {
    each_event_has_its_effect_once,
    events_wait_while_the_broker_is_away,
    what_a_wiped_broker_held_is_pulled_from_the_producer,
    a_message_that_the_broker_lost_is_pulled_from_the_producer,
    poison_is_put_aside_and_holds_up_nobody,
    a_consumer_tells_how_far_it_has_caught_up,
    an_event_is_acknowledged_once_it_had_its_effect_and_comes_again_until_then,
    nobody_has_caught_up_with_a_producer_that_cannot_number,
}
