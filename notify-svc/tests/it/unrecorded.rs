//! Sending while the database can be read and takes no record of it: nothing leaves again, and nothing else leaves.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chassis::store::{Backend, Database, Error, Job, Store, Verdict, sqlite};
use notify_svc::{
    app::{Channel, Envelope, Sender, Tx, ports::ChannelError, send::PAUSES},
    domain::{Message, Recipient, Status},
};
use sqlx::Executor;
use uuid::Uuid;

use crate::support::{LIMITS, On, PATIENCE, Step, World, event};

const SHOP: Uuid = Uuid::from_u128(7);
const INSTANT: Duration = Duration::from_micros(1);
/// The database fails at every record.
const FAIL: &str =
    "CREATE TRIGGER record BEFORE UPDATE OF attempts ON message BEGIN INSERT INTO missing VALUES (1); END";
/// The database refuses the records of a shop's first message.
const REFUSE: &str = "CREATE TRIGGER record BEFORE UPDATE OF attempts ON message WHEN OLD.recipient_kind = 'SHOP'
    AND OLD.order_id = X'00000000000000000000000000000001' BEGIN SELECT RAISE(ABORT, 'on purpose'); END";
const RECOVER: &str = "DROP TRIGGER record";

/// Takes every message, or none, and keeps whom it was for.
#[derive(Default)]
struct Counting {
    sends: Mutex<Vec<Recipient>>,
    refuses: bool,
    /// Is set once something was sent.
    then: Arc<AtomicBool>,
}

impl Counting {
    fn sends(&self) -> usize {
        self.sends.lock().expect("the sends").len()
    }

    fn sends_to(&self, recipient: &Recipient) -> usize {
        self.sends.lock().expect("the sends").iter().filter(|to| *to == recipient).count()
    }
}

#[async_trait::async_trait]
impl Channel for Counting {
    async fn send(&self, envelope: &Envelope) -> Result<(), ChannelError> {
        self.sends.lock().expect("the sends").push(envelope.recipient.clone());
        self.then.store(true, Ordering::SeqCst);
        let refused = ChannelError::Refused { answer: "no".to_owned(), wait: Duration::ZERO };
        if self.refuses { Err(refused) } else { Ok(()) }
    }
}

async fn execute(world: &World, statement: &'static str) {
    let Database::Sqlite(sqlite) = &world.database else { panic!("SQLite") };
    let store = sqlite.store(|tx: &mut sqlite::Tx| tx);
    let done = store.run(move |tx| {
        Box::pin(async move {
            tx.connection().execute(statement).await?;
            Ok::<_, Error>(())
        })
    });
    done.await.expect("executed");
}

async fn deliver(world: &World, order: u128, step: Step) {
    let event = event(Uuid::from_u128(order), &format!("customer-{order}"), SHOP, step);
    world.deliver(event).await.expect("handled");
}

/// Runs the sender until it hears that a record failed.
async fn run_until_it_fails(sender: &Sender) {
    let running = async { while sender.run().await.is_ok() {} };
    tokio::time::timeout(PATIENCE, running).await.expect("a run fails");
}

/// Runs the sender until every message that such a recipient has is sent.
async fn run_until_sent(world: &World, sender: &Sender, whose: impl Fn(&Recipient) -> bool) {
    let sent = |message: &Message| message.status() == Status::Sent || !whose(&message.recipient);
    world.run_until(sender, |messages| messages.iter().all(sent)).await;
}

/// Fails `times` times more; nothing is sent meanwhile. The pauses.
async fn fail(world: &World, sender: &Sender, channel: &Counting, times: u32) -> Vec<Duration> {
    let (sent, mut pauses) = (channel.sends(), Vec::new());
    for failures in 1..=times {
        if failures > 1 {
            sender.run().await.expect_err("a record fails");
        }
        let pause = PAUSES.delay(failures, 0.5);
        for advance in [Duration::ZERO, pause.saturating_sub(INSTANT)] {
            world.clock.advance(advance);
            sender.run().await.expect_err("a run in a pause");
        }
        world.clock.advance(INSTANT);
        assert_eq!(channel.sends(), sent, "sent while nothing can be recorded");
        pauses.push(pause);
    }
    pauses
}

