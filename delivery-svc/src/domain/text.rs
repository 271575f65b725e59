//! Text that people typed.

/// `text` without the space around it, where 1 to `most` characters are left and none of them is a control character
/// other than those in `allowed`.
pub fn trimmed(text: &str, most: usize, allowed: &[char]) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().take(most + 1).count() <= most;
    let printable = text.chars().all(|c| !c.is_control() || allowed.contains(&c));
    (fits && printable).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::trimmed;

    #[test]
    fn characters_are_counted_after_trimming_and_not_as_bytes() {
        assert_eq!(trimmed("  서울  ", 2, &[]).as_deref(), Some("서울"));
        assert_eq!(trimmed("서울시", 2, &[]), None);
        assert_eq!(trimmed(" \t ", 2, &[]), None);
    }

    #[test]
    fn control_characters_are_refused_unless_allowed() {
        assert_eq!(trimmed("a\u{7}b", 9, &[]), None);
        assert_eq!(trimmed("a\nb", 9, &[]), None);
        assert_eq!(trimmed("a\nb", 9, &['\n']).as_deref(), Some("a\nb"));
    }
}
