//! Fills in configuration templates: each `@NAME@` is replaced by a value.
//!
//! A list takes the place of its quotes as well: with one, `'@ORDER_ENDPOINTS@'` becomes `[…]`.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// Values by placeholder, without the `@`.
pub type Values = BTreeMap<String, String>;

/// How the names of lists end.
const LIST: &str = "_ENDPOINTS";

/// The template with every placeholder replaced.
///
/// # Errors
/// The template has a placeholder without a value; all of them are named.
pub fn render(template: &str, values: &Values) -> Result<String> {
    let mut text = String::with_capacity(template.len());
    let mut missing = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('@') {
        text.push_str(before);
        let Some((name, tail)) = after.split_once('@').filter(|(name, _)| is_name(name)) else {
            text.push('@');
            rest = after;
            continue;
        };
        let unquoted = tail.strip_prefix('\'').filter(|_| name.ends_with(LIST) && text.ends_with('\''));
        text.truncate(text.len() - usize::from(unquoted.is_some()));
        match values.get(name) {
            Some(value) => text.push_str(value),
            None => missing.push(format!("@{name}@")),
        }
        rest = unquoted.unwrap_or(tail);
    }
    text.push_str(rest);
    if missing.is_empty() {
        Ok(text)
    } else {
        Err(Error::new(format!("the template's {} got no value", missing.join(", "))))
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::{Values, render};

    #[test]
    fn replaces_names_and_nothing_else() {
        let values = Values::from([("PORT".to_owned(), "8088".to_owned()), ("HOST".to_owned(), "::1".to_owned())]);
        let text = "'@type': x # `@PORT@`\nport: '@PORT@'\nhost: '@HOST@' mail@example.org";
        let filled = render(text, &values).expect("filled in");
        assert_eq!(filled, "'@type': x # `8088`\nport: '8088'\nhost: '::1' mail@example.org");
    }

    #[test]
    fn a_list_takes_the_place_of_its_quotes() {
        let values = Values::from([("A_ENDPOINTS".to_owned(), "[{ port: 1 }]".to_owned())]);
        let filled = render("hosts: '@A_ENDPOINTS@' # @A_ENDPOINTS@", &values).expect("filled in");
        assert_eq!(filled, "hosts: [{ port: 1 }] # [{ port: 1 }]");
    }

    #[test]
    fn names_every_placeholder_that_has_no_value() {
        let error = render("@ONE@ @TWO@", &Values::new()).expect_err("no values").to_string();
        assert!(error.contains("@ONE@, @TWO@"), "{error}");
    }
}
