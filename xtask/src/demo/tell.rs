//! Saying what happens, and insisting on what was promised.

use std::fmt::Debug;
use std::time::Duration;

use super::api::{Answer, Failure};
use crate::error::{Error, Result};
use crate::wait;

/// How long what follows by events may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Says which requirement comes now.
pub fn requirement(number: u8, what: &str) {
    println!("\n  {number}. {what}");
}

/// Says what comes after the requirements.
pub fn part(what: &str) {
    println!("\n  + {what}");
}

/// Says what happened.
pub fn say(what: impl AsRef<str>) {
    println!("     {}", what.as_ref());
}

/// Insists that two values agree.
///
/// # Errors
/// They do not.
pub fn insist<T: PartialEq + Debug>(what: &str, seen: &T, promised: &T) -> Result<()> {
    if seen == promised {
        return Ok(());
    }
    Err(Error::new(format!("{what}: promised {promised:?}, saw {seen:?}")))
}

/// Insists on a success.
///
/// # Errors
/// The call failed.
pub fn done<T>(answer: Answer<T>) -> Result<T> {
    answer.map_err(|failure| Error::new(format!("promised a success, but {failure}")))
}

/// Insists on a refusal for a reason.
///
/// # Errors
/// The call succeeded, or was refused for another reason.
pub fn refused<T>(what: &str, answer: Answer<T>, reason: &str) -> Result<Failure> {
    match answer {
        Err(failure) if failure.reason == reason => Ok(failure),
        Err(failure) => Err(Error::new(format!("{what}: promised a refusal with {reason}, but {failure}"))),
        Ok(_) => Err(Error::new(format!("{what}: promised a refusal with {reason}, but it was a success"))),
    }
}

/// Looks until an answer is as promised; `seen` says what there is instead, or nothing where it is.
///
/// # Errors
/// It was not so within half a minute.
pub async fn eventually<T, F, Fut>(what: &str, mut call: F, seen: impl Fn(&T) -> Option<String>) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Answer<T>>,
{
    wait::until(what, LIMIT, || {
        let answer = call();
        let seen = &seen;
        async move {
            let found = answer.await.map_err(|failure| failure.to_string())?;
            seen(&found).map_or(Ok(found), Err)
        }
    })
    .await
}

/// What there is instead of a status, for [`eventually`].
pub fn unless(status: &str, promised: &str) -> Option<String> {
    (status != promised).then(|| status.to_owned())
}

/// Says where it was that something was not as promised.
pub fn at(place: &str) -> impl Fn(Error) -> Error {
    move |error| Error::new(format!("{place}: {}", error.message()))
}
