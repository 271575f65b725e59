use chassis::{
    idempotency::{Answer, Keyed, Request, Reused, Scope},
    inbox::{DeadLetter, Event, Gap},
    outbox::NewEvent,
    store,
};
use futures::future::{BoxFuture, join_all};
use time::{Duration, OffsetDateTime, macros::datetime};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::Opened;

const NOW: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("refused")]
    Refused,
    #[error(transparent)]
    Reused(#[from] Reused),
    #[error(transparent)]
    Store(#[from] store::Error),
}

pub fn new_event(version: i64) -> NewEvent {
    NewEvent {
        kind: "tword.test.v1.Happened".to_owned(),
        aggregate_id: Uuid::from_u128(7),
        version,
        time: NOW,
        traceparent: None,
        body: vec![1, 2, 3],
    }
}

pub fn event(id: u128, sequence: i64) -> Event {
    Event {
        id: Uuid::from_u128(id),
        producer: "other".to_owned(),
        epoch: Uuid::from_u128(1),
        sequence,
        kind: "tword.other.v1.Happened".to_owned(),
        aggregate_id: Uuid::from_u128(2),
        time: NOW,
        traceparent: None,
        body: Vec::new().into(),
    }
}

fn request(key: &str, hash: u8, time: OffsetDateTime) -> Request {
    let scope = Scope { issuer: "i".to_owned(), subject: "s".to_owned(), method: "/m".to_owned(), key: key.to_owned() };
    Request { scope, hash: [hash; 32], time }
}

fn keyed(request: Request) -> Keyed<u8> {
    Keyed::new(Some(request), |answer| vec![*answer])
}

/// Appends an event under a key, and answers its version.
async fn once(opened: &Opened, request: Request, version: u8) -> Result<Answer<u8>, Error> {
    let keyed = keyed(request);
    opened
        .store
        .run(move |tx| {
            let keyed = keyed.clone();
            Box::pin(async move {
                if let Some(answer) = keyed.replay::<_, Error>(tx).await? {
                    return Ok(answer);
                }
                tx.append(new_event(i64::from(version))).await?;
                Ok(keyed.record(tx, version).await?)
            })
        })
        .await
}

async fn events(opened: &Opened) -> usize {
    super::numbering::number_all(opened).await.len()
}

pub async fn what_is_refused_is_undone(opened: Opened) {
    let refused: Result<(), Error> = opened
        .store
        .run(|tx| {
            Box::pin(async move {
                tx.append(new_event(1)).await?;
                Err(Error::Refused)
            })
        })
        .await;
    assert!(matches!(refused, Err(Error::Refused)));
    assert_eq!(events(&opened).await, 0);
}

pub async fn the_work_goes_on_though_the_caller_has_gone(opened: Opened) {
    let (begun, has_begun) = oneshot::channel();
    let (go, gone) = oneshot::channel::<()>();
    let mut signals = Some((begun, gone));
    let store = opened.store.clone();
    let caller = tokio::spawn(async move {
        let unit = store.run(move |tx| {
            let signals = signals.take();
            Box::pin(async move {
                if let Some((begun, gone)) = signals {
                    begun.send(()).expect("the test listens");
                    gone.await.expect("the test goes on");
                }
                tx.append(new_event(1)).await
            })
        });
        unit.await
    });
    has_begun.await.expect("the unit runs");
    caller.abort();
    assert!(caller.await.expect_err("the caller is gone").is_cancelled());
    go.send(()).expect("the unit still runs");
    assert_eq!(events(&opened).await, 1);
}

pub async fn a_panic_fails_alone(opened: Opened) {
    let units = (1..=9_i64).map(|version| {
        opened.store.run(move |tx| -> BoxFuture<'_, Result<(), store::Error>> {
            Box::pin(async move {
                tx.append(new_event(version)).await?;
                assert_ne!(version, 5, "on purpose");
                Ok(())
            })
        })
    });
    let outcomes = join_all(units).await;
    assert!(matches!(outcomes[4], Err(store::Error::Panicked)));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 8);
    assert_eq!(events(&opened).await, 8);
}

pub async fn one_of_a_hundred_callers_with_one_key_has_the_effect(opened: Opened) {
    let answers = join_all((1..=100).map(|version| once(&opened, request("k", 1, NOW), version))).await;
    let fresh: Vec<_> = answers.iter().filter(|answer| matches!(answer, Ok(Answer::Fresh(_)))).collect();
    assert_eq!(fresh.len(), 1);
    let Ok(Answer::Fresh(first)) = fresh[0] else { panic!("one is fresh") };
    let replays = answers.iter().filter(|answer| matches!(answer, Ok(Answer::Replayed(bytes)) if bytes == &[*first]));
    assert_eq!(replays.count(), 99);
    assert_eq!(events(&opened).await, 1);
}

