use chassis::{
    inbox::{Event, Gap},
    recovery::{Known, Loss, Standing},
    relay::Head,
    store,
};
use uuid::Uuid;

use super::{
    Opened,
    behaviours::{event, new_event},
    numbering::number_all,
};

/// Runs one step of a transaction's, with a value of its own where it needs one.
macro_rules! step {
    ($opened:expr, $tx:ident => $step:expr) => {
        step!($opened, (), $tx, _unit => $step)
    };
    ($opened:expr, $with:expr, $tx:ident, $value:ident => $step:expr) => {{
        let with = $with;
        let unit = $opened.store.run(move |$tx| {
            let $value = with.clone();
            Box::pin(async move { $step.await })
        });
        let answer: Result<_, store::Error> = unit.await;
        answer
    }};
}

async fn append(opened: &Opened, version: i64) {
    step!(opened, tx => tx.append(new_event(version))).expect("appended");
}

/// An event of the same aggregate that was published under a number.
async fn published(opened: &Opened, id: Uuid, sequence: i64) -> Event {
    let epoch = opened.log.epochs().await.expect("epochs").last().expect("one").epoch;
    Event { id, epoch, aggregate_id: new_event(1).aggregate_id, ..event(0, sequence) }
}

async fn recognise(opened: &Opened, event: &Event) -> Known {
    step!(opened, event.clone(), tx, event => tx.recognise(&event)).expect("the store")
}

async fn put_back(opened: &Opened, event: &Event, version: i64) -> u64 {
    step!(opened, event.clone(), tx, event => tx.put_back(&event, version)).expect("the store")
}

/// The ids and numbers of an epoch's events.
async fn logged(opened: &Opened, epoch: Uuid) -> Vec<(Uuid, i64)> {
    let events = opened.log.read(epoch, 0, 10, usize::MAX).await.expect("events");
    events.iter().map(|event| (event.id, event.sequence)).collect()
}

pub async fn events_are_put_back_under_their_numbers(opened: Opened) {
    append(&opened, 1).await;
    let first = number_all(&opened).await[0].id;
    let second = published(&opened, Uuid::from_u128(92), 2).await;
    assert_eq!(recognise(&opened, &second).await, Known::No);
    assert_eq!(put_back(&opened, &second, 2).await, 0, "nothing gave way");
    assert_eq!(recognise(&opened, &second).await, Known::Yes);
    append(&opened, 3).await;
    let third = number_all(&opened).await.pop().expect("the third");
    assert_eq!(third.sequence, 3, "numbers go on behind it");
    assert_eq!(logged(&opened, second.epoch).await, [(first, 1), (second.id, 2), (third.id, 3)]);
}

pub async fn what_had_no_number_gets_its_own_back_or_gives_way(opened: Opened) {
    append(&opened, 1).await;
    number_all(&opened).await;
    append(&opened, 2).await;
    append(&opened, 3).await;
    let versions = opened.log.versions(new_event(1).aggregate_id, 1, 1, usize::MAX).await.expect("events");
    let second = published(&opened, versions[0].id, 2).await;
    assert_eq!(recognise(&opened, &second).await, Known::Yes, "it was written before the copy, and published after it");
    let third = published(&opened, Uuid::from_u128(93), 3).await;
    assert_eq!(put_back(&opened, &third, 3).await, 1, "what was written here was never published");
    let logged = logged(&opened, second.epoch).await;
    assert_eq!(logged[1..], [(second.id, 2), (third.id, 3)]);
    assert!(!opened.log.unnumbered().await.expect("the log"));
}

pub async fn an_epoch_ends_and_another_begins(opened: Opened) {
    append(&opened, 1).await;
    number_all(&opened).await;
    let first = opened.log.epochs().await.expect("epochs")[0];
    let second = Uuid::from_u128(2);
    step!(opened, tx => tx.begin_epoch(second)).expect("begun");
    append(&opened, 2).await;
    assert_eq!(number_all(&opened).await.len(), 1, "the old epoch's events are published");
    let heads = opened.log.epochs().await.expect("epochs");
    assert_eq!(heads, [first, Head { epoch: second, sequence: 1 }]);
    assert_eq!(logged(&opened, first.epoch).await.len(), 1);
}

pub async fn standing_and_losses_are_kept(opened: Opened) {
    assert_eq!(opened.log.standing().await.expect("a standing"), Standing::Live);
    for standing in [Standing::Restored, Standing::CatchingUp] {
        step!(opened, tx => tx.stand(standing)).expect("kept");
        assert_eq!(opened.log.standing().await.expect("a standing"), standing);
    }
    let loss = |subject: &str| Loss { subject: subject.to_owned(), what: "look".to_owned() };
    for lost in ["b", "a", "b"].map(loss) {
        step!(opened, lost, tx, lost => tx.keep_loss(&lost)).expect("kept");
    }
    assert_eq!(opened.log.losses(None, 10).await.expect("losses"), ["a", "b"].map(loss));
    assert_eq!(opened.log.losses(Some(&loss("a")), 10).await.expect("losses"), [loss("b")]);
}

pub async fn what_a_producer_lost_is_waited_for_by_nobody(opened: Opened) {
    for sequence in [1, 5] {
        let seen = event(u128::try_from(sequence).expect("positive"), sequence);
        assert!(step!(opened, seen, tx, seen => tx.admit(&seen)).expect("admitted"));
    }
    let epoch = event(1, 1).epoch;
    step!(opened, tx => tx.pass_over("other", epoch, Gap { first: 2, last: 4 })).expect("passed over");
    let progress = step!(opened, tx => tx.progress("other", epoch, 10)).expect("progress");
    assert_eq!((progress.highest, progress.gaps, progress.seen), (5, Vec::new(), 5));
    assert!(step!(opened, event(3, 3), tx, late => tx.admit(&late)).expect("admitted"), "should it come after all");
}
