//! The audit: a record of each change that a person made, kept in the change's own transaction.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::Error;

/// The fields of something at one moment, for a record to tell what changed of it.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<Field>);

#[derive(Clone, Debug)]
struct Field {
    name: &'static str,
    value: String,
    personal: bool,
}

impl Fields {
    /// With a field and its value; empty for none.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a value is handed over as it is, borrowed or not")]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.push(Field { name, value: value.to_string(), personal: false });
        self
    }

    /// With a field that holds personal data: its value is compared and never kept.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a value is handed over as it is, borrowed or not")]
    pub fn personal(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.push(Field { name, value: value.to_string(), personal: true });
        self
    }

    /// What differs from `self` in `after`; a field that one of both lacks is empty there.
    pub fn changes(&self, after: &Self) -> Vec<FieldChange> {
        let before_of = |name| self.0.iter().find(|field| field.name == name);
        let gone = self.0.iter().filter(|field| after.0.iter().all(|other| other.name != field.name));
        let kept = after.0.iter().map(|field| change(before_of(field.name), Some(field)));
        kept.chain(gone.map(|field| change(Some(field), None))).flatten().collect()
    }
}

/// How a field changed; none where it did not.
fn change(before: Option<&Field>, after: Option<&Field>) -> Option<FieldChange> {
    let name = after.or(before)?.name;
    let personal = before.is_some_and(|field| field.personal) || after.is_some_and(|field| field.personal);
    let value = |field: Option<&Field>| field.map(|field| field.value.clone()).unwrap_or_default();
    let (before, after) = (value(before), value(after));
    if before == after {
        return None;
    }
    if personal {
        return Some(FieldChange { name: name.to_owned(), before: String::new(), after: String::new(), personal });
    }
    Some(FieldChange { name: name.to_owned(), before, after, personal })
}

/// How one field changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The field.
    pub name: String,
    /// Its value before; empty for none, and always where personal.
    pub before: String,
    /// Its value after; empty for none, and always where personal.
    pub after: String,
    /// Whether it holds personal data.
    pub personal: bool,
}

/// A change that a person made.
#[derive(Clone, Debug)]
pub struct Record {
    /// What the person was when it acted, such as `OPERATOR`.
    pub actor_role: &'static str,
    /// The person's opaque subject.
    pub actor_id: String,
    /// What was done, as its RPC is called, such as `CancelOrder`.
    pub action: &'static str,
    /// What kind of thing it was done to, such as `order`.
    pub subject_kind: &'static str,
    /// Which one.
    pub subject_id: String,
    /// What changed of it.
    pub changes: Vec<FieldChange>,
    /// When.
    pub time: OffsetDateTime,
}

/// The transaction's part that keeps the audit.
#[async_trait::async_trait]
pub trait Audit: Send {
    /// Keeps a record; the current trace goes with it.
    ///
    /// # Errors
    /// The database failed.
    async fn audit(&mut self, record: &Record) -> Result<(), Error>;
}

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record's own id.
    pub id: Uuid,
    /// What the person was when it acted.
    pub actor_role: String,
    /// The person's opaque subject.
    pub actor_id: String,
    /// What was done.
    pub action: String,
    /// What kind of thing it was done to.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: String,
    /// What changed of it.
    pub changes: Vec<FieldChange>,
    /// The trace of the call, as W3C `traceparent`.
    pub traceparent: Option<String>,
    /// When.
    pub time: OffsetDateTime,
}

/// Which records are asked for: the oldest first, by time and then by id.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only what was done to this.
    pub subject_id: Option<String>,
    /// Only what this person did.
    pub actor_id: Option<String>,
    /// Only what was done then or later.
    pub since: Option<OffsetDateTime>,
    /// Only those after this one.
    pub after: Option<(OffsetDateTime, Uuid)>,
    /// At most so many.
    pub rows: i64,
}

/// The audit, outside of any transaction.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// The records that are asked for.
    ///
    /// # Errors
    /// The database failed.
    async fn records(&self, query: &Query) -> Result<Vec<Entry>, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_told_and_nothing_personal() {
        let before =
            Fields::default().with("status", "PLACED").with("version", 1).personal("recipient.name", "Kim Mina");
        let after = Fields::default()
            .with("status", "CANCELLED")
            .with("version", 1)
            .with("cancel_reason", "too late")
            .personal("recipient.name", "");
        let changes = before.changes(&after);
        let told: Vec<_> = changes
            .iter()
            .map(|change| (change.name.as_str(), change.before.as_str(), change.after.as_str(), change.personal))
            .collect();
        assert_eq!(
            told,
            [
                ("status", "PLACED", "CANCELLED", false),
                ("cancel_reason", "", "too late", false),
                ("recipient.name", "", "", true)
            ]
        );
        assert!(after.changes(&after).is_empty());
        assert_eq!(after.changes(&Fields::default()).len(), 3, "what is gone is told, what was empty is not");
    }
}
