//! Sending while the database can be read and takes no record of it: what leaves again leaves ever more seldom.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chassis::store::{Error, sqlite::Tx};
use notify_svc::{
    app::{Channel, Envelope, Sender, ports::ChannelError, send::PAUSES},
    domain::{Recipient, Status},
};
use sqlx::Executor;
use uuid::Uuid;

use crate::support::{LIMITS, Step, World, event};

const SHOP: Uuid = Uuid::from_u128(7);
const PATIENCE: Duration = Duration::from_secs(30);
const INSTANT: Duration = Duration::from_micros(1);
/// The database fails at every record.
const FAIL: &str = "CREATE TRIGGER record BEFORE UPDATE ON message BEGIN INSERT INTO missing VALUES (1); END";
/// The database refuses a shop's records.
const REFUSE: &str = "CREATE TRIGGER record BEFORE UPDATE ON message WHEN OLD.recipient_kind = 'SHOP'
    BEGIN SELECT RAISE(ABORT, 'on purpose'); END";
const RECOVER: &str = "DROP TRIGGER record";

/// Takes every message and keeps whom it was for.
#[derive(Default)]
struct Counting(Mutex<Vec<Recipient>>);

impl Counting {
    fn sends(&self) -> usize {
        self.0.lock().expect("the sends").len()
    }

    fn sends_to(&self, recipient: &Recipient) -> usize {
        self.0.lock().expect("the sends").iter().filter(|to| *to == recipient).count()
    }
}

#[async_trait::async_trait]
impl Channel for Counting {
    async fn send(&self, envelope: &Envelope) -> Result<(), ChannelError> {
        self.0.lock().expect("the sends").push(envelope.recipient.clone());
        Ok(())
    }
}

async fn execute(world: &World, statement: &'static str) {
    let store = world.sqlite.store(|tx: &mut Tx| tx);
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
    let running = async {
        loop {
            sender.run().await.expect("a run");
            let messages = world.messages().await;
            if messages
                .iter()
                .filter(|message| whose(&message.recipient))
                .all(|message| message.status() == Status::Sent)
            {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, running).await.expect("all is sent");
}

/// Fails `times` times; between two failures nothing is sent before the pause is over. The pauses.
async fn fail(world: &World, sender: &Sender, channel: &Counting, times: u32) -> Vec<Duration> {
    let mut pauses = Vec::new();
    for failures in 1..=times {
        let sent = channel.sends();
        run_until_it_fails(sender).await;
        assert_eq!(channel.sends(), sent + 1, "sent once after each pause");
        let pause = PAUSES.delay(failures, 0.5);
        for advance in [Duration::ZERO, pause.saturating_sub(INSTANT)] {
            world.clock.advance(advance);
            sender.run().await.expect_err("a run in a pause");
            assert_eq!(channel.sends(), sent + 1, "sent again in a pause");
        }
        world.clock.advance(INSTANT);
        pauses.push(pause);
    }
    pauses
}

#[tokio::test]
async fn what_cannot_be_recorded_is_sent_again_ever_more_seldom() {
    let world = World::new().await;
    deliver(&world, 1, Step::Shipped).await;
    execute(&world, FAIL).await;
    let channel = Arc::new(Counting::default());
    let sender = world.sender(channel.clone(), LIMITS);
    let pauses = fail(&world, &sender, &channel, 8).await;
    assert!(pauses.is_sorted() && pauses[0] <= PAUSES.base && pauses[7] <= PAUSES.cap && pauses[0] * 8 < pauses[7]);
    assert_eq!(world.messages().await[0].attempts, 0);

    execute(&world, RECOVER).await;
    run_until_sent(&world, &sender, |_all| true).await;
    assert_eq!((channel.sends(), world.published().await.len()), (9, 1));

    deliver(&world, 2, Step::Shipped).await;
    execute(&world, FAIL).await;
    assert_eq!(fail(&world, &sender, &channel, 2).await, pauses[..2], "a success makes pauses short again");
}

#[tokio::test]
async fn one_recipients_refused_record_delays_nobody_else() {
    let world = World::new().await;
    execute(&world, REFUSE).await;
    let channel = Arc::new(Counting::default());
    let sender = world.sender(channel.clone(), LIMITS);
    for order in 1..=3 {
        deliver(&world, order, Step::Placed).await;
        run_until_sent(&world, &sender, |recipient| *recipient != Recipient::Shop(SHOP)).await;
    }
    assert_eq!((channel.sends_to(&Recipient::Shop(SHOP)), channel.sends()), (1, 4));
}
