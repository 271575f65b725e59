//! Who changes something.

/// A person who changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What the person is when it acts, such as `OPERATOR`.
    pub role: &'static str,
    /// The person's opaque subject.
    pub id: String,
}
