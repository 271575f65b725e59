//! What a request says of its trace.

use http::{HeaderMap, HeaderName};
use uuid::Uuid;

use super::Context;

/// How traces are passed on.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// How the edge names a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters that a request's id has at most.
const MAX_REQUEST_ID: usize = 128;

/// The caller's place in its trace; none where it names none.
pub fn incoming(headers: &HeaderMap) -> Option<Context> {
    headers.get(TRACEPARENT)?.to_str().ok().and_then(Context::parse)
}

/// The edge's id of the request, or a new one where there is none that may be logged.
pub fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let valid = |id: &&str| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    given.filter(valid).map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_request_id_that_would_spoil_a_log_is_replaced() {
        let id = |given: &str| {
            let value = HeaderValue::from_str(given).expect("a header value");
            request_id(&HeaderMap::from_iter([(REQUEST_ID, value)]))
        };
        assert_eq!(id("4bf9-1"), "4bf9-1");
        for given in ["", "two words", &"a".repeat(129), "é"] {
            assert!(Uuid::try_parse(&id(given)).is_ok(), "{given}");
        }
    }
}
