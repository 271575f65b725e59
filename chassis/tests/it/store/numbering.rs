use std::{collections::HashSet, time::Duration};

use chassis::{
    outbox::{LoggedEvent, NewEvent},
    relay::{Numbered, Term},
    store,
};
use futures::future::{join, join_all};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{Opened, behaviours::new_event};

const NOW: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);
const LEASE: Duration = Duration::from_secs(6);

async fn lease(opened: &Opened, holder: u128, now: OffsetDateTime) -> Option<Term> {
    let unit = opened.store.run(move |tx| Box::pin(async move { tx.lease(Uuid::from_u128(holder), now, LEASE).await }));
    let term: Result<_, store::Error> = unit.await;
    term.expect("the lease")
}

async fn number(opened: &Opened, term: Term, published: i64, limit: u32) -> Option<Numbered> {
    let unit = opened.store.run(move |tx| Box::pin(async move { tx.number(term, published, limit).await }));
    let numbered: Result<_, store::Error> = unit.await;
    numbered.expect("numbers")
}

async fn append(opened: &Opened, versions: std::ops::RangeInclusive<i64>) {
    for version in versions {
        let unit = opened.store.run(move |tx| Box::pin(async move { tx.append(new_event(version)).await }));
        let appended: Result<(), store::Error> = unit.await;
        appended.expect("appended");
    }
}

/// Numbers whatever is there, as a relay would that publishes nothing.
pub async fn number_all(opened: &Opened) -> Vec<LoggedEvent> {
    let term = lease(opened, 1, NOW).await.expect("the lease");
    number(opened, term, 0, 1_000).await.expect("the term").events
}

