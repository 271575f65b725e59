//! A source file as the rules see it: comments gone, strings emptied, tests told apart. Lines stay where they were.

/// One Rust file.
pub struct Source {
    /// Its path below the root.
    pub path: String,
    /// The file as it is.
    pub text: String,
    /// Everything but comments and what is in quotes.
    pub code: String,
    /// The part of `code` that ships.
    pub production: String,
    /// The part of `code` that tests.
    pub tests: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = strip(text);
        let (production, tests) = if is_test_file(path) { (blank(&code), code.clone()) } else { split_tests(&code) };
        Self { path: path.to_owned(), text: text.to_owned(), code, production, tests }
    }

    /// A fault at a byte of one of the texts.
    pub fn fault(&self, text: &str, at: usize, what: &str) -> String {
        let line = text[..at].matches('\n').count() + 1;
        format!("{}:{line}: {what}", self.path)
    }
}

/// The identifiers (and keywords) of a text, each with its place.
pub fn identifiers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let begin = rest + text[rest..].find(is_part)?;
        let end = text[begin..].find(|c| !is_part(c)).map_or(text.len(), |length| begin + length);
        rest = end;
        Some((begin, &text[begin..end]))
    })
}

/// The end of the block that opens at or after `from`; none where a `;` comes first. Bytes of the closing brace's end.
pub fn block_end(code: &str, from: usize) -> Option<usize> {
    let (mut braces, mut nested) = (0_usize, 0_usize);
    for (offset, c) in code[from..].char_indices() {
        match c {
            '(' | '[' if braces == 0 => nested += 1,
            ')' | ']' if braces == 0 => nested = nested.saturating_sub(1),
            ';' if braces == 0 && nested == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return Some(from + offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/').any(|part| part == "tests") || matches!(name, "tests.rs" | "testing.rs")
}

/// Tells what is below `#[cfg(test)]` from the rest.
fn split_tests(code: &str) -> (String, String) {
    const MARK: &str = "#[cfg(test)]";
    let (mut production, mut tests, mut done) = (String::new(), String::new(), 0);
    while let Some(found) = code[done..].find(MARK) {
        let begin = done + found;
        let end = block_end(code, begin + MARK.len())
            .unwrap_or_else(|| code[begin..].find(';').map_or(code.len(), |length| begin + length + 1));
        production.push_str(&code[done..begin]);
        production.push_str(&blank(&code[begin..end]));
        tests.push_str(&blank(&code[done..begin]));
        tests.push_str(&code[begin..end]);
        done = end;
    }
    production.push_str(&code[done..]);
    tests.push_str(&blank(&code[done..]));
    (production, tests)
}

fn blank(text: &str) -> String {
    text.chars().filter(|c| *c == '\n').collect()
}

/// The text without comments and what is in quotes.
fn strip(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(c) = rest.chars().next() {
        let dropped = if rest.starts_with("//") {
            Some(rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            Some(block_comment(rest))
        } else {
            literal(rest, &out)
        };
        match dropped {
            Some(length) => out.push_str(&blank(&rest[..length])),
            None => out.push(c),
        }
        rest = &rest[dropped.unwrap_or(c.len_utf8())..];
    }
    out
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of the string or character that begins here, if one does.
fn literal(text: &str, before: &str) -> Option<usize> {
    let in_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    if let Some(raw) = text.strip_prefix('r').filter(|_| !in_word || before.ends_with('b')) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let body = raw[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        return body.find(&close).map(|end| 1 + hashes + 1 + end + close.len());
    }
    match text.chars().next()? {
        '"' => quoted(text, '"'),
        // A lifetime has no closing quote two characters on; a character has, or is escaped.
        '\'' if text[1..].starts_with('\\') || text.chars().nth(2) == Some('\'') => quoted(text, '\''),
        _ => None,
    }
}

fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

#[test]
fn comments_and_strings_are_no_code() {
    let text = "let a = \"x // \\\" y\"; // tokio\n/* sqlx /* deep */ */ let b = r#\"say \"z\"\"#; let c: &'static str = 'd'; let e = '\\'';";
    let source = Source::new("order-svc/src/lib.rs", text);
    let words: Vec<_> = identifiers(&source.code).map(|(_, word)| word).collect();
    assert_eq!(words, ["let", "a", "let", "b", "let", "c", "static", "str", "let", "e"]);
}

#[test]
fn tests_are_told_apart_and_lines_stay() {
    let text =
        "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { }\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}\n";
    let source = Source::new("chassis/src/a.rs", text);
    let names = |text: &str| {
        identifiers(text).filter(|(_, word)| word.len() == 1).map(|(_, word)| word.to_owned()).collect::<String>()
    };
    assert_eq!((names(&source.production).as_str(), names(&source.tests).as_str()), ("acd", "b"));
    let at = source.production.find("fn d").expect("d");
    assert_eq!(source.fault(&source.production, at, "here"), "chassis/src/a.rs:9: here");
    assert_eq!(names(&Source::new("chassis/tests/it/main.rs", text).tests), "abcd");
}
