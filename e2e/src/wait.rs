//! Waiting for a state, never for a time: a bound ends what would wait for ever.

use std::time::Duration;

/// The longest wait for anything.
pub const LIMIT: Duration = Duration::from_mins(3);

/// Looks until `look` gives something; what it saw instead is told when [`LIMIT`] is over.
///
/// # Panics
/// Nothing was found within [`LIMIT`].
pub async fn until<T, F, Fut>(what: &str, look: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    xtask::wait::until(what, LIMIT, look).await.unwrap_or_else(|error| panic!("{error}"))
}

/// `Ok` where the condition holds, else what was seen; for the looks of [`until`].
pub fn holds(condition: bool, seen: impl Into<String>) -> Result<(), String> {
    if condition { Ok(()) } else { Err(seen.into()) }
}
