//! Sends what is due on one channel: one lane a recipient, so that a slow one delays nobody else.

mod lanes;
mod pause;
mod post;
mod receivers;
mod record;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chassis::{clock::Clock, store, store::Store};
use tokio::{sync::Mutex, time::Instant};

use self::lanes::{Delivered, Lane, Lanes, Outcome};
pub use self::pause::PAUSES;
use self::{
    pause::Pause,
    post::Post,
    receivers::Receivers,
    record::{Backlog, Left, Recorder},
};
use super::{
    Bell,
    ports::{Channel, Due, Read, Skip, Texts, Tx},
};
use crate::domain::{ChannelName, Message, Retry};

/// How long a sender that found nothing waits before it looks again, unless the bell rings.
const QUIET: Duration = Duration::from_secs(1);
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
    /// Rings where there is something new.
    pub bell: Bell,
}

/// Sends the messages of one channel that are due and records what became of them. A message may leave again, with the
/// same id, where the process ends between sending and recording. Where recording fails, what became of the messages is kept
/// and recorded, after a pause, before anything else is sent.
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
    backlog: Backlog,
    quiet: Option<Quiet>,
}

/// Nothing was due and nothing under way.
struct Quiet {
    /// How often the bell had rung before that was looked for.
    rings: u64,
    since: Instant,
}

impl Sender {
    /// A sender of the messages of the channel `name`, which `channel` serves, if anything does.
    pub fn new(name: ChannelName, channel: Option<Arc<dyn Channel>>, means: Means, limits: Limits) -> Self {
        let recorder = Recorder { store: means.store.clone(), retry: limits.retry, bell: means.bell.clone() };
        let stopped = AtomicBool::new(false);
        let post = Arc::new(Post { name, channel, means: means.clone(), limits, recorder, stopped });
        Self { name, means, post, state: Mutex::default(), most_lanes: limits.lanes }
    }

    /// Runs where there may be something to do; else it costs nothing.
    ///
    /// # Errors
    /// As for [`Sender::run`].
    pub async fn sweep(&self) -> Result<(), store::Error> {
        let state = &mut *self.state.lock().await;
        let rings = self.means.bell.rings();
        if state.quiet.as_ref().is_some_and(|quiet| quiet.rings == rings && quiet.since.elapsed() < QUIET) {
            return Ok(());
        }
        state.quiet = None;
        self.work(state).await?;
        state.quiet = state.lanes.is_empty().then(|| Quiet { rings, since: Instant::now() });
        Ok(())
    }

    /// Sends for about a second at most, less where nothing is due or every lane is slow; those lanes go on meanwhile.
    ///
    /// # Errors
    /// The database failed. What was sent and not recorded is recorded after a pause in which each run is an error.
    pub async fn run(&self) -> Result<(), store::Error> {
        self.work(&mut *self.state.lock().await).await
    }

    async fn work(&self, state: &mut State) -> Result<(), store::Error> {
        let began = Instant::now();
        loop {
            self.collect(state)?;
            if state.pause.holds(self.means.clock.now()) {
                return Err(store::Error::Unavailable("what was sent could not be recorded; sending pauses".into()));
            }
            self.catch_up(state).await?;
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
        match outcome {
            Ok(Delivered { pace, left }) => {
                if let Some(receiver) = lane.and_then(|lane| lane.receiver) {
                    state.receivers.learn(&receiver, pace, self.means.clock.now(), (self.means.roll)());
                }
                self.keep(state, left)
            }
            Err(error) => {
                self.pause(state);
                Err(error)
            }
        }
    }

    fn keep(&self, state: &mut State, left: Left) -> Result<(), store::Error> {
        let kept = state.backlog.keep(left);
        self.judge(state, kept)
    }

    /// Records what could not be recorded, before anything more is sent.
    async fn catch_up(&self, state: &mut State) -> Result<(), store::Error> {
        if state.backlog.is_clear() {
            return Ok(());
        }
        let caught_up = state.backlog.catch_up(&self.post.recorder).await;
        self.judge(state, caught_up)
    }

    /// Pauses where recording failed; goes on where nothing is left to record.
    fn judge(&self, state: &mut State, recorded: Result<(), store::Error>) -> Result<(), store::Error> {
        if recorded.is_err() {
            self.post.stopped.store(true, Ordering::Release);
            self.pause(state);
        } else if state.backlog.is_clear() {
            self.post.stopped.store(false, Ordering::Release);
            state.pause.worked();
        }
        recorded
    }

    /// Begins a pause. What was under way when one began and fails in it makes it no longer.
    fn pause(&self, state: &mut State) {
        let now = self.means.clock.now();
        if !state.pause.holds(now) {
            state.pause.failed(now, (self.means.roll)());
        }
    }

    /// Opens lanes for recipients that have none, while there is room.
    async fn open(&self, state: &mut State) -> Result<(), store::Error> {
        let State { lanes, receivers, backlog, .. } = state;
        while lanes.len() < self.most_lanes {
            let now = self.means.clock.now();
            let closed = receivers.closed(lanes, self.most_lanes, now);
            let skip = Skip { receivers: closed, messages: backlog.refused().to_vec(), ..lanes.busy() };
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
