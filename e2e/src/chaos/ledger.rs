//! What the clients were told: everything that has to hold in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::edge::{Told, Wanted};
use crate::checker::{Invariant, Placed, Violation};

/// What all clients were told, together.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Book>);

/// What stands in the ledger.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Acknowledged orders, by their ids.
    pub orders: BTreeMap<String, Bought>,
    /// What else was acknowledged about orders, by their ids.
    pub fates: BTreeMap<String, Fate>,
    /// How many units of each phone were registered, by the phone's id.
    pub registered: BTreeMap<String, usize>,
    /// The serials of units that were added, by the phone's id.
    pub added: BTreeMap<String, BTreeSet<String>>,
    /// The serials of units that were withdrawn, by the phone's id.
    pub withdrawn: BTreeMap<String, BTreeSet<String>>,
    /// What clients saw that must never be seen.
    pub violations: Vec<Violation>,
    /// How much was done.
    pub counts: Counts,
}

/// An acknowledged order.
#[derive(Clone, Debug)]
pub struct Bought {
    /// Whose it is, and to whom it goes.
    pub placed: Placed,
    /// The key that it was placed with.
    pub key: String,
    /// What was asked for.
    pub wanted: Wanted,
    /// What was answered.
    pub told: Told,
}

/// What an acknowledgement says about how an order ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Cancelled.
    Cancelled,
    /// Ended, and never shipped: cancelled or rejected.
    Ended,
    /// Shipped, perhaps delivered.
    Shipped,
    /// Delivered.
    Delivered,
}

/// How much was done.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Calls that were answered in the end.
    pub calls: u64,
    /// Tries that were not answered, or told to come back.
    pub tries_in_vain: u64,
    /// Calls that were sent several times at once.
    pub together: u64,
    /// Keys that were used with another body, and refused.
    pub reused: u64,
    /// Keys that were worn out by voids, and replaced.
    pub worn_out: u64,
    /// Looks at my page.
    pub looks: u64,
    /// Updates of watches.
    pub updates: u64,
    /// Orders that were acknowledged while something was away, by its name.
    pub while_away: BTreeMap<String, u64>,
}

impl Ledger {
    /// Changes or reads what stands there.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what must never be seen.
    pub fn broken(&self, invariant: Invariant, what: impl Into<String>) {
        self.book().violations.push(invariant.broken()(what.into()));
    }

    /// Notes an order that was acknowledged, and what was away meanwhile.
    pub fn bought(&self, bought: Bought, away: &BTreeSet<String>) {
        let mut book = self.book();
        let told = bought.told.clone();
        if told.status != "STATUS_PLACED" || told.version != 1 {
            book.violations
                .push(Invariant::I7.broken()(format!("an order is not answered as it was placed: {told:?}")));
        }
        for name in away {
            *book.counts.while_away.entry(name.clone()).or_default() += 1;
        }
        if let Some(twice) = book.orders.insert(told.order_id.clone(), bought) {
            book.violations.push(Invariant::I7.broken()(format!("two keys have one order: {told:?} and {twice:?}")));
        }
    }

    /// Notes what was acknowledged about an order's end.
    pub fn fate(&self, order_id: &str, fate: Fate) {
        let mut book = self.book();
        let before = book.fates.insert(order_id.to_owned(), fate);
        let goes = |fate: Fate| matches!(fate, Fate::Shipped | Fate::Delivered);
        if before.is_some_and(|before| goes(before) != goes(fate)) {
            let what = format!("order {order_id} was acknowledged as {before:?} and as {fate:?}");
            book.violations.push(Invariant::I3.broken()(what));
        }
        // What is delivered is shipped too: the further word stands.
        if let Some(before) = before.filter(|before| matches!(before, Fate::Delivered | Fate::Cancelled)) {
            book.fates.insert(order_id.to_owned(), before);
        }
    }

    /// Notes that a call was answered after so many tries.
    pub fn answered(&self, tries: u64) {
        let counts = &mut self.book().counts;
        counts.calls += 1;
        counts.tries_in_vain += tries.saturating_sub(1);
    }
}
