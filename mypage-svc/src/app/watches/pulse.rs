//! When a watch was last looked at by whoever sends what it gives, and whether it was cut off meanwhile.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::Limits;

/// Why a watch was cut off from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The watcher took nothing for too long.
    TooSlow,
    /// The watcher's token is worth nothing any more.
    Expired,
}

/// What a watch and those who look at all watches share of it.
#[derive(Clone)]
pub struct Pulse(Arc<Mutex<State>>);

struct State {
    polled_at: Instant,
    told_at: Instant,
    /// Up to where everything was told; none while more is to be.
    told_to: Option<(i64, i64)>,
    cut: Option<Cut>,
}

impl Pulse {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(State { polled_at: now, told_at: now, told_to: None, cut: None })))
    }

    /// The watch is polled; answers for how long it was not, and why it was cut off, if it was.
    pub(in crate::app) fn polled(&self) -> (Duration, Option<Cut>) {
        let (mut state, now) = (self.state(), Instant::now());
        (now - std::mem::replace(&mut state.polled_at, now), state.cut)
    }

    /// The watch told something, and everything up to a place if there is one.
    pub(in crate::app) fn told(&self, to: Option<(i64, i64)>) {
        let mut state = self.state();
        (state.told_at, state.told_to) = (Instant::now(), to);
    }

    /// When the watch told something last, or began.
    pub(in crate::app) fn told_at(&self) -> Instant {
        self.state().told_at
    }

    /// Cuts the watch off where its token has expired, or where it was not polled for too long although there is something
    /// to tell: `place` is how far what it watches has come.
    pub(super) fn cut_off(&self, expired: bool, place: (i64, i64), limits: &Limits) -> Option<Cut> {
        let mut state = self.state();
        let waits = state.told_to.is_none_or(|to| place > to) || state.told_at.elapsed() >= limits.heartbeat;
        state.cut = match (expired, waits && state.polled_at.elapsed() > limits.patience) {
            (true, _) => Some(Cut::Expired),
            (false, true) => Some(Cut::TooSlow),
            (false, false) => None,
        };
        state.cut
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