#[tokio::test]
async fn nothing_is_sent_while_nothing_can_be_recorded_and_its_record_is_tried_ever_more_seldom() {
    let world = World::on(On::Sqlite).await;
    deliver(&world, 1, Step::Shipped).await;
    execute(&world, FAIL).await;
    let channel = Arc::new(Counting::default());
    let sender = world.sender(channel.clone(), LIMITS);
    run_until_it_fails(&sender).await;
    assert_eq!(channel.sends(), 1);
    deliver(&world, 2, Step::Shipped).await;
    let pauses = fail(&world, &sender, &channel, 8).await;
    assert!(pauses.is_sorted() && pauses[0] <= PAUSES.base && pauses[7] <= PAUSES.cap && pauses[0] * 8 < pauses[7]);
    assert!(world.messages().await.iter().all(|message| message.attempts == 0));

    execute(&world, RECOVER).await;
    run_until_sent(&world, &sender, |_all| true).await;
    assert_eq!((channel.sends(), world.published().await.len()), (2, 2));
    assert!(world.messages().await.iter().all(|message| message.attempts == 1));

    deliver(&world, 3, Step::Shipped).await;
    execute(&world, FAIL).await;
    run_until_it_fails(&sender).await;
    assert_eq!(fail(&world, &sender, &channel, 2).await, pauses[..2], "a success makes pauses short again");
}

#[tokio::test]
async fn a_miss_that_is_recorded_late_is_one_attempt() {
    let world = World::on(On::Sqlite).await;
    deliver(&world, 1, Step::Shipped).await;
    execute(&world, FAIL).await;
    let channel = Arc::new(Counting { refuses: true, ..Counting::default() });
    let sender = world.sender(channel.clone(), LIMITS);
    run_until_it_fails(&sender).await;
    // The wait after a first attempt is longer than this pause.
    fail(&world, &sender, &channel, 1).await;
    execute(&world, RECOVER).await;
    sender.run().await.expect("a run");
    assert_eq!((world.messages().await[0].attempts, channel.sends()), (1, 1));
}

/// Commits every unit of work and knows of none whether it did, while it forgets.
struct Forgetful {
    store: Store<dyn Tx>,
    forgets: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl Backend<dyn Tx> for Forgetful {
    async fn submit(&self, job: Box<dyn Job<dyn Tx>>) -> Result<(), Error> {
        let job = Arc::new(tokio::sync::Mutex::new(Some(job)));
        let shared = Arc::clone(&job);
        let done = self.store.run(move |tx| {
            let job = Arc::clone(&shared);
            Box::pin(async move {
                match job.lock().await.as_mut().expect("the job").attempt(tx).await {
                    Verdict::Commit => Ok(()),
                    Verdict::RollBack => Err(Error::Unknown),
                }
            })
        });
        let outcome =
            if done.await.is_err() || !self.forgets.load(Ordering::SeqCst) { Ok(()) } else { Err(Error::Unknown) };
        job.lock().await.take().expect("the job").finish(outcome);
        Ok(())
    }
}

#[tokio::test]
async fn a_miss_whose_commit_was_not_known_of_is_one_attempt() {
    let mut world = World::on(On::Sqlite).await;
    deliver(&world, 1, Step::Shipped).await;
    let forgets = Arc::new(AtomicBool::new(false));
    world.store = Store::new(Arc::new(Forgetful { store: world.store.clone(), forgets: Arc::clone(&forgets) }));
    let channel = Arc::new(Counting { refuses: true, then: Arc::clone(&forgets), ..Counting::default() });
    let sender = world.sender(channel.clone(), LIMITS);
    run_until_it_fails(&sender).await;
    fail(&world, &sender, &channel, 1).await;
    forgets.store(false, Ordering::SeqCst);
    sender.run().await.expect("a run");
    assert_eq!((world.messages().await[0].attempts, channel.sends()), (1, 1));
}

#[tokio::test]
async fn one_message_whose_record_is_refused_is_sent_once_and_the_others_beside_it_too() {
    let world = World::on(On::Sqlite).await;
    execute(&world, REFUSE).await;
    for order in 1..=3 {
        deliver(&world, order, Step::Placed).await;
    }
    let channel = Arc::new(Counting::default());
    let sender = world.sender(channel.clone(), LIMITS);
    let is_refused =
        |message: &Message| message.order_id == Uuid::from_u128(1) && message.recipient == Recipient::Shop(SHOP);
    let sent = |messages: Vec<Message>| {
        messages.iter().all(|message| (message.status() == Status::Sent) != is_refused(message))
    };
    let running = async {
        while !sent(world.messages().await) {
            sender.run().await.expect("a run");
        }
    };
    tokio::time::timeout(PATIENCE, running).await.expect("all the others are sent");
    deliver(&world, 4, Step::Placed).await;
    run_until_sent(&world, &sender, |recipient| *recipient != Recipient::Shop(SHOP)).await;
    let running = async {
        while !sent(world.messages().await) {
            sender.run().await.expect("a run");
        }
    };
    tokio::time::timeout(PATIENCE, running).await.expect("all the others are sent");
    assert_eq!((channel.sends_to(&Recipient::Shop(SHOP)), channel.sends()), (4, 8));
}
