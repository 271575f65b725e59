//! What is known of a call, on whichever side of it: its metrics, its span, and how it ended.

mod call;
mod describe;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use metrics::{Counter, Gauge, Histogram};
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio_util::task::TaskTracker;
use tonic::Code;

pub use call::Call;
pub use describe::{Side, describe};

/// Asked every second by everybody around; only its failures are logged.
pub const HEALTH: &str = "grpc.health.v1.Health";
/// Asked every few seconds by every consumer, for nothing in particular.
const EVENT_LOG: &str = "tword.ops.v1.EventLogService";

/// Methods by path, each with its metrics. Paths that nobody knows share one label: what callers send bounds no memory.
#[derive(Clone)]
pub struct Methods {
    known: Arc<HashMap<String, Arc<Method>>>,
    unknown: Arc<Method>,
    in_flight: TaskTracker,
}

/// A method on one side of its calls.
pub struct Method {
    side: Side,
    /// Full name of its proto service.
    pub service: String,
    /// Its own name.
    pub name: String,
    /// Both, as spans are called.
    pub full_name: String,
    /// Has a token of each call under way, of whichever method.
    in_flight: TaskTracker,
    meters: OnceLock<Meters>,
}

struct Meters {
    started: Counter,
    in_flight: Gauge,
    /// By code.
    handled: Vec<Counter>,
    seconds: Histogram,
}

impl Methods {
    /// Every method that this program's contracts have.
    pub fn all(side: Side) -> Self {
        Self::new(side, |_service| true)
    }

    /// The methods of the named proto services, and health.
    pub fn of(side: Side, services: &[&str]) -> Self {
        let methods = Self::new(side, |service| services.contains(&service) || service == HEALTH);
        methods.serve_from_the_start(|_service| true);
        methods.unknown.meters();
        methods
    }

    fn new(side: Side, wanted: impl Fn(&str) -> bool) -> Self {
        let in_flight = TaskTracker::new();
        let method = |service, name| Arc::new(Method::new(side, service, name, in_flight.clone()));
        let known = [proto::DESCRIPTORS, tonic_health::pb::FILE_DESCRIPTOR_SET]
            .into_iter()
            .flat_map(methods)
            .filter(|(service, _)| wanted(service))
            .map(|(service, name)| (format!("/{service}/{name}"), method(service, name)))
            .collect();
        let unknown = method("unknown".to_owned(), "unknown".to_owned());
        Self { known: Arc::new(known), unknown, in_flight }
    }

    /// Shows the metrics of some services' methods before their first call: a rate needs a beginning.
    pub fn serve_from_the_start(&self, wanted: impl Fn(&str) -> bool) {
        for method in self.known.values().filter(|method| wanted(&method.service)) {
            method.meters();
        }
    }

    /// Counts the calls that have not ended, until the last of their answers was taken or dropped.
    pub fn in_flight(&self) -> TaskTracker {
        self.in_flight.clone()
    }

    /// The method of a path.
    pub fn find(&self, path: &str) -> Arc<Method> {
        Arc::clone(self.known.get(path).unwrap_or(&self.unknown))
    }
}

/// Every (service, method) of an encoded descriptor set; those that cannot be decoded have none.
fn methods(descriptors: &[u8]) -> Vec<(String, String)> {
    let files = FileDescriptorSet::decode(descriptors).unwrap_or_default().file;
    let mut found = Vec::new();
    for file in &files {
        for service in &file.service {
            for method in &service.method {
                found.push((format!("{}.{}", file.package(), service.name()), method.name().to_owned()));
            }
        }
    }
    found
}

impl Method {
    fn new(side: Side, service: String, name: String, in_flight: TaskTracker) -> Self {
        let full_name = format!("{service}/{name}");
        Self { side, service, name, full_name, in_flight, meters: OnceLock::new() }
    }

    /// Whether it is called again and again for nothing in particular: then it is no trace of its own.
    pub fn is_routine(&self) -> bool {
        matches!(self.service.as_str(), HEALTH | EVENT_LOG)
    }

    fn meters(&self) -> &Meters {
        self.meters.get_or_init(|| {
            let names = self.side.names();
            let labels = [("grpc_service", self.service.clone()), ("grpc_method", self.name.clone())];
            let handled = |code: i32| {
                let code = ("grpc_code", code_name(Code::from_i32(code)).to_owned());
                let counter = metrics::counter!(names.handled, &[&labels[..], &[code]].concat());
                counter.increment(0);
                counter
            };
            Meters {
                started: metrics::counter!(names.started, &labels),
                in_flight: metrics::gauge!(names.in_flight, &labels),
                handled: (0..=CODE_MAX).map(handled).collect(),
                seconds: metrics::histogram!(names.seconds, &labels),
            }
        })
    }
}

/// The highest code.
const CODE_MAX: i32 = 16;

/// The name that the gRPC specification gives a code.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_methods_that_are_served_have_labels_of_their_own() {
        let methods = Methods::of(Side::Server, &["tword.ops.v1.EventLogService"]);
        let name = |path: &str| methods.find(path).name.clone();
        assert_eq!(name("/tword.ops.v1.EventLogService/ReadEvents"), "ReadEvents");
        assert_eq!(name("/grpc.health.v1.Health/Check"), "Check");
        assert_eq!(name("/tword.ops.v1.EventLogService/Nothing"), "unknown");
        assert_eq!(name("/tword.order.v1.OrderService/PlaceOrder"), "unknown");
    }

    #[test]
    fn every_code_is_counted_under_its_name() {
        let names: std::collections::HashSet<_> = (0..=CODE_MAX).map(|code| code_name(Code::from_i32(code))).collect();
        assert_eq!(names.len(), 17);
        assert_eq!(Code::from_i32(CODE_MAX + 1), Code::Unknown);
    }
}
