//! Text that people typed.

/// `text` without the space around it, where 1 to `most` characters are left and none of them is a control character.
pub fn trimmed(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().take(most + 1).count() <= most;
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// The same, with a letter or a digit that can be seen.
pub fn readable(text: &str, most: usize) -> Option<String> {
    trimmed(text, most).filter(|text| text.chars().any(is_readable))
}

/// Unicode counts the fillers of Hangul among its letters, and they show nothing.
fn is_readable(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
}

#[cfg(test)]
mod tests {
    use super::{readable, trimmed};

    #[test]
    fn characters_are_counted_after_trimming_and_not_as_bytes() {
        assert_eq!(trimmed("  서울  ", 2).as_deref(), Some("서울"));
        assert_eq!(trimmed("서울시", 2), None);
        assert_eq!(trimmed(" \t ", 2), None);
    }

    #[test]
    fn control_characters_are_refused() {
        assert_eq!(trimmed("a\u{7}b", 9), None);
        assert_eq!(trimmed("a\nb", 9), None);
    }

    #[test]
    fn what_nobody_can_read_is_not_readable() {
        assert_eq!(readable(" 3 동 ", 9).as_deref(), Some("3 동"));
        for nothing in ["-", "\u{200B}", "\u{3164}\u{3164}", "...", "\u{2800}"] {
            assert_eq!(readable(nothing, 9), None, "{nothing:?}");
        }
    }
}
