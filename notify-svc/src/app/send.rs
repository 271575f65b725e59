//! Sends what is due on one channel: one lane a recipient, so that a slow one delays nobody else. Several processes share
//! the work: each takes what it sends for so long that no attempt outlives it, and one recipient's messages are with one
//! process at a time. Lanes, and what is known of receivers in trouble, are each process's own.

mod lanes;
mod pause;
mod post;
mod receivers;
mod record;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chassis::{
    clock::Clock,
    refusal::chain,
    store::{self, Store},
};
use time::OffsetDateTime;
use tokio::{sync::Mutex, time::Instant};
use uuid::Uuid;

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
    ports::{Channel, Due, Hold, Read, Skip, Texts, Tx},
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
/// How long after the last attempt may have ended its outcome may still be on its way to the database.
const RECORDING: Duration = Duration::from_secs(10);
/// Times in a row that everything which was due may be with others by the time that it is taken.
const FRUITLESS: u32 = 2;

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

impl Limits {
    /// For how long messages are taken: a lane begins no attempt later than one time-out after its first. Whatever a process
    /// that dies has taken is sent by another after that.
    pub fn hold(&self) -> Duration {
        self.attempt_timeout * 2 + RECORDING
    }
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
/// same id, where the process ends between sending and recording: once its hold on the message has ended. Where recording
/// fails, what became of the messages is kept and recorded, after a pause, before anything else is sent.
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
    finished: bool,
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
        let recorder = Recorder { store: means.store.clone(), retry: limits.retry };
        let (holder, stopped) = (Uuid::now_v7(), AtomicBool::new(false));
        let post = Arc::new(Post { name, channel, holder, means: means.clone(), limits, recorder, stopped });
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
        let more = self.work(state).await?;
        state.quiet = (state.lanes.is_empty() && !more).then(|| Quiet { rings, since: Instant::now() });
        Ok(())
    }

    /// Sends for about a second at most, less where nothing is due or every lane is slow; those lanes go on meanwhile.
    ///
    /// # Errors
    /// The database failed. What was sent and not recorded is recorded after a pause in which each run is an error.
    pub async fn run(&self) -> Result<(), store::Error> {
        self.work(&mut *self.state.lock().await).await.map(|_more| ())
    }

    /// Sends nothing more, waits for what is on its way, and gives back what was not tried, so that another process sends it
    /// at once.
    pub async fn finish(&self) {
        let state = &mut *self.state.lock().await;
        state.finished = true;
        self.post.stopped.store(true, Ordering::Release);
        let patience = self.post.limits.hold();
        while let Some((_lane, outcome)) = state.lanes.one_ends_within(patience).await {
            let kept = outcome.and_then(|delivered| state.backlog.keep(delivered.left));
            if let Err(error) = kept {
                tracing::warn!(cause = chain(&error), "what was sent last is not recorded yet");
            }
        }
        if let Err(error) = state.backlog.catch_up(&self.post.recorder).await {
            tracing::error!(cause = chain(&error), "what was sent last is not recorded; it is sent again");
        }
    }

    /// Answers whether there is more to send.
    async fn work(&self, state: &mut State) -> Result<bool, store::Error> {
        let began = Instant::now();
        loop {
            if state.finished {
                return Ok(false);
            }
            self.collect(state)?;
            if state.pause.holds(self.means.clock.now()) {
                return Err(store::Error::Unavailable("what was sent could not be recorded; sending pauses".into()));
            }
            self.catch_up(state).await?;
            let more = self.open(state).await?;
            if state.lanes.is_empty() || began.elapsed() >= RUN {
                return Ok(more);
            }
            let Some((lane, outcome)) = state.lanes.one_ends_within(PATIENCE).await else { return Ok(more) };
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

    /// Opens lanes for recipients that have none, while there is room; answers whether there is more to send.
    async fn open(&self, state: &mut State) -> Result<bool, store::Error> {
        let mut fruitless = 0;
        while state.lanes.len() < self.most_lanes && fruitless < FRUITLESS {
            let now = self.means.clock.now();
            let closed = state.receivers.closed(&state.lanes.receivers(), self.most_lanes, now);
            let skip = Skip { receivers: closed, messages: state.backlog.refused().to_vec(), ..state.lanes.busy() };
            let due = self.means.reads.due(self.name, now, &skip, BATCH).await?;
            if due.is_empty() {
                return Ok(false);
            }
            let chosen = self.choose(state, due, now);
            let mut taken = self.take(&chosen, now).await?;
            fruitless = if taken.is_empty() { fruitless + 1 } else { 0 };
            for (lane, due) in chosen {
                let messages: Vec<Message> = due.iter().filter_map(|one| taken.remove(&one.message_id)).collect();
                if !messages.is_empty() {
                    state.lanes.open(lane, Arc::clone(&self.post).deliver(messages));
                }
            }
        }
        Ok(true)
    }

    /// Whom lanes are to be opened for, as far as there is room.
    fn choose(&self, state: &State, due: Vec<Due>, now: OffsetDateTime) -> Vec<(Lane, Vec<Due>)> {
        let (mut open, mut chosen) = (state.lanes.receivers(), Vec::new());
        for (lane, due) in by_recipient(due) {
            let closed = |receiver: &String| state.receivers.is_closed(receiver, &open, self.most_lanes, now);
            if state.lanes.len() + chosen.len() < self.most_lanes && !lane.receiver.as_ref().is_some_and(closed) {
                open.extend(lane.receiver.clone());
                chosen.push((lane, due));
            }
        }
        chosen
    }

    /// Takes what lanes are to bring, as far as nobody else has it; by message.
    async fn take(
        &self,
        chosen: &[(Lane, Vec<Due>)],
        now: OffsetDateTime,
    ) -> Result<HashMap<Uuid, Message>, store::Error> {
        let due: Arc<[Due]> = chosen.iter().flat_map(|(_lane, due)| due.iter().cloned()).collect();
        let hold = Hold { channel: self.name, holder: self.post.holder, now, until: now + self.post.limits.hold() };
        let taken: Result<Vec<Message>, store::Error> = self
            .means
            .store
            .run(move |tx| {
                let due = Arc::clone(&due);
                Box::pin(async move { tx.take(&due, &hold).await })
            })
            .await;
        Ok(taken?.into_iter().map(|message| (message.id, message)).collect())
    }
}

/// Groups messages by recipient, both in the order in which they came.
fn by_recipient(due: Vec<Due>) -> Vec<(Lane, Vec<Due>)> {
    let mut groups: Vec<(Lane, Vec<Due>)> = Vec::new();
    for one in due {
        match groups.iter_mut().find(|(lane, _)| lane.recipient == one.recipient) {
            Some((_, group)) => group.push(one),
            None => groups.push((Lane { recipient: one.recipient.clone(), receiver: one.receiver.clone() }, vec![one])),
        }
    }
    groups
}