pub async fn a_key_binds_its_request(opened: Opened) {
    once(&opened, request("k", 1, NOW), 1).await.expect("the first");
    assert!(matches!(once(&opened, request("k", 2, NOW), 2).await, Err(Error::Reused(Reused))));
    assert!(matches!(once(&opened, request("other", 2, NOW), 3).await, Ok(Answer::Fresh(3))));
}

pub async fn old_answers_are_forgotten_and_no_others(opened: Opened) {
    once(&opened, request("old", 1, NOW - Duration::DAY), 1).await.expect("the old one");
    once(&opened, request("new", 1, NOW), 2).await.expect("the new one");
    let forget = opened.store.run(|tx| Box::pin(async move { tx.forget(NOW - Duration::HOUR, 10).await }));
    let forgotten: Result<u64, store::Error> = forget.await;
    assert_eq!(forgotten.expect("forgotten"), 1);
    assert!(matches!(once(&opened, request("new", 1, NOW), 3).await, Ok(Answer::Replayed(_))));
    assert!(matches!(once(&opened, request("old", 1, NOW), 4).await, Ok(Answer::Fresh(4))));
}

async fn admit(opened: &Opened, event: Event) -> bool {
    let unit = opened.store.run(move |tx| {
        let event = event.clone();
        Box::pin(async move { tx.admit(&event).await })
    });
    let admitted: Result<bool, store::Error> = unit.await;
    admitted.expect("the inbox")
}

async fn progress(opened: &Opened, limit: u32) -> (i64, Vec<Gap>) {
    let unit =
        opened.store.run(move |tx| Box::pin(async move { tx.progress("other", Uuid::from_u128(1), limit).await }));
    let progress: Result<_, store::Error> = unit.await;
    let progress = progress.expect("the inbox");
    (progress.highest, progress.gaps)
}

pub async fn an_event_is_admitted_once_and_each_number_is_ticked(opened: Opened) {
    assert!(admit(&opened, event(10, 1)).await);
    assert!(!admit(&opened, event(10, 1)).await);
    assert!(!admit(&opened, event(10, 2)).await, "a duplicate under another number");
    assert_eq!(progress(&opened, 9).await, (2, Vec::new()));
}

pub async fn gaps_are_told_in_order(opened: Opened) {
    assert_eq!(progress(&opened, 9).await, (0, Vec::new()));
    for sequence in [3_i64, 4, 9, 7] {
        admit(&opened, event(u128::from(sequence.unsigned_abs()), sequence)).await;
    }
    let gap = |first, last| Gap { first, last };
    assert_eq!(progress(&opened, 9).await, (9, vec![gap(1, 2), gap(5, 6), gap(8, 8)]));
    assert_eq!(progress(&opened, 2).await, (9, vec![gap(1, 2), gap(5, 6)]));
    for sequence in [1_i64, 2, 5, 6, 8] {
        admit(&opened, event(u128::from(sequence.unsigned_abs()), sequence)).await;
    }
    assert_eq!(progress(&opened, 9).await, (9, Vec::new()));
    admit(&opened, event(11, 11)).await;
    assert_eq!(progress(&opened, 9).await, (11, vec![gap(10, 10)]), "what was complete is not looked at again");
}

pub async fn failures_are_counted(opened: Opened) {
    for expected in 1..=3 {
        let unit = opened.store.run(|tx| Box::pin(async move { tx.count_failure(Uuid::from_u128(3)).await }));
        let failures: Result<i64, store::Error> = unit.await;
        assert_eq!(failures.expect("counted"), expected);
    }
    let letter = DeadLetter { event: event(3, 1), cause: "broken".to_owned(), attempts: 3, time: NOW };
    let twice = letter.clone();
    let put = |letter: DeadLetter| {
        opened.store.run(move |tx| {
            let letter = letter.clone();
            Box::pin(async move { tx.put_aside(&letter).await })
        })
    };
    let first: Result<(), store::Error> = put(letter).await;
    first.expect("put aside");
    let second: Result<(), store::Error> = put(twice).await;
    second.expect_err("a dead letter stands once");
}

pub async fn a_version_has_one_event(opened: Opened) {
    let append = || opened.store.run(|tx| Box::pin(async move { tx.append(new_event(1)).await }));
    let first: Result<(), store::Error> = append().await;
    first.expect("the first");
    let second: Result<(), store::Error> = append().await;
    let broken = second.expect_err("the second event of one version");
    assert!(matches!(broken, store::Error::Inconsistent(_)), "the event's own fault, not the database's: {broken:?}");
    assert_eq!(events(&opened).await, 1);
}
