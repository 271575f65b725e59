//! The two sides of a call and the names of their metrics.

use metrics::Unit;

/// Which side of a call this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It is answered here.
    Server,
    /// It goes to another.
    Client,
}

/// Names of metrics.
pub struct Names {
    pub started: &'static str,
    pub in_flight: &'static str,
    pub handled: &'static str,
    pub seconds: &'static str,
}

const SERVER: Names = Names {
    started: "grpc_server_started_total",
    in_flight: "grpc_server_in_flight",
    handled: "grpc_server_handled_total",
    seconds: "grpc_server_handling_seconds",
};

const CLIENT: Names = Names {
    started: "grpc_client_started_total",
    in_flight: "grpc_client_in_flight",
    handled: "grpc_client_handled_total",
    seconds: "grpc_client_handling_seconds",
};

impl Side {
    /// What its metrics are called.
    pub const fn names(self) -> &'static Names {
        match self {
            Self::Server => &SERVER,
            Self::Client => &CLIENT,
        }
    }
}

/// Describes the metrics of both sides.
pub fn describe() {
    metrics::describe_counter!(SERVER.started, "Calls that came in.");
    metrics::describe_gauge!(SERVER.in_flight, "Calls that are being answered, streams included.");
    metrics::describe_counter!(SERVER.handled, "Calls that ended, by gRPC code.");
    metrics::describe_histogram!(SERVER.seconds, Unit::Seconds, "Time from a call's arrival to the end of its answer.");
    metrics::describe_counter!(CLIENT.started, "Calls to other services.");
    metrics::describe_gauge!(CLIENT.in_flight, "Calls to other services that have not ended.");
    metrics::describe_counter!(CLIENT.handled, "Calls to other services that ended, by gRPC code.");
    metrics::describe_histogram!(
        CLIENT.seconds,
        Unit::Seconds,
        "Time from a call to another service to the end of its answer."
    );
}
