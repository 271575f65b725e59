//! What every store of messages must do.

use chassis::store::{Error, Store};
use notify_svc::{
    app::{Read, Tx},
    domain::{
        Change, ChannelName, Contact, Language, Message, Money, Recipient, RejectReason, Retry,
        message::{Event, State},
    },
};
use std::time::Duration;
use uuid::Uuid;

use crate::support::{NOW, World};

const RETRY: Retry = Retry { max_attempts: 2, base: Duration::from_secs(4), cap: Duration::from_mins(1) };

fn message(id: u128, recipient: Recipient, change: Change) -> Message {
    let contact = Contact::unset(Language::Korean);
    Message::new(Uuid::from_u128(id), Uuid::from_u128(99), recipient, &contact, change, NOW)
}

fn mina() -> Recipient {
    Recipient::Customer("mina".to_owned())
}

fn changes() -> Vec<Change> {
    vec![
        Change::Placed,
        Change::Confirmed { total: Money { minor_units: 1_000, currency: "KRW".to_owned() } },
        Change::Rejected { reason: RejectReason::Expired },
        Change::Cancelled { reason: String::new() },
        Change::Shipped { carrier: "CJ".to_owned(), tracking_number: "1".to_owned() },
        Change::Delivered,
    ]
}

async fn insert(store: &Store<dyn Tx>, message: &Message) -> bool {
    let message = message.clone();
    let inserted = store.run(move |tx| {
        let message = message.clone();
        Box::pin(async move { tx.insert(&message).await })
    });
    inserted.await.expect("inserted")
}

async fn record(store: &Store<dyn Tx>, message: &Message, event: Option<Event>) -> Result<(), Error> {
    let message = message.clone();
    store
        .run(move |tx| {
            let message = message.clone();
            Box::pin(async move { tx.record_attempt(&message, event).await })
        })
        .await
}

async fn messages_come_back_as_they_went(store: &Store<dyn Tx>, reads: &dyn Read) {
    for (id, change) in (1_u128..).zip(changes()) {
        let pending = message(id, mina(), change.clone());
        assert!(insert(store, &pending).await);
        assert_eq!(reads.message(pending.id).await.expect("read"), Some(pending.clone()));
        let (missed, none) = pending.missed(NOW, &RETRY, 0.5).expect("missed");
        record(store, &missed, none).await.expect("recorded");
        assert_eq!(reads.message(missed.id).await.expect("read"), Some(missed.clone()));
        let (failed, event) = missed.missed(NOW, &RETRY, 0.5).expect("missed");
        record(store, &failed, event).await.expect("recorded");
        assert_eq!(reads.message(failed.id).await.expect("read"), Some(failed));

        let (sent, event) = message(id + 100, Recipient::Shop(Uuid::from_u128(7)), change).sent(NOW).expect("sent");
        assert!(insert(store, &message(id + 100, sent.recipient.clone(), changes()[id as usize - 1].clone())).await);
        record(store, &sent, Some(event)).await.expect("recorded");
        assert_eq!(reads.message(sent.id).await.expect("read"), Some(sent));
    }
}

async fn a_known_message_stays_as_it_is(store: &Store<dyn Tx>, reads: &dyn Read) {
    let first = message(1_000, mina(), Change::Placed);
    assert!(insert(store, &first).await);
    assert!(!insert(store, &message(1_000, mina(), Change::Delivered)).await);
    assert_eq!(reads.message(first.id).await.expect("read"), Some(first));
}

async fn an_outcome_is_recorded_once(store: &Store<dyn Tx>) {
    let pending = message(2_000, mina(), Change::Placed);
    assert!(insert(store, &pending).await);
    let (sent, event) = pending.sent(NOW).expect("sent");
    record(store, &sent, Some(event)).await.expect("recorded");
    assert!(matches!(record(store, &sent, Some(event)).await, Err(Error::Inconsistent(_))));
    let missing = Message { id: Uuid::from_u128(2_001), ..sent };
    assert!(matches!(record(store, &missing, Some(event)).await, Err(Error::Inconsistent(_))));
}

async fn what_is_due_comes_in_order_without_the_busy(store: &Store<dyn Tx>, reads: &dyn Read) {
    let due_time = |seconds| NOW - Duration::from_secs(1_000) + Duration::from_secs(seconds);
    let customers = ["a", "b", "c"].map(|name| Recipient::Customer(name.to_owned()));
    for (index, recipient) in customers.iter().enumerate() {
        let seconds = 10 - index as u64;
        let state = State::Pending { change: Change::Placed, due_time: due_time(seconds) };
        let message = Message { state, ..message(3_000 + index as u128, recipient.clone(), Change::Placed) };
        assert!(insert(store, &message).await);
    }
    let ids = |messages: Vec<Message>| messages.iter().map(|message| message.id.as_u128()).collect::<Vec<_>>();
    let all = reads.due(due_time(10), &[], 10).await.expect("due");
    assert_eq!(ids(all), [3_002, 3_001, 3_000]);
    assert_eq!(ids(reads.due(due_time(10), &[], 2).await.expect("due")), [3_002, 3_001]);
    assert_eq!(ids(reads.due(due_time(9), &[], 10).await.expect("due")), [3_002, 3_001]);
    assert_eq!(ids(reads.due(due_time(10), &customers[1..], 10).await.expect("due")), [3_000]);
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let world = World::new().await;
    let (store, reads) = (&world.store, &*world.reads);
    messages_come_back_as_they_went(store, reads).await;
    a_known_message_stays_as_it_is(store, reads).await;
    an_outcome_is_recorded_once(store).await;
    what_is_due_comes_in_order_without_the_busy(store, reads).await;
}

#[tokio::test]
async fn a_sent_message_keeps_nothing_of_its_text() {
    let world = World::new().await;
    messages_come_back_as_they_went(&world.store, &*world.reads).await;
    let kept: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM message WHERE status = 'SENT' \
         AND coalesce(total_minor, currency, reason, carrier, tracking_number) IS NOT NULL",
    )
    .fetch_one(&world.sqlite.reads())
    .await
    .expect("counted");
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_contact_is_what_its_recipient_set() {
    let world = World::new().await;
    let raw = world.sqlite.store(|tx| tx);
    let set = raw.run(|tx| {
        Box::pin(async move {
            sqlx::query("INSERT INTO contact VALUES (?, 'CUSTOMER', 'mina', 'en', 'log')")
                .bind(Uuid::from_u128(5))
                .execute(tx.connection())
                .await?;
            Ok::<(), Error>(())
        })
    });
    set.await.expect("set");
    let read = world.store.run(|tx| {
        Box::pin(async move {
            let unset = tx.contact(&Recipient::Customer("minsu".to_owned())).await?;
            Ok::<_, Error>((tx.contact(&mina()).await?, unset))
        })
    });
    let expected = Contact { id: Some(Uuid::from_u128(5)), language: Language::English, channel: ChannelName::Log };
    assert_eq!(read.await.expect("read"), (Some(expected), None));
}
