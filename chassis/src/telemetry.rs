//! Logs, metrics and panics: set up once for the process.

mod meters;

use std::{panic::PanicHookInfo, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, layer::SubscriberExt, registry::LookupSpan, reload, util::SubscriberInitExt,
};

use crate::{config::LogFormat, refusal};

pub(crate) use meters::number;
pub use meters::{describe, measure};

/// Why telemetry could not be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directives make no sense.
    #[error("{0}")]
    Filter(String),
    /// Another part of the process has set up logs or metrics already.
    #[error("logs or metrics were set up twice")]
    Twice(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Logs were not set up.
    #[error("logs are not set up in this process")]
    Absent,
}

/// Upper bounds of duration buckets, in seconds. Metrics named `…_seconds` have them.
/// Calls take milliseconds; what waits for people or for a peer that is away takes up to hours.
const SECONDS_BUCKETS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0, 3600.0];

/// Upper bounds of buckets that count things. Metrics named `…_size` have them.
const SIZE_BUCKETS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

// Subscriber, recorder and panic hook are the process's own by their nature, and so are their handles.
static LOGS: OnceLock<Logs> = OnceLock::new();
static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Sets up logs to standard output, the metrics recorder and the panic hook.
///
/// # Errors
/// `directives` make no sense, or something of it was set up already.
pub fn init(format: LogFormat, directives: &str) -> Result<(), Error> {
    let (filter, handle) = reload::Layer::new(filter(directives)?);
    tracing_subscriber::registry()
        .with(filter)
        .with(lines(format))
        .try_init()
        .map_err(|error| Error::Twice(error.into()))?;
    LOGS.get_or_init(|| Logs(handle));
    std::panic::set_hook(Box::new(log_panic));
    metrics()?;
    Ok(())
}

/// The metrics of this process; the recorder is installed by the first call.
///
/// # Errors
/// Another recorder was installed.
pub fn metrics() -> Result<&'static PrometheusHandle, Error> {
    static INSTALLING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(handle) = METRICS.get() {
        return Ok(handle);
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS_BUCKETS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), SIZE_BUCKETS))
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| Error::Twice(error.into()))?;
    Ok(METRICS.get_or_init(|| handle))
}

/// What can be changed about the logs while the process runs.
pub struct Logs(reload::Handle<EnvFilter, Registry>);

impl Logs {
    /// The logs of this process, once [`init`] has run.
    pub fn current() -> Option<&'static Self> {
        LOGS.get()
    }

    /// The directives that decide what is logged.
    ///
    /// # Errors
    /// Logs were torn down.
    pub fn level(&self) -> Result<String, Error> {
        self.0.with_current(ToString::to_string).map_err(|_gone| Error::Absent)
    }

    /// Changes what is logged, until the next start.
    ///
    /// # Errors
    /// `directives` make no sense: nothing has changed.
    pub fn set_level(&self, directives: &str) -> Result<(), Error> {
        self.0.reload(filter(directives)?).map_err(|_gone| Error::Absent)
    }
}

/// Parses log directives, such as `info,chassis::relay=debug`.
///
/// # Errors
/// They make no sense. A bare word that is no level is refused, though the filter would take it for a module's name.
pub fn filter(directives: &str) -> Result<EnvFilter, Error> {
    const HINT: &str =
        "write a level (error, warn, info, debug, trace) or directives such as info,chassis::relay=debug";
    for directive in directives.split(',').map(str::trim) {
        let named = directive.contains(['=', '[', ':']);
        let level =
            ["off", "error", "warn", "info", "debug", "trace"].contains(&directive.to_ascii_lowercase().as_str());
        if !named && !level {
            return Err(Error::Filter(format!("{directive:?} is no log level; {HINT}")));
        }
    }
    EnvFilter::builder().parse(directives).map_err(|error| Error::Filter(format!("{}; {HINT}", refusal::chain(&error))))
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = tracing_subscriber::fmt::layer();
    match format {
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Text => lines.with_ansi(false).boxed(),
    }
}

/// Panics end up in the log as one line like everything else, not as text beside it.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let cause = panic.payload_as_str().unwrap_or("a panic without a message");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    tracing::error!(cause, location, thread = thread.name().unwrap_or("unnamed"), "panicked");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensible_directives_are_taken() {
        for directives in ["info", "WARN", "off", "info,chassis::relay=debug", "warn,order_svc=trace,h2=off"] {
            assert!(filter(directives).is_ok(), "{directives}");
        }
    }

    #[test]
    fn senseless_directives_are_refused() {
        for directives in ["", "verbose", "inf", "chassis=loud", "info,", "info,nonsense"] {
            assert!(filter(directives).is_err(), "{directives}");
        }
    }

    #[test]
    fn durations_have_buckets() {
        let recorder = metrics().expect("a recorder");
        metrics::histogram!("test_duration_seconds").record(0.2);
        let text = recorder.render();
        assert!(text.contains(r#"test_duration_seconds_bucket{le="0.25"} 1"#), "{text}");
        assert!(std::ptr::eq(recorder, metrics().expect("the same recorder")));
    }
}
