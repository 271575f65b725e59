use std::time::Duration;

use chassis::{inbox::Seen, outbox::Backlog, outbox::NewEvent, relay::Term, store};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{
    Opened,
    behaviours::{event, new_event},
};

const NOW: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);

async fn append(opened: &Opened, event: NewEvent) {
    let unit = opened.store.run(move |tx| {
        let event = event.clone();
        Box::pin(async move { tx.append(event).await })
    });
    let appended: Result<(), store::Error> = unit.await;
    appended.expect("appended");
}

/// Marks what was published up to a number, and numbers so many more, as a relay does.
async fn relay(opened: &Opened, published: i64, limit: u32) {
    let unit = opened.store.run(move |tx| {
        Box::pin(async move {
            let term: Option<Term> = tx.lease(Uuid::from_u128(1), NOW, Duration::from_secs(6)).await?;
            tx.number(term.expect("the lease"), published, limit).await.map(|_numbered| ())
        })
    });
    let numbered: Result<(), store::Error> = unit.await;
    numbered.expect("numbered");
}

async fn unpublished(opened: &Opened, after: i64, rows: i64) -> Vec<Option<i64>> {
    let events = opened.log.unpublished(after, rows).await.expect("the outbox");
    assert!(events.is_sorted_by_key(|event| event.position) && events.iter().all(|event| event.position > after));
    events.into_iter().map(|event| event.sequence).collect()
}

pub async fn what_is_not_published_is_told_in_its_order(opened: Opened) {
    assert!(unpublished(&opened, 0, 10).await.is_empty());
    for version in 1..=5 {
        append(&opened, new_event(version)).await;
    }
    assert_eq!(unpublished(&opened, 0, 10).await, [None; 5]);
    relay(&opened, 0, 3).await;
    assert_eq!(unpublished(&opened, 0, 10).await, [Some(1), Some(2), Some(3), None, None]);
    relay(&opened, 2, 1).await;
    assert_eq!(unpublished(&opened, 0, 10).await, [Some(3), None, None]);
    assert_eq!(unpublished(&opened, 0, 2).await, [Some(3), None]);
    let second = opened.log.unpublished(0, 2).await.expect("the outbox")[1].position;
    assert_eq!(unpublished(&opened, second, 10).await, [None]);
    relay(&opened, 3, 9).await;
    relay(&opened, 5, 9).await;
    assert!(unpublished(&opened, 0, 10).await.is_empty());
}

pub async fn a_backlog_is_counted_with_its_oldest_event(opened: Opened) {
    let backlog = async || opened.log.backlog().await.expect("the outbox");
    assert_eq!(backlog().await, Backlog::default());
    for version in 1..=4_i64 {
        append(&opened, NewEvent { time: NOW + Duration::from_secs(version.unsigned_abs()), ..new_event(version) })
            .await;
        // What is undone leaves no gap that would be counted.
        let unit = opened.store.run(move |tx| {
            Box::pin(async move {
                tx.append(new_event(version + 100)).await?;
                Err::<(), _>(store::Error::inconsistent("on purpose"))
            })
        });
        let undone: Result<(), store::Error> = unit.await;
        undone.expect_err("refused");
    }
    let oldest = |seconds| Some(NOW + Duration::from_secs(seconds));
    assert_eq!(backlog().await, Backlog { count: 4, oldest: oldest(1) });
    relay(&opened, 0, 2).await;
    assert_eq!(backlog().await, Backlog { count: 4, oldest: oldest(1) }, "a number is no acknowledgement");
    relay(&opened, 1, 2).await;
    assert_eq!(backlog().await, Backlog { count: 3, oldest: oldest(2) });
    relay(&opened, 3, 2).await;
    relay(&opened, 4, 2).await;
    assert_eq!(backlog().await, Backlog::default());
}

pub async fn an_aggregates_events_are_told_by_version_and_bounded(opened: Opened) {
    for version in [2, 1, 3, 4] {
        append(&opened, NewEvent { body: vec![0; 10], ..new_event(version) }).await;
        append(&opened, NewEvent { aggregate_id: Uuid::from_u128(8), ..new_event(version) }).await;
    }
    let versions = async |after, rows, bytes| {
        let events = opened.log.versions(Uuid::from_u128(7), after, rows, bytes).await.expect("the outbox");
        events.into_iter().map(|event| event.version).collect::<Vec<_>>()
    };
    assert_eq!(versions(0, 10, usize::MAX).await, [1, 2, 3, 4]);
    assert_eq!(versions(2, 10, usize::MAX).await, [3, 4]);
    assert_eq!(versions(0, 3, usize::MAX).await, [1, 2, 3]);
    assert_eq!(versions(0, 10, 20).await, [1, 2, 3], "the third one says that there are more");
    assert_eq!(versions(0, 10, 1).await, [1, 2], "two at least, or nobody would get on");
    assert!(opened.log.versions(Uuid::nil(), 0, 10, 20).await.expect("the outbox").is_empty());
}

pub async fn what_was_seen_is_counted_up_to_a_head(opened: Opened) {
    let seen = async |head| opened.log.seen("other", Uuid::from_u128(1), head).await.expect("the inbox");
    assert_eq!(seen(3).await, Seen::default());
    assert_eq!(opened.log.highest("other").await.expect("the inbox"), 0);
    for sequence in [1_i64, 2, 5, 9] {
        let unit = opened.store.run(move |tx| {
            Box::pin(async move {
                tx.admit(&event(u128::from(sequence.unsigned_abs()), sequence)).await?;
                // What is complete is remembered on the way.
                tx.progress("other", Uuid::from_u128(1), 9).await
            })
        });
        let progress: Result<_, store::Error> = unit.await;
        let count = opened.log.seen("other", Uuid::from_u128(1), 100).await.expect("the inbox").count;
        assert_eq!(progress.expect("the inbox").seen, count);
    }
    for (head, count) in [(1, 1), (2, 2), (4, 2), (5, 3), (8, 3), (20, 4)] {
        assert_eq!(seen(head).await, Seen { highest: 9, count }, "up to {head}");
    }
    assert_eq!(opened.log.highest("other").await.expect("the inbox"), 9);
    let mut newer = event(99, 12);
    newer.epoch = Uuid::from_u128(2);
    let unit = opened.store.run(move |tx| {
        let newer = newer.clone();
        Box::pin(async move { tx.admit(&newer).await })
    });
    let admitted: Result<bool, store::Error> = unit.await;
    assert!(admitted.expect("the inbox"));
    assert_eq!(opened.log.highest("other").await.expect("the inbox"), 12, "whatever the epoch");
}
