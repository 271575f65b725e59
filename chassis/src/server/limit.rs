//! One limit on the calls in flight, whatever connection they came by: what is above it is refused at once.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::Semaphore;
use tonic::{Status, body::Body};
use tower::{Service, util::BoxCloneSyncService};

use super::Handler;
use crate::refusal::{Refusal, reason};

/// Health checks are answered however many calls there are: an overloaded service is not a dead one.
const EXEMPT: &str = "/grpc.health.v1.Health/";
const RETRY_AFTER: Duration = Duration::from_secs(1);

const LIMIT: &str = "tword_calls_limit";
const REFUSED: &str = "tword_calls_refused_total";

fn describe(calls: u32) {
    metrics::describe_gauge!(LIMIT, "Most calls that may be in flight; health checks do not count.");
    metrics::describe_counter!(REFUSED, "Calls that were refused at once, since too many were in flight.");
    metrics::gauge!(LIMIT).set(f64::from(calls));
    metrics::counter!(REFUSED).increment(0);
}

/// A global limit. A call counts until its handler has answered; what it still streams afterwards is bounded by the
/// streams of its connection.
#[derive(Clone)]
pub struct Limit(Arc<Semaphore>);

impl Limit {
    /// At most `calls` in flight.
    pub fn new(calls: u32) -> Self {
        describe(calls);
        Self(Arc::new(Semaphore::new(usize::try_from(calls).unwrap_or(Semaphore::MAX_PERMITS))))
    }

    pub(super) fn wrap(&self, inner: Handler) -> Handler {
        BoxCloneSyncService::new(Limited { inner, permits: Arc::clone(&self.0) })
    }
}

#[derive(Clone)]
struct Limited {
    inner: Handler,
    permits: Arc<Semaphore>,
}

impl Service<Request<Body>> for Limited {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path().starts_with(EXEMPT) {
            return Box::pin(self.inner.call(request));
        }
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            metrics::counter!(REFUSED).increment(1);
            let refusal = Refusal::new(&reason::OVERLOADED, "too many calls in flight").retry_after(RETRY_AFTER);
            return Box::pin(std::future::ready(Ok(Status::from(refusal).into_http())));
        };
        let answering = self.inner.call(request);
        Box::pin(async move {
            let _counted_until_answered = permit;
            answering.await
        })
    }
}
