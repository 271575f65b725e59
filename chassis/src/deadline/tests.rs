//! All on a paused clock: time passes only where nothing else is left to do.

use std::{
    convert::Infallible,
    future::{pending, ready},
};

use tokio::time::{Instant, advance, sleep};
use tonic::{Code, body::Body};
use tower::{ServiceExt, service_fn};

use super::*;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn read(text: &str) -> Option<Duration> {
    parse(&HeaderValue::from_str(text).expect("a header value"))
}

#[test]
fn timeouts_are_read_as_grpc_writes_them() {
    let hour = Duration::from_hours(1);
    for (text, timeout) in
        [("1H", hour), ("60M", hour), ("3600S", hour), ("5m", millis(5)), ("5000u", millis(5)), ("5000000n", millis(5))]
    {
        assert_eq!(read(text), Some(timeout), "{text}");
    }
    assert_eq!(read("99999999H"), Some(hour * 99_999_999));
    assert_eq!(read("0n"), Some(Duration::ZERO));
    for text in ["", "m", "5", "5s", "+5m", "-5m", "5.5S", " 5m", "5 m", "100000000m", "5mm"] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn timeouts_are_written_as_they_are_read_and_never_longer() {
    for timeout in
        [Duration::ZERO, millis(610), Duration::from_nanos(1_999), Duration::from_secs(99), FARTHEST, Duration::MAX]
    {
        let written = parse(&format(timeout)).expect("a timeout");
        assert!(written <= timeout && (timeout > FARTHEST || timeout < written + millis(1)), "{timeout:?} {written:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_sooner_deadline_is_the_one_that_is_spent() {
    let start = Instant::now();
    assert_eq!(within(millis(50), pending::<()>()).await, Err(Spent::Own));
    assert_eq!(start.elapsed(), millis(50));

    let own = within(millis(100), within(millis(50), pending::<()>())).await;
    assert_eq!(own, Ok(Err(Spent::Own)));
    let callers = within(millis(50), async {
        // The caller's deadline ends both: the inner verdict is heard only here.
        let inner = within(millis(100), pending::<()>()).await;
        assert_eq!(inner, Err(Spent::Callers));
    });
    assert_eq!(callers.await, Err(Spent::Own));
}

#[tokio::test(start_paused = true)]
async fn an_inner_call_hears_whose_deadline_it_was() {
    let deadline = Instant::now() + millis(50);
    let inner = DEADLINE.scope(deadline, within(millis(100), pending::<()>())).await;
    assert_eq!(inner, Err(Spent::Callers));
    let inner = DEADLINE.scope(Instant::now() + millis(100), within(millis(50), pending::<()>())).await;
    assert_eq!(inner, Err(Spent::Own));
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_is_an_answer_and_one_too_late_is_none() {
    assert_eq!(within(millis(50), ready(7)).await, Ok(7));
    assert_eq!(within(millis(50), async { sleep(millis(49)).await }).await, Ok(()));
    assert_eq!(within(millis(50), async { sleep(millis(50)).await }).await, Err(Spent::Own));
    assert_eq!(within(Duration::ZERO, async { panic!("begun") }).await, Err::<(), _>(Spent::Own));
    assert_eq!(within(Duration::MAX, ready(7)).await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn what_remains_shrinks() {
    assert_eq!(remaining(), None);
    let outcome = within(millis(50), async {
        advance(millis(20)).await;
        let outer = remaining();
        let inner = within(millis(100), async { remaining() }).await;
        let own = within(millis(10), async { remaining() }).await;
        (outer, inner, own)
    });
    assert_eq!(outcome.await, Ok((Some(millis(30)), Ok(Some(millis(30))), Ok(Some(millis(10))))));
}

#[tokio::test(start_paused = true)]
async fn an_outbound_call_has_what_remains() {
    let passed = |asked: Option<&'static str>| {
        let mut headers = HeaderMap::new();
        if let Some(asked) = asked {
            headers.insert(GRPC_TIMEOUT, HeaderValue::from_static(asked));
        }
        let deadline = pass_on(&mut headers).map(|deadline| deadline - Instant::now());
        (headers.get(GRPC_TIMEOUT).and_then(parse), deadline)
    };
    assert_eq!(passed(None), (None, None));
    assert_eq!(passed(Some("10m")), (Some(millis(10)), Some(millis(10))));
    let inside = within(millis(50), async {
        advance(millis(20)).await;
        [passed(None), passed(Some("10m")), passed(Some("1S"))]
    });
    let expected = [millis(30), millis(10), millis(30)].map(|timeout| (Some(timeout), Some(timeout)));
    assert_eq!(inside.await, Ok(expected));
}

/// Calls a handler that takes `work` through the layer and answers the status with the time it took.
async fn call(timeout: Option<&str>, max: Duration, work: Duration) -> (Option<Code>, Duration) {
    let handler = service_fn(move |_request: Request<Body>| async move {
        sleep(work).await;
        Ok::<_, Infallible>(Response::new(Body::default()))
    });
    let mut request = Request::new(Body::default());
    if let Some(timeout) = timeout {
        request.headers_mut().insert(GRPC_TIMEOUT, HeaderValue::from_str(timeout).expect("a header value"));
    }
    let start = Instant::now();
    let response = Deadlines::new(max).layer(handler).oneshot(request).await.expect("an answer");
    (Status::from_header_map(response.headers()).map(|status| status.code()), start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_deadline_with_the_right_status() {
    let (exceeded, invalid) = (Some(Code::DeadlineExceeded), Some(Code::InvalidArgument));
    assert_eq!(call(Some("20m"), millis(50), millis(10)).await, (None, millis(10)));
    assert_eq!(call(Some("20m"), millis(50), millis(100)).await, (exceeded, millis(20)));
    assert_eq!(call(Some("99999999H"), millis(50), millis(100)).await, (exceeded, millis(50)));
    assert_eq!(call(None, millis(50), millis(100)).await, (exceeded, millis(50)));
    assert_eq!(call(Some("0m"), millis(50), millis(100)).await, (exceeded, Duration::ZERO));
    assert_eq!(call(Some("soon"), millis(50), millis(100)).await, (invalid, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_handler_knows_its_deadline() {
    let handler = service_fn(|_request: Request<Body>| {
        // Both where the service is called and where its future runs.
        let called = remaining();
        async move {
            assert_eq!((called, remaining()), (Some(millis(20)), Some(millis(20))));
            Ok::<_, Infallible>(Response::new(Body::default()))
        }
    });
    let mut request = Request::new(Body::default());
    request.headers_mut().insert(GRPC_TIMEOUT, HeaderValue::from_static("20m"));
    let response = Deadlines::new(millis(50)).layer(handler).oneshot(request).await.expect("an answer");
    assert!(Status::from_header_map(response.headers()).is_none());
}
