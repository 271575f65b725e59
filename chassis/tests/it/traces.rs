//! One trace for an event, from whoever wrote it to whoever handles it, however often and whatever way it comes.

mod receiver;

use std::time::Duration;

use chassis::trace::{self, Context, export};
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};

use self::receiver::{Receiver, attribute, hex};
use crate::events::{
    broker::Broker,
    pair::{Heard, append, consumer, consumer_that_repairs, producer, until},
};

const PUBLISH: &str = "publish tword.left.v1.Happened";
const PROCESS: &str = "process tword.left.v1.Happened";
const PATIENCE: Duration = Duration::from_secs(30);

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn below(spans: &[Span], parent: &[u8], name: &str) -> Span {
    let found: Vec<_> = named(spans, name).into_iter().filter(|span| span.parent_span_id == parent).collect();
    assert_eq!(found.len(), 1, "{name} below {}: {spans:#?}", hex(parent));
    found[0].clone()
}

/// The exporter is the process's, so this is one test.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_one_trace() {
    let (receiver, url) = Receiver::start().await;
    export::start("left-svc", "1.2.3", &url).expect("an exporter");
    let (broker, heard) = (Broker::started(), Heard::default());
    let left = producer(&broker).await;
    let right = consumer_that_repairs(&broker, &left, &heard, "60m").await;

    let context = Context::generate();
    trace::scope(context, append(&left, 1..=1, b"moody")).await;
    heard.expect([1]).await;
    redelivered(&receiver, context).await;

    let unsampled = Context::generate().unsampled();
    trace::scope(unsampled, append(&left, 2..=2, b"")).await;
    append(&left, 3..=3, b"").await;
    heard.expect(1..=3).await;
    right.stop().await;
    export::flush(PATIENCE).await;
    assert_eq!(receiver.spans(&unsampled.trace_id().to_string()), [], "what is not sampled is not exported");

    let lost = Context::generate();
    trace::scope(lost, append(&left, 4..=4, b"")).await;
    let stream = broker.stream().await;
    until(async || stream.get_info().await.ok().filter(|info| info.state.messages == 4)).await;
    stream.delete_message(4).await.expect("lost");
    let _right = consumer(&broker, &left, &heard).await;
    heard.expect([1, 1, 2, 2, 3, 3, 4]).await;
    repaired(&receiver, lost).await;
}

/// Three deliveries of one event, the third of which has its effect.
async fn redelivered(receiver: &Receiver, context: Context) {
    let spans = receiver.trace(&context.trace_id().to_string(), PROCESS, 3).await;
    let written = below(&spans, &context.span_id().to_string().into_id(), "transaction");
    let published = below(&spans, &written.span_id, PUBLISH);
    let mut handled = named(&spans, PROCESS);
    handled.sort_by_key(|span| span.start_time_unix_nano);
    let told: Vec<_> = handled
        .iter()
        .map(|span| ["tword.attempt", "tword.redelivered", "tword.outcome"].map(|key| attribute(span, key)))
        .collect();
    assert_eq!(told, [["1", "false", "early"], ["2", "true", "early"], ["3", "true", "handled"]]);
    for span in handled {
        assert_eq!(span.parent_span_id, published.span_id, "{span:#?}");
        assert_eq!(span.links[0].span_id, published.span_id, "{span:#?}");
        let effect = below(&spans, &span.span_id, "transaction");
        let outcome = attribute(&effect, "tword.transaction.outcome");
        assert_eq!(outcome == "committed", attribute(span, "tword.outcome") == "handled", "{effect:#?}");
        assert!(span.status.as_ref().is_none_or(|status| status.code() != StatusCode::Error), "{span:#?}");
    }
    assert_eq!(
        attribute(&published, "messaging.message.id"),
        attribute(named(&spans, PROCESS)[0], "messaging.message.id")
    );
}

/// An event that the broker lost goes on where it was written.
async fn repaired(receiver: &Receiver, context: Context) {
    let spans = receiver.trace(&context.trace_id().to_string(), PROCESS, 1).await;
    let written = below(&spans, &context.span_id().to_string().into_id(), "transaction");
    let handled = below(&spans, &written.span_id, PROCESS);
    assert_eq!(attribute(&handled, "tword.repaired"), "true");
    assert_eq!(attribute(&handled, "tword.outcome"), "handled");
}

trait IntoId {
    /// The bytes of an id.
    fn into_id(self) -> Vec<u8>;
}

impl IntoId for String {
    fn into_id(self) -> Vec<u8> {
        let digits: Vec<_> = self.chars().collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("hexadecimal");
        digits.chunks(2).map(byte).collect()
    }
}
