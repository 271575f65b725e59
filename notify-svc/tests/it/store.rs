//! What every store of messages must do.

use chassis::store::{Database, Error, Store};
use notify_svc::{
    adapters::{
        store::sqlite::{MIGRATIONS, Reads},
        webhook::Policy,
    },
    app::{
        Read, Tx,
        ports::{Due, Skip, Standing},
    },
    domain::{
        Change, ChannelName, Contact, Fresh, Language, Mailbox, Message, Money, NewTarget, Recipient, RejectReason,
        Retry, Secret, Status, Target, Wish,
        message::{Advice, Event, State},
    },
};
use sqlx::{Connection, SqliteConnection, SqlitePool, migrate::Migrator};
use std::time::Duration;
use uuid::Uuid;

use crate::support::{NOW, On, World, on_both};

const HALF: Advice = Advice { roll: 0.5, wait: Duration::ZERO };
const RETRY: Retry = Retry { max_attempts: 2, base: Duration::from_secs(4), cap: Duration::from_mins(1) };
const ONCE: Retry = Retry { max_attempts: 1, ..RETRY };

pub fn message(id: u128, recipient: Recipient, change: Change) -> Message {
    let contact = Contact::unset(Language::Korean);
    Message::new(Uuid::from_u128(id), Uuid::from_u128(99), recipient, &contact, change, NOW)
}

