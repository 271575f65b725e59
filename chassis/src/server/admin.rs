//! The admin HTTP: metrics, log level, readiness. It knows no callers and belongs on a private address.

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::watch};

use crate::telemetry::{Error, Logs};

/// Log directives are short.
const BODY_BYTES_MAX: usize = 4 << 10;

#[derive(Clone)]
struct Admin {
    metrics: PrometheusHandle,
    serving: watch::Receiver<bool>,
}

/// Serves `GET /metrics` (Prometheus text), `GET /healthz` (200 while SERVING, else 503), and `GET` and `PUT`
/// `/log-level` (log directives as plain text) until it is dropped.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    metrics: PrometheusHandle,
    serving: watch::Receiver<bool>,
) -> Result<(), std::io::Error> {
    let router = Router::new()
        .route("/metrics", get(render))
        .route("/healthz", get(healthz))
        .route("/log-level", get(log_level).put(set_log_level))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Admin { metrics, serving });
    axum::serve(listener, router).await
}

async fn render(State(admin): State<Admin>) -> String {
    admin.metrics.render()
}

async fn healthz(State(admin): State<Admin>) -> (StatusCode, &'static str) {
    if *admin.serving.borrow() {
        (StatusCode::OK, "SERVING\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "NOT_SERVING\n")
    }
}

async fn log_level() -> (StatusCode, String) {
    told(Logs::current().ok_or(Error::Absent).and_then(Logs::level))
}

async fn set_log_level(directives: String) -> (StatusCode, String) {
    let directives = directives.trim();
    let changed = Logs::current().ok_or(Error::Absent).and_then(|logs| {
        logs.set_level(directives)?;
        logs.level()
    });
    if changed.is_ok() {
        tracing::info!(directives, "log level changed");
    }
    told(changed)
}

fn told(level: Result<String, Error>) -> (StatusCode, String) {
    match level {
        Ok(level) => (StatusCode::OK, format!("{level}\n")),
        Err(error @ Error::Filter(_)) => (StatusCode::BAD_REQUEST, format!("{error}\n")),
        Err(error @ (Error::Absent | Error::Twice(_))) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}
