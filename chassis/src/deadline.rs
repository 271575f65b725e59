//! Deadlines: every call has one, and passes on what remains of it.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tokio::time::{Instant, sleep_until};
use tonic::Status;
use tower::{Layer, Service};

use crate::refusal::{Refusal, reason};

/// How gRPC passes deadlines on.
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// The most that `grpc-timeout` can say with eight digits.
const MAX_DIGITS: u64 = 99_999_999;
/// No deadline is farther than this.
const FARTHEST: Duration = Duration::from_hours(24);

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Whose deadline was spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Spent {
    /// The one that was set here.
    #[error("the call's own deadline passed")]
    Own,
    /// The caller's, which was sooner.
    #[error("the caller's deadline passed")]
    Callers,
}

/// What remains until the current call's deadline, zero where it is spent; none where there is no deadline.
pub fn remaining() -> Option<Duration> {
    current().map(|deadline| deadline.saturating_duration_since(Instant::now()))
}

/// Runs `call` for `own` at most, and no longer than the current deadline. Once the deadline is spent there is no
/// other answer than that.
///
/// # Errors
/// Whose deadline was spent.
pub async fn within<F: Future>(own: Duration, call: F) -> Result<F::Output, Spent> {
    let own = Instant::now() + own.min(FARTHEST);
    let (deadline, whose) = match current() {
        Some(callers) if callers <= own => (callers, Spent::Callers),
        _ => (own, Spent::Own),
    };
    DEADLINE.scope(deadline, until(deadline, call)).await.ok_or(whose)
}

/// The refusal of a call whose caller's deadline is spent.
pub fn exceeded() -> Refusal {
    Refusal::new(&reason::DEADLINE_EXCEEDED, Spent::Callers.to_string())
}

/// Writes what remains of the current deadline into the headers of a call to another service; a sooner deadline that
/// stands there stays. Answers the deadline of that call.
pub(crate) fn pass_on(headers: &mut HeaderMap) -> Option<Instant> {
    let now = Instant::now();
    let asked = headers.get(GRPC_TIMEOUT).and_then(parse).map(|timeout| now + timeout.min(FARTHEST));
    let deadline = match (asked, current()) {
        (Some(asked), Some(current)) => asked.min(current),
        (asked, current) => asked.or(current)?,
    };
    headers.insert(GRPC_TIMEOUT, format(deadline.saturating_duration_since(now)));
    Some(deadline)
}

/// Awaits `call` until `deadline`: none where that comes first, and also where both come at once.
pub(crate) async fn until<F: Future>(deadline: Instant, call: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        () = sleep_until(deadline) => None,
        answer = call => Some(answer),
    }
}

fn current() -> Option<Instant> {
    DEADLINE.try_with(|deadline| *deadline).ok()
}

/// Reads `grpc-timeout`: at most eight digits and a unit.
fn parse(value: &HeaderValue) -> Option<Duration> {
    let (unit, digits) = value.as_bytes().split_last()?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount = digits.iter().fold(0, |amount, digit| amount * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Some(Duration::from_hours(amount)),
        b'M' => Some(Duration::from_mins(amount)),
        b'S' => Some(Duration::from_secs(amount)),
        b'm' => Some(Duration::from_millis(amount)),
        b'u' => Some(Duration::from_micros(amount)),
        b'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// Writes a `grpc-timeout` as precisely as eight digits allow, never more than `timeout`.
fn format(timeout: Duration) -> HeaderValue {
    let (micros, millis) = (timeout.as_micros(), timeout.as_millis());
    let text = match u64::try_from(micros) {
        Ok(micros) if micros <= MAX_DIGITS => format!("{micros}u"),
        _ => format!("{}m", millis.min(u128::from(MAX_DIGITS))),
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("0u"))
}

/// Ends each call at its caller's deadline or after `max`, whichever is sooner, with `DEADLINE_EXCEEDED`.
///
/// tonic's server starts a timer of its own for `grpc-timeout` and would answer `CANCELLED`. This one starts before it
/// and is polled before it; so layers around this one must call their inner service at once.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    max: Duration,
}

impl Deadlines {
    /// A layer that lets no call run longer than `max`.
    pub fn new(max: Duration) -> Self {
        Self { max: max.min(FARTHEST) }
    }

    fn deadline(self, headers: &HeaderMap) -> Result<Instant, Refusal> {
        let timeout = match headers.get(GRPC_TIMEOUT) {
            None => self.max,
            Some(value) => parse(value).ok_or_else(malformed)?.min(self.max),
        };
        Ok(Instant::now() + timeout)
    }
}

fn malformed() -> Refusal {
    Refusal::new(&reason::INVALID_REQUEST, "grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n")
}

impl<S> Layer<S> for Deadlines {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Limited { inner, deadlines: *self }
    }
}

/// A service behind [`Deadlines`].
#[derive(Clone, Debug)]
pub struct Limited<S> {
    inner: S,
    deadlines: Deadlines,
}

impl<S, B, R> Service<Request<B>> for Limited<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: Default + Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let deadline = match self.deadlines.deadline(request.headers()) {
            Ok(deadline) => deadline,
            Err(refusal) => return Box::pin(async { Ok(Status::from(refusal).into_http()) }),
        };
        let answer = DEADLINE.sync_scope(deadline, || self.inner.call(request));
        Box::pin(DEADLINE.scope(deadline, async move {
            until(deadline, answer).await.unwrap_or_else(|| Ok(Status::from(exceeded()).into_http()))
        }))
    }
}

#[cfg(test)]
mod tests;
