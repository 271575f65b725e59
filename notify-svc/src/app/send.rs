//! Sends what is due: one lane a recipient, so that a slow one delays nobody else.

mod lanes;
mod pause;
mod post;

use std::{sync::Arc, time::Duration};

use chassis::{clock::Clock, store, store::Store};
use tokio::{sync::Mutex, time::Instant};

use self::lanes::Lanes;
pub use self::{pause::PAUSES, post::Channels};
use self::{pause::Pause, post::Post};
use super::ports::{Read, Texts, Tx};
use crate::domain::{Message, Recipient, Retry};

/// How long one run goes on while there is work; the next run goes on from there.
const RUN: Duration = Duration::from_secs(1);
/// How long a run waits for a lane before it looks for new messages.
const PATIENCE: Duration = Duration::from_millis(100);
/// Messages that are read at once.
const BATCH: u32 = 64;

/// How sending is bounded.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// When a message is tried again and given up.
    pub retry: Retry,
    /// How long a channel may take for one message.
    pub attempt_timeout: Duration,
    /// How many recipients are sent to at a time.
    pub lanes: usize,
}

/// Sends the messages that are due and records what became of them. A message may leave again, with the same id, where
/// the process ends between sending and recording, and after each pause where recording fails.
pub struct Sender {
    reads: Arc<dyn Read>,
    clock: Arc<dyn Clock>,
    post: Arc<Post>,
    state: Mutex<State>,
    most_lanes: usize,
}

#[derive(Default)]
struct State {
    lanes: Lanes,
    pause: Pause,
}

impl Sender {
    /// A sender. `roll` draws the random numbers from 0 to 1 that spread retries.
    pub fn new(
        store: Store<dyn Tx>,
        reads: Arc<dyn Read>,
        clock: Arc<dyn Clock>,
        texts: Arc<dyn Texts>,
        channels: Channels,
        limits: Limits,
        roll: fn() -> f64,
    ) -> Self {
        let post = Arc::new(Post { store, clock: Arc::clone(&clock), texts, channels, limits, roll });
        Self { reads, clock, post, state: Mutex::default(), most_lanes: limits.lanes }
    }

    /// Sends for about a second at most, less where nothing is due or every lane is slow; those lanes go on meanwhile.
    ///
    /// # Errors
    /// The database failed. What was sent and not recorded is sent again, after a pause in which each run is an error.
    pub async fn run(&self) -> Result<(), store::Error> {
        let State { lanes, pause } = &mut *self.state.lock().await;
        let began = Instant::now();
        loop {
            self.collect(lanes, pause)?;
            if pause.holds(self.clock.now()) {
                return Err(store::Error::Unavailable("what was sent could not be recorded; sending pauses".into()));
            }
            self.open(lanes).await?;
            if lanes.is_empty() || began.elapsed() >= RUN {
                return Ok(());
            }
            let Some(outcome) = lanes.one_ends_within(PATIENCE).await else { return Ok(()) };
            self.learn(pause, outcome)?;
        }
    }

    /// Learns from all the lanes that have ended; answers a failure where there is one.
    fn collect(&self, lanes: &mut Lanes, pause: &mut Pause) -> Result<(), store::Error> {
        let mut learned = Ok(());
        while let Some(outcome) = lanes.ended() {
            learned = self.learn(pause, outcome).and(learned);
        }
        learned
    }

    fn learn(&self, pause: &mut Pause, outcome: Result<(), store::Error>) -> Result<(), store::Error> {
        match &outcome {
            Ok(()) => pause.recorded(),
            Err(_) => pause.failed(self.clock.now(), (self.post.roll)()),
        }
        outcome
    }

    /// Opens lanes for recipients that have none, while there is room.
    async fn open(&self, lanes: &mut Lanes) -> Result<(), store::Error> {
        while lanes.len() < self.most_lanes {
            let due = self.reads.due(self.clock.now(), &lanes.busy(), BATCH).await?;
            if due.is_empty() {
                return Ok(());
            }
            for (recipient, messages) in by_recipient(due) {
                if lanes.len() < self.most_lanes {
                    lanes.open(recipient, Arc::clone(&self.post).deliver(messages));
                }
            }
        }
        Ok(())
    }
}

/// Groups messages by recipient, both in the order in which they came.
fn by_recipient(messages: Vec<Message>) -> Vec<(Recipient, Vec<Message>)> {
    let mut groups: Vec<(Recipient, Vec<Message>)> = Vec::new();
    for message in messages {
        match groups.iter_mut().find(|(recipient, _)| *recipient == message.recipient) {
            Some((_, group)) => group.push(message),
            None => groups.push((message.recipient.clone(), vec![message])),
        }
    }
    groups
}
