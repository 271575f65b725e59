//! Sends what is due on one channel: one lane a recipient, so that a slow one delays nobody else.

mod lanes;
mod pause;
mod post;
mod receivers;

use std::{sync::Arc, time::Duration};

use chassis::{clock::Clock, store, store::Store};
use tokio::{sync::Mutex, time::Instant};

use self::lanes::{Lane, Lanes, Outcome};
pub use self::pause::PAUSES;
use self::{pause::Pause, post::Post, receivers::Receivers};
use super::ports::{Channel, Due, Read, Skip, Texts, Tx};
use crate::domain::{ChannelName, Message, Retry};

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
    /// How many recipients are sent to at a time on each channel.
    pub lanes: usize,
}

/// What sending rests on.
#[derive(Clone)]
pub struct Means {
    /// Where messages are kept.
    pub store: Store<dyn Tx>,
    /// Where they and their contacts are read.
    pub reads: Arc<dyn Read>,
    /// What times them.
    pub clock: Arc<dyn Clock>,
    /// What puts them into words.
    pub texts: Arc<dyn Texts>,
    /// Draws the random numbers from 0 to 1 that spread retries.
    pub roll: fn() -> f64,
}

/// Sends the messages of one channel that are due and records what became of them. A message may leave again, with the
/// same id, where the process ends between sending and recording, and after each pause where recording fails.
pub struct Sender {
    name: ChannelName,
    means: Means,
    post: Arc<Post>,
    state: Mutex<State>,
    most_lanes: usize,
}

#[derive(Default)]
struct State {
    lanes: Lanes,
    pause: Pause,
    receivers: Receivers,
}

impl Sender {
    /// A sender of the messages of the channel `name`, which `channel` serves, if anything does.
    pub fn new(name: ChannelName, channel: Option<Arc<dyn Channel>>, means: Means, limits: Limits) -> Self {
        let post = Arc::new(Post { name, channel, means: means.clone(), limits });
        Self { name, means, post, state: Mutex::default(), most_lanes: limits.lanes }
    }

    /// Sends for about a second at most, less where nothing is due or every lane is slow; those lanes go on meanwhile.
    ///
    /// # Errors
    /// The database failed. What was sent and not recorded is sent again, after a pause in which each run is an error.
    pub async fn run(&self) -> Result<(), store::Error> {
        let state = &mut *self.state.lock().await;
        let began = Instant::now();
        loop {
            self.collect(state)?;
            if state.pause.holds(self.means.clock.now()) {
                return Err(store::Error::Unavailable("what was sent could not be recorded; sending pauses".into()));
            }
            self.open(state).await?;
            if state.lanes.is_empty() || began.elapsed() >= RUN {
                return Ok(());
            }
            let Some((lane, outcome)) = state.lanes.one_ends_within(PATIENCE).await else { return Ok(()) };
            self.learn(state, lane, outcome)?;
        }
    }

    /// Learns from all the lanes that have ended; answers a failure where there is one.
    fn collect(&self, state: &mut State) -> Result<(), store::Error> {
        let mut learned = Ok(());
        while let Some((lane, outcome)) = state.lanes.ended() {
            learned = self.learn(state, lane, outcome).and(learned);
        }
        learned
    }

    fn learn(&self, state: &mut State, lane: Option<Lane>, outcome: Outcome) -> Result<(), store::Error> {
        let (now, roll) = (self.means.clock.now(), (self.means.roll)());
        match outcome {
            Ok(pace) => {
                state.pause.recorded();
                if let Some(receiver) = lane.and_then(|lane| lane.receiver) {
                    state.receivers.learn(&receiver, pace, now, roll);
                }
                Ok(())
            }
            Err(error) => {
                state.pause.failed(now, roll);
                Err(error)
            }
        }
    }

    /// Opens lanes for recipients that have none, while there is room.
    async fn open(&self, state: &mut State) -> Result<(), store::Error> {
        let State { lanes, receivers, .. } = state;
        while lanes.len() < self.most_lanes {
            let now = self.means.clock.now();
            let closed = receivers.closed(lanes, self.most_lanes, now);
            let skip = Skip { receivers: closed, ..lanes.busy() };
            let due = self.means.reads.due(self.name, now, &skip, BATCH).await?;
            if due.is_empty() {
                return Ok(());
            }
            for (lane, messages) in by_recipient(due) {
                let closed = |receiver: &String| receivers.is_closed(receiver, lanes, self.most_lanes, now);
                if lanes.len() < self.most_lanes && !lane.receiver.as_ref().is_some_and(closed) {
                    lanes.open(lane, Arc::clone(&self.post).deliver(messages));
                }
            }
        }
        Ok(())
    }
}

/// Groups messages by recipient, both in the order in which they came.
fn by_recipient(due: Vec<Due>) -> Vec<(Lane, Vec<Message>)> {
    let mut groups: Vec<(Lane, Vec<Message>)> = Vec::new();
    for Due { message, receiver } in due {
        match groups.iter_mut().find(|(lane, _)| lane.recipient == message.recipient) {
            Some((_, group)) => group.push(message),
            None => groups.push((Lane { recipient: message.recipient.clone(), receiver }, vec![message])),
        }
    }
    groups
}