pub fn mina() -> Recipient {
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

pub async fn insert(store: &Store<dyn Tx>, message: &Message) -> bool {
    let message = message.clone();
    let inserted = store.run(move |tx| {
        let message = message.clone();
        Box::pin(async move { tx.insert(&message).await })
    });
    inserted.await.expect("inserted")
}

pub async fn update(
    store: &Store<dyn Tx>,
    before: &Message,
    after: &Message,
    event: Option<Event>,
) -> Result<(), Error> {
    let (before, after) = (before.clone(), after.clone());
    store
        .run(move |tx| {
            let (before, after) = (before.clone(), after.clone());
            Box::pin(async move { tx.update(&before, &after, event).await })
        })
        .await
}

async fn messages_come_back_as_they_went(on: On) {
    let world = World::on(on).await;
    keep_in_every_state(&world.store, &*world.reads).await;
}

async fn keep_in_every_state(store: &Store<dyn Tx>, reads: &dyn Read) {
    for (id, change) in (1_u128..).zip(changes()) {
        let pending = message(id, mina(), change.clone());
        assert!(insert(store, &pending).await);
        assert_eq!(reads.message(pending.id).await.expect("read"), Some(pending.clone()));
        let (missed, none) = pending.clone().missed(NOW, &RETRY, HALF).expect("missed");
        let (failed, event) = missed.clone().missed(NOW, &RETRY, HALF).expect("missed");
        let redriven = failed.clone().redriven(NOW).expect("redriven");
        let (erased, erasure) = redriven.clone().erased(NOW).expect("erased");
        let states = [
            (&pending, &missed, none),
            (&missed, &failed, event),
            (&failed, &redriven, None),
            (&redriven, &erased, erasure),
        ];
        for (before, after, event) in states {
            update(store, before, after, event).await.expect("written");
            assert_eq!(reads.message(after.id).await.expect("read").as_ref(), Some(after));
        }

        let pending = message(id + 100, Recipient::Shop(Uuid::from_u128(7)), change.clone());
        assert!(insert(store, &pending).await);
        let (sent, event) = pending.clone().sent(NOW).expect("sent");
        update(store, &pending, &sent, Some(event)).await.expect("written");
        assert_eq!(reads.message(sent.id).await.expect("read"), Some(sent));

        let pending = message(id + 200, mina(), change);
        assert!(insert(store, &pending).await);
        let (failed, event) = pending.clone().missed(NOW, &ONCE, HALF).expect("given up");
        update(store, &pending, &failed, event).await.expect("written");
        assert_eq!(reads.message(failed.id).await.expect("read").as_ref(), Some(&failed));

        let redriven = failed.clone().redriven(NOW).expect("redriven");
        let redirected = redriven.redirected(Some(&webhook("https://example.com/"))).expect("redirected");
        update(store, &failed, &redirected, None).await.expect("written");
        assert_eq!(redirected.channel, ChannelName::Webhook);
        assert_eq!(reads.message(failed.id).await.expect("read"), Some(redirected));
    }
}

async fn a_known_message_stays_as_it_is(on: On) {
    let world = World::on(on).await;
    let (store, reads) = (&world.store, &*world.reads);
    let first = message(1_000, mina(), Change::Placed);
    assert!(insert(store, &first).await);
    assert!(!insert(store, &message(1_000, mina(), Change::Delivered)).await);
    assert_eq!(reads.message(first.id).await.expect("read"), Some(first));
}

async fn a_change_is_written_once(on: On) {
    let world = World::on(on).await;
    let store = &world.store;
    let pending = message(2_000, mina(), Change::Placed);
    assert!(insert(store, &pending).await);
    let (sent, event) = pending.clone().sent(NOW).expect("sent");
    update(store, &pending, &sent, Some(event)).await.expect("written");
    assert!(matches!(update(store, &pending, &sent, Some(event)).await, Err(Error::Inconsistent(_))));
    let missing = Message { id: Uuid::from_u128(2_001), ..sent };
    assert!(matches!(update(store, &pending, &missing, Some(event)).await, Err(Error::Inconsistent(_))));
}

async fn what_is_due_comes_in_order_without_what_is_skipped(on: On) {
    let world = World::on(on).await;
    let (store, reads) = (&world.store, &*world.reads);
    let due_time = |seconds| NOW - Duration::from_secs(1_000) + Duration::from_secs(seconds);
    let customers = ["a", "b", "c"].map(|name| Recipient::Customer(name.to_owned()));
    for (index, recipient) in customers.iter().enumerate() {
        let contact = webhook(&format!("https://{index}.example.com/"));
        save_contact(store, recipient, &contact).await;
        let message = message(3_000 + index as u128, recipient.clone(), Change::Placed);
        let state = State::Pending { change: Change::Placed, due_time: due_time(10 - index as u64) };
        assert!(insert(store, &Message { state, channel: ChannelName::Webhook, ..message }).await);
    }
    let ids = |found: Vec<Due>| found.iter().map(|due| due.message_id.as_u128()).collect::<Vec<_>>();
    let webhooks = |seconds, skip: Skip, limit| async move {
        reads.due(ChannelName::Webhook, due_time(seconds), &skip, limit).await.expect("due")
    };
    let none = Skip::default;
    let all = webhooks(10, none(), 10).await;
    assert_eq!(all[0].receiver.as_deref(), Some("2.example.com:443"));
    assert_eq!(ids(all), [3_002, 3_001, 3_000]);
    assert_eq!(ids(webhooks(10, none(), 2).await), [3_002, 3_001]);
    assert_eq!(ids(webhooks(9, none(), 10).await), [3_002, 3_001]);
    let skip = Skip { recipients: customers[1..].to_vec(), ..none() };
    assert_eq!(ids(webhooks(10, skip, 10).await), [3_000]);
    let skip = Skip { receivers: vec!["1.example.com:443".to_owned()], ..none() };
    assert_eq!(ids(webhooks(10, skip, 10).await), [3_002, 3_000]);
    let logged = reads.due(ChannelName::Log, due_time(10), &none(), 10).await.expect("due");
    assert_eq!(ids(logged), [0; 0]);
}

async fn unsent_texts_are_found_by_their_recipient(on: On) {
    let world = World::on(on).await;
    let store = &world.store;
    let customer = Recipient::Customer("unsent".to_owned());
    let pending = [4_000, 4_001, 4_002, 4_003].map(|id| message(id, customer.clone(), Change::Placed));
    for message in &pending {
        assert!(insert(store, message).await);
    }
    let [sent, failed, erased, _] = pending;
    let (after, event) = sent.clone().sent(NOW).expect("sent");
    update(store, &sent, &after, Some(event)).await.expect("written");
    let (after, event) = failed.clone().missed(NOW, &ONCE, HALF).expect("given up");
    update(store, &failed, &after, event).await.expect("written");
    let (after, event) = erased.clone().erased(NOW).expect("erased");
    update(store, &erased, &after, event).await.expect("written");
    let found = store.run(move |tx| {
        let customer = customer.clone();
        Box::pin(async move { tx.unsent(&customer, 10).await })
    });
    let found: Vec<u128> =
        found.await.map_err(|error: Error| error).expect("found").iter().map(|message| message.id.as_u128()).collect();
    assert_eq!(found, [4_001, 4_003]);
}

async fn contacts_come_back_as_they_went(on: On) {
    let world = World::on(on).await;
    let (store, reads) = (&world.store, &*world.reads);
    let owner = Recipient::Customer("contact".to_owned());
    assert_eq!(reads.contact(&owner).await.expect("read"), None);
    let log = Contact { id: Some(Uuid::from_u128(1)), update_time: Some(NOW), ..Contact::unset(Language::English) };
    let mail = Contact { target: Target::Smtp(Mailbox::parse("mina@example.com").expect("an address")), ..log.clone() };
    let posted = Contact { target: webhook("https://example.com/a?b").target, ..log.clone() };
    let rotated = posted.rotated(Secret::new([2; 32]), Duration::from_hours(1), NOW).expect("rotated");
    for contact in [&log, &mail, &posted, &rotated, &log] {
        save_contact(store, &owner, contact).await;
        assert_eq!(reads.contact(&owner).await.expect("read").as_ref(), Some(contact));
        assert_eq!(reads.contact(&Recipient::Customer("other".to_owned())).await.expect("read"), None);
    }
    let forget = |owner: Recipient| {
        let forget = store.run(move |tx| {
            let owner = owner.clone();
            Box::pin(async move { tx.forget_contact(&owner).await })
        });
        async { forget.await.map_err(|error: Error| error).expect("forgotten") }
    };
    assert!(forget(owner.clone()).await && !forget(owner.clone()).await);
    assert_eq!(reads.contact(&owner).await.expect("read"), None);
}

fn webhook(url: &str) -> Contact {
    let policy = Policy { allowed: vec!["*".parse().expect("a pattern")], private: false };
    let url = policy.endpoint(url).expect("an endpoint");
    let wish = Wish { target: Some(NewTarget::Webhook(url)), language: None };
    let fresh = Fresh { id: Uuid::now_v7(), secret: Secret::new([1; 32]) };
    Contact::unset(Language::Korean).updated(wish, fresh, NOW)
}

async fn save_contact(store: &Store<dyn Tx>, owner: &Recipient, contact: &Contact) {
    let (owner, contact) = (owner.clone(), contact.clone());
    let saved = store.run(move |tx| {
        let (owner, contact) = (owner.clone(), contact.clone());
        Box::pin(async move { tx.save_contact(&owner, &contact).await })
    });
    saved.await.map_err(|error: Error| error).expect("saved");
}

async fn a_sent_or_erased_message_keeps_nothing_of_its_text(on: On) {
    let world = World::on(on).await;
    keep_in_every_state(&world.store, &*world.reads).await;
    let counted = "SELECT count(*), count(coalesce(CAST(total_minor AS text), currency, reason, carrier, tracking_number)) \
         FROM message WHERE status = 'SENT' OR erased";
    let (all, kept): (i64, i64) = match &world.database {
        Database::Sqlite(sqlite) => sqlx::query_as(counted).fetch_one(&sqlite.reads()).await,
        Database::Postgres(postgres) => sqlx::query_as(counted).fetch_one(&postgres.reads()).await,
    }
    .expect("counted");
    assert_eq!((all, kept), (12, 0));
}

on_both! {
    messages_come_back_as_they_went,
    a_known_message_stays_as_it_is,
    a_change_is_written_once,
    what_is_due_comes_in_order_without_what_is_skipped,
    unsent_texts_are_found_by_their_recipient,
    contacts_come_back_as_they_went,
    a_sent_or_erased_message_keeps_nothing_of_its_text,
}

#[tokio::test]
async fn what_was_stored_before_targets_and_redriving_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("notify.db").display());
    let (before, mut connection) = (older(1_002), SqliteConnection::connect(&url).await.expect("a database"));
    before.run(&mut connection).await.expect("the older schema");
    let insert = "INSERT INTO message (message_id, order_id, recipient_kind, recipient_id, template, channel, language, \
         status, attempts, version, create_time, due_time, sent_time, reason) \
         VALUES (?, zeroblob(16), 'CUSTOMER', 'mina', 'CANCELLED', 'log', 'ko', ?, ?, ?, 5, ?, ?, ?)";
    for (id, status, attempts, due, sent, reason) in [
        (1, "PENDING", 3, Some(9), None, Some("late")),
        (2, "SENT", 1, None, Some(7), None),
        (3, "FAILED", 8, None, None, Some("")),
    ] {
        let version = i64::from(status != "PENDING");
        let query = sqlx::query(insert).bind(Uuid::from_u128(id)).bind(status).bind(attempts).bind(version);
        query.bind(due).bind(sent).bind(reason).execute(&mut connection).await.expect("inserted");
    }
    let contact = "INSERT INTO contact VALUES (zeroblob(16), 'CUSTOMER', 'mina', 'en', 'log')";
    sqlx::query(contact).execute(&mut connection).await.expect("inserted");
    MIGRATIONS.run(&mut connection).await.expect("the schema of today");
    connection.close().await.expect("closed");

    let reads = Reads::new(SqlitePool::connect(&url).await.expect("a database"));
    let contact = reads.contact(&mina()).await.expect("read").expect("a contact");
    assert_eq!((contact.language, contact.target), (Language::English, Target::Log));
    let states = [1, 2, 3].map(|id| reads.message(Uuid::from_u128(id)));
    let [pending, sent, failed] = states.map(|read| async { read.await.expect("read").expect("a message") });
    let (pending, sent, failed) = (pending.await, sent.await, failed.await);
    assert_eq!((pending.status(), pending.attempts, pending.earlier_attempts), (Status::Pending, 3, 0));
    assert_eq!((sent.status(), sent.version), (Status::Sent, 1));
    assert_eq!(failed.state, State::Failed { change: Change::Cancelled { reason: String::new() } });
    assert_eq!(reads.standing().await.expect("counted"), Standing { pending: 1, failed: 1 });
}

/// The migrations up to one of them.
fn older(last: i64) -> Migrator {
    Migrator::with_migrations(MIGRATIONS.iter().filter(|migration| migration.version <= last).cloned().collect())
}
