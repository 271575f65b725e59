//! YAML as a tree that keeps its order, and as text that people can read.

use std::fmt::{self, Write};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A string.
    Text(String),
    /// A boolean.
    Flag(bool),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in its order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// A mapping of these entries.
    pub fn map<const N: usize>(entries: [(&str, Node); N]) -> Self {
        Self::Map(entries.map(|(key, value)| (key.to_owned(), value)).into())
    }

    /// A sequence of these values.
    pub fn list<T: Into<Node>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// The mapping with one more entry; unchanged where `value` is an empty text, sequence or mapping.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Node>) -> Self {
        let value = value.into();
        if let Self::Map(entries) = &mut self
            && !value.is_empty()
        {
            entries.push((key.to_owned(), value));
        }
        self
    }

    /// A mapping's value.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// A mapping's value where it is a text, else nothing.
    pub fn text(&self, key: &str) -> &str {
        if let Some(Self::Text(text)) = self.get(key) { text } else { "" }
    }

    /// A mapping's entries; none of anything else.
    pub fn entries(&self) -> &[(String, Node)] {
        if let Self::Map(entries) = self { entries } else { &[] }
    }

    /// A sequence's items; none of anything else.
    pub fn items(&self) -> &[Node] {
        if let Self::List(items) = self { items } else { &[] }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
            Self::Flag(_) => false,
        }
    }

    fn write(&self, to: &mut String, depth: usize, in_list: bool) -> fmt::Result {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 || !in_list {
                        indent(to, depth);
                    }
                    write!(to, "{}:", scalar(key))?;
                    value.write_behind(to, depth)?;
                }
                Ok(())
            }
            Self::List(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 || !in_list {
                        indent(to, depth);
                    }
                    to.push('-');
                    if let Self::Map(_) | Self::List(_) = item
                        && !item.is_empty()
                    {
                        to.push(' ');
                        item.write(to, depth + 1, true)?;
                    } else {
                        item.write_behind(to, depth)?;
                    }
                }
                Ok(())
            }
            other => other.write_behind(to, depth),
        }
    }

    /// Writes the value of a key or the scalar of a list, with the blank or the line before it.
    fn write_behind(&self, to: &mut String, depth: usize) -> fmt::Result {
        match self {
            Self::Text(text) if text.contains('\n') => {
                to.push_str(" |-\n");
                for line in text.lines() {
                    if !line.is_empty() {
                        indent(to, depth + 1);
                    }
                    writeln!(to, "{line}")?;
                }
                Ok(())
            }
            Self::Text(text) => writeln!(to, " {}", scalar(text)),
            Self::Flag(flag) => writeln!(to, " {flag}"),
            Self::List(items) if items.is_empty() => writeln!(to, " []"),
            Self::Map(entries) if entries.is_empty() => writeln!(to, " {{}}"),
            Self::List(_) | Self::Map(_) => {
                to.push('\n');
                self.write(to, depth + 1, false)
            }
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text, 0, false)?;
        formatter.write_str(&text)
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Node {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Vec<Node>> for Node {
    fn from(items: Vec<Node>) -> Self {
        Self::List(items)
    }
}

fn indent(to: &mut String, depth: usize) {
    to.extend(std::iter::repeat_n("  ", depth));
}

/// A one-line text: bare where nothing can mistake it, else as a JSON string, which YAML reads alike.
fn scalar(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || " /._-{}$(),;'`=+".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '$');
    let word = !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    // A colon means something before a blank or at the end alone.
    let colons = !text.ends_with(':') && !text.contains(": ");
    if begins && word && colons && !text.ends_with(' ') && text.chars().all(|c| harmless(c) || c == ':') {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn texts_that_yaml_would_mistake_are_quoted() {
        let node =
            Node::list(["plain words", "a: b", "200", "no", "- x", "# x", "/v1/orders/{id}:cancel", "'x'", "@type"]);
        let text = node.to_string();
        let lines: Vec<_> = text.lines().collect();
        let quoted = [r#"- "a: b""#, r#"- "200""#, r#"- "no""#, r#"- "- x""#, r##"- "# x""##];
        assert_eq!(lines[1..6], quoted);
        assert_eq!((lines[0], lines[6]), ("- plain words", "- /v1/orders/{id}:cancel"));
        assert_eq!(lines[7..], [r#"- "'x'""#, r#"- "@type""#]);
    }

    #[test]
    fn nests_as_people_write_it() {
        let inner = Node::map([("name", "a".into()), ("tags", Node::list(["v", "w"])), ("none", Node::List(vec![]))]);
        let node = Node::map([("items", Node::List(vec![inner])), ("text", "two\nlines".into()), ("on", true.into())]);
        let expected = "items:\n  - name: a\n    tags:\n      - v\n      - w\n    none: []\ntext: |-\n  two\n  lines\n\"on\": true\n";
        assert_eq!(node.to_string(), expected);
    }
}
