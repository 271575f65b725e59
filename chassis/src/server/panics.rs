//! A handler that panics answers INTERNAL, and the process lives. The panic hook has logged it.

use http::Response;
use tonic::{Status, body::Body};
use tower::{ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tower_http::catch_panic::CatchPanicLayer;

use super::Handler;
use crate::refusal::{Refusal, reason};

/// Wraps `inner` so that its panics become answers.
pub fn catch_panics(inner: Handler) -> Handler {
    let caught = ServiceBuilder::new().layer(CatchPanicLayer::custom(answer)).service(inner);
    BoxCloneSyncService::new(caught.map_response(|response| response.map(Body::new)))
}

fn answer(_logged: Box<dyn std::any::Any + Send>) -> Response<Body> {
    metrics::counter!("grpc_server_panics_total").increment(1);
    Status::from(Refusal::new(&reason::INTERNAL, "internal error")).into_http()
}
