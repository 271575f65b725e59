//! Hears of changes and switches, whichever process made them.

use chassis::{
    refusal::chain,
    store::{Heard, Word},
};

use super::{announced::Announced, look_for_watches::LookForWatches, watches::Watches};

/// Wakes watches for what is announced.
#[derive(Clone)]
pub struct HearChanges {
    watches: Watches,
    look: LookForWatches,
}

impl HearChanges {
    /// Wakes `watches`, by `look` where something may have been missed.
    pub fn new(watches: Watches, look: LookForWatches) -> Self {
        Self { watches, look }
    }

    /// Does so for ever. Nothing depends on it alone: what is missed is found by looking every so often.
    pub async fn run(&self, mut heard: Heard) {
        loop {
            let said = match heard.next().await {
                Word::Said(word) => word.parse::<Announced>().ok(),
                Word::Missed => None,
            };
            match said {
                Some(announced) => announced.tell(&self.watches),
                None => self.look_at_all().await,
            }
        }
    }

    async fn look_at_all(&self) {
        if let Err(error) = self.look.run().await {
            tracing::debug!(cause = chain(&error), "changes may have been missed, they are looked for soon");
        }
    }
}
