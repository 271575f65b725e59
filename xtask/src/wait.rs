//! Waiting for a state, with a bound.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How long a look that found nothing is followed by none.
const PAUSE: Duration = Duration::from_millis(25);

/// Looks until `look` gives something, for at most `limit`.
///
/// `look` answers what it found, or what it saw instead; the last of the latter is in the error.
///
/// # Errors
/// Nothing was found within `limit`.
pub async fn until<T, F, Fut>(what: &str, limit: Duration, mut look: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    let begun = Instant::now();
    let mut seen = "nothing".to_owned();
    while begun.elapsed() < limit {
        let left = limit.saturating_sub(begun.elapsed());
        match tokio::time::timeout(left, look()).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(other)) => seen = other,
            Err(_) => break,
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(Error::new(format!("waited {:.1} s for {what}, and saw {seen}", limit.as_secs_f32())))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[tokio::test]
    async fn answers_what_was_found() {
        let mut looks = 0;
        let found = super::until("the third look", Duration::from_secs(1), || {
            looks += 1;
            let look = looks;
            async move { if look == 3 { Ok(look) } else { Err("too early".to_owned()) } }
        });
        assert_eq!(found.await.expect("found"), 3);
    }

    #[tokio::test]
    async fn says_what_it_saw_instead() {
        let missing =
            super::until("a miracle", Duration::from_millis(60), || async { Err::<(), _>("the usual".to_owned()) });
        let error = missing.await.expect_err("there are none").to_string();
        assert!(error.contains("a miracle") && error.contains("the usual"), "{error}");
    }
}
