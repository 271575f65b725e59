//! What is written to the terminal, or for a script.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use prost_types::Timestamp;
use serde_json::Value;

use crate::error::Error;

/// Where answers go: standard output, as tables or as one JSON value.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    /// JSON where asked for, else for people.
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Writes an answer: its JSON, or what people read.
    ///
    /// # Errors
    /// Standard output takes no more.
    pub fn tell(self, json: &Value, people: impl FnOnce() -> String) -> Result<(), Error> {
        let text = if self.json { format!("{json:#}") } else { people() };
        let written = writeln!(std::io::stdout().lock(), "{}", text.trim_end());
        match written {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(|error| Error::Broken(format!("writing the answer: {error}"))),
        }
    }
}

/// A table with these titles; `none` where it has no rows.
pub fn table<const N: usize>(titles: [&str; N], rows: Vec<[String; N]>, none: &str) -> String {
    if rows.is_empty() {
        return none.to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(titles);
    for row in rows {
        table.add_row(row.map(|cell| clean(&cell)));
    }
    table.trim_fmt()
}

/// Text from elsewhere, safe to show: a control character could move the cursor or worse.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// A time in UTC; empty where absent.
pub fn time(time: Option<&Timestamp>) -> String {
    time.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_no_control_characters() {
        let told = table(["A", "B"], vec![["x\u{1b}[2J".into(), "y\nz".into()]], "nothing");
        assert!(told.contains('A') && told.contains("x\u{FFFD}[2J") && !told.contains('\u{1b}'), "{told:?}");
        assert_eq!(told.lines().count(), 2, "{told}");
        assert_eq!(table(["A"], vec![], "nothing"), "nothing");
    }

    #[test]
    fn times_are_told_in_utc() {
        assert_eq!(time(Some(&Timestamp { seconds: 1, nanos: 500_000_000 })), "1970-01-01T00:00:01.500Z");
        assert_eq!(time(None), "");
    }
}
