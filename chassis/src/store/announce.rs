//! Announcements: words that every process on a database hears after a commit. They save waiting and nothing else: whoever
//! hears them looks by itself every so often as well.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::broadcast;

/// Words that a hearer may be behind; then it hears that it missed some.
const BEHIND: usize = 1_024;

/// The transaction's part that announces what it changed.
pub trait Announce: Send {
    /// Says `word` under `topic` after the commit, to every process on this database; never where the unit is rolled back.
    /// A word may be said more than once, or be lost: then whoever hears the topic is told so where that can be told.
    fn announce(&mut self, topic: &'static str, word: String);
}

/// What a hearer hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// This was said.
    Said(Arc<str>),
    /// Something may have been said that was lost: look at everything.
    Missed,
}

/// Where words are said and heard, by topic.
#[derive(Clone, Default)]
pub struct Announcements {
    topics: Arc<Mutex<HashMap<&'static str, broadcast::Sender<Word>>>>,
}

impl Announcements {
    /// Hears what is said under `topic` from now on.
    pub fn hear(&self, topic: &'static str) -> Heard {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = topics.entry(topic).or_insert_with(|| broadcast::Sender::new(BEHIND)).subscribe();
        Heard { heard, _announcements: self.clone() }
    }

    /// Says a word in this process alone.
    pub fn say(&self, topic: &str, word: &str) {
        self.tell(topic, || Word::Said(word.into()));
    }

    /// Some words of a topic were lost.
    pub(super) fn lost(&self, topic: &str) {
        self.tell(topic, || Word::Missed);
    }

    /// Some words of any topic were lost.
    pub(super) fn all_lost(&self) {
        for topic in self.topics.lock().unwrap_or_else(PoisonError::into_inner).values() {
            let _nobody_hears = topic.send(Word::Missed);
        }
    }

    fn tell(&self, topic: &str, word: impl FnOnce() -> Word) {
        if let Some(topic) = self.topics.lock().unwrap_or_else(PoisonError::into_inner).get(topic)
            && topic.receiver_count() > 0
        {
            let _nobody_hears = topic.send(word());
        }
    }
}

/// One who hears a topic.
pub struct Heard {
    heard: broadcast::Receiver<Word>,
    /// As long as somebody hears, there is somewhere to hear.
    _announcements: Announcements,
}

impl Heard {
    /// The next word; waits for it. A call that is dropped loses none.
    pub async fn next(&mut self) -> Word {
        match self.heard.recv().await {
            Ok(word) => word,
            Err(broadcast::error::RecvError::Lagged(_behind)) => Word::Missed,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_topic_is_heard_by_all_who_hear_it_and_by_nobody_else() {
        let announcements = Announcements::default();
        announcements.say("a", "before anybody");
        let (mut one, mut two, mut other) = (announcements.hear("a"), announcements.hear("a"), announcements.hear("b"));
        announcements.say("a", "1");
        announcements.lost("a");
        announcements.say("b", "2");
        for heard in [&mut one, &mut two] {
            assert_eq!(heard.next().await, Word::Said("1".into()));
            assert_eq!(heard.next().await, Word::Missed);
        }
        assert_eq!(other.next().await, Word::Said("2".into()));
        announcements.all_lost();
        assert_eq!((one.next().await, other.next().await), (Word::Missed, Word::Missed));
    }

    #[tokio::test]
    async fn who_is_too_far_behind_hears_that_it_missed_some() {
        let announcements = Announcements::default();
        let mut heard = announcements.hear("a");
        for word in 0..=BEHIND {
            announcements.say("a", &word.to_string());
        }
        assert_eq!(heard.next().await, Word::Missed);
        assert_eq!(heard.next().await, Word::Said("1".into()));
    }
}
