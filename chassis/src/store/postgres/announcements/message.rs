//! What one `NOTIFY` says.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// Bytes of one message at most; PostgreSQL takes less than 8,000.
const MAX_BYTES: usize = 7_000;
/// Bytes that a message has besides its words.
const FRAME: usize = 100;

/// Words of one process, by topic; a word that is none was lost.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    /// Which process says it.
    pub(super) from: String,
    /// What it says.
    pub(super) words: Vec<(String, Option<String>)>,
    /// Whether words of any topic were lost.
    pub(super) lost: bool,
}

/// Packs words into as few messages as they fit into, each word once. One that fits into none is told as lost.
pub(super) fn pack(from: &str, words: impl IntoIterator<Item = (&'static str, String)>, lost: bool) -> Vec<String> {
    let (mut said, mut messages, mut bytes) = (HashSet::new(), Vec::new(), FRAME);
    let mut message = Message { from: from.to_owned(), lost, ..Message::default() };
    for (topic, word) in words {
        let mut word = (topic.to_owned(), Some(word));
        if encoded(&word).len() + FRAME > MAX_BYTES {
            word.1 = None;
        }
        if !said.insert(word.clone()) {
            continue;
        }
        let more = encoded(&word).len() + 1;
        if bytes + more > MAX_BYTES {
            messages.push(encoded(&std::mem::take(&mut message)));
            (message.from, bytes) = (from.to_owned(), FRAME);
        }
        bytes += more;
        message.words.push(word);
    }
    if !message.words.is_empty() || message.lost {
        messages.push(encoded(&message));
    }
    messages
}

fn encoded<T: Serialize>(value: &T) -> String {
    // Texts and lists always have a JSON form.
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads a message; none where it is not of this form.
pub(super) fn unpack(text: &str) -> Option<Message> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(messages: &[String]) -> Vec<(String, Option<String>)> {
        assert!(messages.iter().all(|message| message.len() <= MAX_BYTES), "{messages:?}");
        messages.iter().flat_map(|message| unpack(message).expect("a message").words).collect()
    }

    #[test]
    fn each_word_is_packed_once_and_nothing_is_too_long() {
        let words = (0..3_000).map(|word| ("topic", format!("\"{}\"", word % 1_000)));
        let messages = pack("here", words, false);
        assert!(messages.len() < 5, "{}", messages.len());
        let expected: Vec<_> = (0..1_000).map(|word| ("topic".to_owned(), Some(format!("\"{word}\"")))).collect();
        assert_eq!(unpacked(&messages), expected);
    }

    #[test]
    fn a_word_that_is_too_long_is_told_as_lost() {
        let words = [("long", "\u{1}".repeat(6_000)), ("short", "word".to_owned())];
        let lost = ("long".to_owned(), None);
        assert_eq!(unpacked(&pack("here", words, false)), [lost, ("short".to_owned(), Some("word".to_owned()))]);
    }

    #[test]
    fn that_words_were_lost_is_told_even_where_there_is_none() {
        assert!(pack("here", [], false).is_empty());
        let messages = pack("here", [], true);
        assert!(unpack(&messages[0]).expect("a message").lost);
        assert_eq!(unpack("nonsense"), None);
    }
}
