//! Patience with whoever takes what a stream gives.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::Stream;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    watch_my_orders::{Ended, Update},
    watches::Pulse,
};

type Updates = Pin<Box<dyn Stream<Item = Result<Update, Ended>> + Send>>;

/// A stream that ends where it is not polled for longer than `patience`. What is before it polls whenever it is woken, but
/// while the receiver takes nothing; and this one wakes it often enough to tell. It may never be polled again: then whoever
/// looks at all watches cuts it off.
pub(super) struct Patient {
    /// None once it has ended.
    updates: Option<Updates>,
    patience: Duration,
    pulse: Pulse,
    beat: Interval,
}

impl Patient {
    pub(super) fn new(
        updates: impl Stream<Item = Result<Update, Ended>> + Send + 'static,
        patience: Duration,
        pulse: Pulse,
    ) -> Self {
        let mut beat = interval((patience / 2).max(Duration::from_millis(1)));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { updates: Some(Box::pin(updates)), patience, pulse, beat }
    }
}

impl Stream for Patient {
    type Item = Result<Update, Ended>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some(updates) = &mut this.updates else { return Poll::Ready(None) };
        let (unpolled, cut) = this.pulse.polled();
        let late = unpolled > this.patience;
        if let Some(ended) = cut.map(Ended::CutOff).or(late.then_some(Ended::TooSlow)) {
            this.updates = None;
            return Poll::Ready(Some(Err(ended)));
        }
        while this.beat.poll_tick(cx).is_ready() {}
        updates.as_mut().poll_next(cx)
    }
}