pub async fn numbers_have_no_gap_and_never_change(opened: Opened) {
    append(&opened, 1..=5).await;
    let first = number_all(&opened).await;
    assert!(!opened.log.unnumbered().await.expect("the log"));
    append(&opened, 6..=9).await;
    assert!(opened.log.unnumbered().await.expect("the log"));
    let second = number_all(&opened).await;
    assert_eq!(second.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
    assert_eq!(first, second[..5]);

    let head = opened.log.epochs().await.expect("epochs")[0];
    assert_eq!(head.sequence, 9);
    let read = opened.log.read(head.epoch, 3, 2, usize::MAX).await.expect("events");
    assert_eq!(read, second[3..5]);
}

pub async fn at_most_a_batch_waits_to_be_published(opened: Opened) {
    append(&opened, 1..=9).await;
    let term = lease(&opened, 1, NOW).await.expect("the lease");
    let sequences = |numbered: Numbered| numbered.events.iter().map(|event| event.sequence).collect::<Vec<_>>();
    assert_eq!(sequences(number(&opened, term, 0, 4).await.expect("the term")), [1, 2, 3, 4]);
    assert_eq!(sequences(number(&opened, term, 0, 4).await.expect("the term")), [1, 2, 3, 4], "not published yet");
    assert_eq!(sequences(number(&opened, term, 4, 4).await.expect("the term")), [5, 6, 7, 8]);
    assert_eq!(sequences(number(&opened, term, 2, 4).await.expect("the term")), [5, 6, 7, 8], "a mark stands");
    assert_eq!(sequences(number(&opened, term, 8, 4).await.expect("the term")), [9]);
    assert_eq!(sequences(number(&opened, term, 9, 4).await.expect("the term")), Vec::<i64>::new());
}

pub async fn one_relay_leads_at_a_time(opened: Opened) {
    let first = lease(&opened, 1, NOW).await.expect("free");
    assert_eq!(lease(&opened, 2, NOW + LEASE / 2).await, None);
    assert_eq!(lease(&opened, 1, NOW + LEASE / 2).await, Some(first), "renewed under the same term");
    assert_eq!(lease(&opened, 2, NOW + LEASE).await, None, "renewed until later");
    let second = lease(&opened, 2, NOW + LEASE * 2).await.expect("expired");
    assert_ne!(first, second);

    let release: Result<(), store::Error> =
        opened.store.run(move |tx| Box::pin(async move { tx.release(second).await })).await;
    release.expect("released");
    assert!(lease(&opened, 1, NOW + LEASE * 2).await.is_some(), "given back");
}

pub async fn a_relay_that_lost_its_lease_numbers_nothing(opened: Opened) {
    append(&opened, 1..=3).await;
    let lost = lease(&opened, 1, NOW).await.expect("free");
    let taken = lease(&opened, 2, NOW + LEASE * 2).await.expect("expired");
    assert!(number(&opened, lost, 0, 10).await.is_none());
    assert_eq!(opened.log.epochs().await.expect("epochs")[0].sequence, 0);
    assert_eq!(number(&opened, taken, 0, 10).await.expect("the term").events.len(), 3);
}

pub async fn a_relay_that_was_stalled_repeats_what_was_published_and_no_more(opened: Opened) {
    append(&opened, 1..=3).await;
    let stalled = lease(&opened, 1, NOW).await.expect("free");
    let held = number(&opened, stalled, 0, 10).await.expect("the term");
    // It stops here, with a batch in its hands. Another takes over and goes on.
    let taken = lease(&opened, 2, NOW + LEASE * 2).await.expect("expired");
    let published = number(&opened, taken, 0, 10).await.expect("the term");
    append(&opened, 4..=5).await;
    let next = number(&opened, taken, 3, 10).await.expect("the term");
    assert_eq!(next.events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [4, 5]);
    // It goes on: what it publishes late is what was published, id by id, and it neither numbers nor marks.
    assert_eq!((held.epoch, held.events), (published.epoch, published.events));
    append(&opened, 6..=6).await;
    assert!(number(&opened, stalled, 5, 10).await.is_none());
    let release: Result<(), store::Error> =
        opened.store.run(move |tx| Box::pin(async move { tx.release(stalled).await })).await;
    release.expect("nothing to give back");
    assert_eq!(lease(&opened, 3, NOW + LEASE * 2).await, None, "the other one's lease stands");
    let rest = number(&opened, taken, 5, 10).await.expect("the term");
    assert_eq!(rest.events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [6]);
}

pub async fn numbers_are_given_once_whoever_gives_them(opened: Opened) {
    let writers = (0..8_u128).map(|writer| {
        let opened = &opened;
        async move {
            for version in 1..=10 {
                let event = NewEvent { aggregate_id: Uuid::from_u128(writer), ..new_event(version) };
                let unit = opened.store.run(move |tx| {
                    let event = event.clone();
                    Box::pin(async move { tx.append(event).await })
                });
                let appended: Result<(), store::Error> = unit.await;
                appended.expect("appended");
            }
        }
    });
    // Each relay finds the lease of the one before expired: they fight all the time.
    let relays = (0..4_u128).map(|holder| {
        let opened = &opened;
        async move {
            for turn in 0..10_u32 {
                let now = NOW + LEASE * 2 * (turn * 4 + u32::try_from(holder).expect("few"));
                if let Some(term) = lease(opened, holder, now).await {
                    number(opened, term, 0, 1_000).await;
                }
            }
        }
    });
    join(join_all(writers), join_all(relays)).await;
    let term = lease(&opened, 9, NOW + LEASE * 1_000).await.expect("expired");
    let all = number(&opened, term, 0, 1_000).await.expect("the term").events;
    assert_eq!(all.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=80).collect::<Vec<_>>());
    let ids: HashSet<Uuid> = all.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 80);
}

pub async fn appending_wakes_the_relay(opened: Opened) {
    let wakened = opened.log.appended();
    append(&opened, 1..=1).await;
    wakened.await;
}

pub async fn a_read_ends_at_its_bytes(opened: Opened) {
    append(&opened, 1..=5).await;
    let all = number_all(&opened).await;
    let epoch = opened.log.epochs().await.expect("epochs")[0].epoch;
    let (log, one) = (&opened.log, all[0].body.len());
    assert_eq!(log.read(epoch, 0, 9, one * 2).await.expect("events"), all[..2]);
    assert_eq!(log.read(epoch, 0, 9, one * 2 + 1).await.expect("events"), all[..2]);
    assert_eq!(log.read(epoch, 0, 9, 0).await.expect("events"), all[..1], "one at least, or nothing would go on");
}
