//! Patience with whoever takes what a stream gives.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::Stream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::{
    watch_my_orders::{Ended, Update},
    watches::Pulse,
};

type Updates = Pin<Box<dyn Stream<Item = Result<Update, Ended>> + Send>>;

/// A stream that ends where it is not polled for longer than `patience`. What is before it polls whenever it is woken, but
/// while the receiver takes nothing; and this one wakes it often enough to tell. It may never be polled again: then whoever
/// looks at all watches cuts it off.
pub(super) struct Patient {
    updates: Updates,
    patience: Duration,
    pulse: Pulse,
    beat: Interval,
    polled_at: Instant,
    ended: bool,
}

impl Patient {
    pub(super) fn new(
        updates: impl Stream<Item = Result<Update, Ended>> + Send + 'static,
        patience: Duration,
        pulse: Pulse,
    ) -> Self {
        let mut beat = interval((patience / 2).max(Duration::from_millis(1)));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { updates: Box::pin(updates), patience, pulse, beat, polled_at: Instant::now(), ended: false }
    }
}

impl Stream for Patient {
    type Item = Result<Update, Ended>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let now = Instant::now();
        let late = now - std::mem::replace(&mut self.polled_at, now) > self.patience;
        if let Some(ended) = self.pulse.polled().map(Ended::CutOff).or(late.then_some(Ended::TooSlow)) {
            self.ended = true;
            self.updates = Box::pin(futures::stream::empty());
            return Poll::Ready(Some(Err(ended)));
        }
        while self.beat.poll_tick(cx).is_ready() {}
        self.updates.as_mut().poll_next(cx)
    }
}
