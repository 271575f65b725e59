//! A request message that cannot be read is its sender's fault, and is told so; tonic's codec calls it INTERNAL.

use http::Response;
use tonic::{Code, Status, body::Body};
use tower::{ServiceExt, util::BoxCloneSyncService};

use super::Handler;
use crate::refusal::{Refusal, reason};

/// Wraps `inner` so that a message which its codec cannot read is refused as invalid.
pub fn refuse_unreadable(inner: Handler) -> Handler {
    BoxCloneSyncService::new(inner.map_response(|response| if from_codec(&response) { refused() } else { response }))
}

/// What a handler or a layer of this product calls INTERNAL carries details; what carries none is the codec's.
fn from_codec(response: &Response<Body>) -> bool {
    let status = Status::from_header_map(response.headers());
    status.is_some_and(|status| status.code() == Code::Internal && status.details().is_empty())
}

fn refused() -> Response<Body> {
    Status::from(Refusal::new(&reason::INVALID_REQUEST, "the request message cannot be read")).into_http()
}
