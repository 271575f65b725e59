use chassis::{
    dead_letter::{Dropped, Kept, Query, Standing},
    inbox::{DeadLetter, Event},
    store,
};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{Opened, behaviours::event};

const NOW: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);

/// Runs one step of a transaction's.
macro_rules! step {
    ($opened:expr, $tx:ident => $step:expr) => {{
        let unit = $opened.store.run(move |$tx| Box::pin(async move { $step.await }));
        let answer: Result<_, store::Error> = unit.await;
        answer.expect("the store")
    }};
}

/// Puts an event aside as a consumer does, so many minutes after the beginning.
async fn put_aside(opened: &Opened, id: u128, producer: &str, minutes: i64) {
    let event = Event { producer: producer.to_owned(), body: vec![1, 2].into(), ..event(id, 1) };
    let time = NOW + Duration::minutes(minutes);
    let letter = DeadLetter { event, cause: "broken".to_owned(), attempts: 5, time };
    let unit = opened.store.run(move |tx| {
        let letter = letter.clone();
        Box::pin(async move {
            assert!(tx.admit(&letter.event).await?);
            tx.put_aside(&letter).await
        })
    });
    let put: Result<(), store::Error> = unit.await;
    put.expect("put aside");
}

async fn letter(opened: &Opened, id: u128) -> Option<Kept> {
    opened.log.letter(Uuid::from_u128(id)).await.expect("the letters")
}

fn dropped() -> Dropped {
    Dropped { reason: "hopeless".to_owned(), by: "operator-1".to_owned(), time: NOW }
}

pub async fn a_letter_is_taken_once_and_its_event_stays_admitted(opened: Opened) {
    put_aside(&opened, 1, "other", 0).await;
    put_aside(&opened, 2, "other", 0).await;
    assert_eq!(opened.log.waiting().await.expect("a count"), 2);
    let taken = step!(opened, tx => tx.take_letter(Uuid::from_u128(1))).expect("it waits");
    assert_eq!((taken.event.id, taken.event.body.as_ref()), (Uuid::from_u128(1), [1, 2].as_slice()));
    assert!(step!(opened, tx => tx.take_letter(Uuid::from_u128(1))).is_none(), "it is taken");
    assert!(letter(&opened, 1).await.is_none());
    assert_eq!(opened.log.waiting().await.expect("a count"), 1);
    assert!(!step!(opened, tx => async { tx.admit(&event(1, 9)).await }), "its effect must not happen again");
}

pub async fn a_letter_that_was_taken_in_vain_still_waits(opened: Opened) {
    put_aside(&opened, 1, "other", 0).await;
    let unit = opened.store.run(|tx| {
        Box::pin(async move {
            tx.take_letter(Uuid::from_u128(1)).await?;
            Err::<(), _>(store::Error::inconsistent("on purpose"))
        })
    });
    let failed: Result<(), store::Error> = unit.await;
    failed.expect_err("refused");
    assert_eq!(letter(&opened, 1).await.expect("it waits").letter.attempts, 5);
}

pub async fn a_letter_that_fails_again_keeps_its_last_cause(opened: Opened) {
    put_aside(&opened, 1, "other", 0).await;
    assert_eq!(step!(opened, tx => tx.fail_letter(Uuid::from_u128(1), "broken still")), Some(6));
    let kept = letter(&opened, 1).await.expect("it waits");
    assert_eq!((kept.letter.cause.as_str(), kept.letter.attempts, kept.letter.time), ("broken still", 6, NOW));
    assert_eq!(step!(opened, tx => tx.fail_letter(Uuid::from_u128(2), "nobody")), None);
}

pub async fn a_dropped_letter_is_kept_and_no_more_handled(opened: Opened) {
    put_aside(&opened, 1, "other", 0).await;
    assert!(step!(opened, tx => async { tx.drop_letter(Uuid::from_u128(1), &dropped()).await }));
    assert!(!step!(opened, tx => async {
        let again = Dropped { reason: "another".to_owned(), ..dropped() };
        tx.drop_letter(Uuid::from_u128(1), &again).await
    }));
    assert!(!step!(opened, tx => async { tx.drop_letter(Uuid::from_u128(2), &dropped()).await }));
    let kept = letter(&opened, 1).await.expect("kept");
    assert_eq!((kept.standing(), kept.dropped), (Standing::Dropped, Some(dropped())));
    assert!(step!(opened, tx => tx.take_letter(Uuid::from_u128(1))).is_none());
    assert_eq!(step!(opened, tx => tx.fail_letter(Uuid::from_u128(1), "again")), None);
    assert_eq!(opened.log.waiting().await.expect("a count"), 0);
}

pub async fn letters_are_listed_in_pages(opened: Opened) {
    for (id, producer, minutes) in [(3, "left", 0), (1, "right", 1), (4, "left", 2), (2, "left", 2)] {
        put_aside(&opened, id, producer, minutes).await;
    }
    assert!(step!(opened, tx => async { tx.drop_letter(Uuid::from_u128(4), &dropped()).await }));
    let list = async |query: Query| {
        let letters = opened.log.letters(&query).await.expect("the letters");
        assert!(letters.iter().all(|kept| kept.letter.event.body.is_empty()), "lists go without bodies");
        letters.iter().map(|kept| kept.letter.event.id.as_u128()).collect::<Vec<_>>()
    };
    let all = Query { rows: 10, ..Query::default() };
    assert_eq!(list(all.clone()).await, [3, 1, 2, 4]);
    assert_eq!(list(Query { rows: 2, ..all.clone() }).await, [3, 1]);
    let after = Some((NOW + Duration::minutes(2), Uuid::from_u128(2)));
    assert_eq!(list(Query { after, ..all.clone() }).await, [4]);
    let left = Query { producer: Some("left".to_owned()), ..all.clone() };
    assert_eq!(list(left.clone()).await, [3, 2, 4]);
    assert_eq!(list(Query { standing: Some(Standing::Waiting), ..left }).await, [3, 2]);
    assert_eq!(list(Query { standing: Some(Standing::Dropped), ..all }).await, [4]);
}
