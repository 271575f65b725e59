//! Refusals: the one table from an error's kind to a gRPC status with `ErrorInfo`, violations and retry advice.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::store;

/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "tword";

/// A kind of error that a client can tell from others.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// `UPPER_SNAKE`, unique in the product.
    pub name: &'static str,
    /// The gRPC status it is reported as.
    pub code: Code,
    /// What it means and what to do, in one sentence, for the table in the docs.
    pub meaning: &'static str,
}

/// Declares a table of reasons: a constant each, and `ALL` of them in the table's order.
#[macro_export]
macro_rules! reasons {
    ($($name:ident: $code:ident, $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $name: $crate::refusal::Reason = $crate::refusal::Reason {
                name: stringify!($name),
                code: tonic::Code::$code,
                meaning: $meaning,
            };
        )*
        /// Every reason of this table.
        pub const ALL: &[&$crate::refusal::Reason] = &[$(&$name),*];
    };
}

/// Reasons that every service has.
pub mod reason {
    crate::reasons! {
        INVALID_REQUEST: InvalidArgument, "Fields of the request are wrong; the violations name each of them.";
        INVALID_IDEMPOTENCY_KEY: InvalidArgument, "The idempotency key is not 1 to 255 visible ASCII characters.";
        IDEMPOTENCY_KEY_REUSED: InvalidArgument, "The idempotency key was used with another request; use a new key.";
        INVALID_PAGE_TOKEN: InvalidArgument, "The page token is not one that this list gave out for this filter; start at the first page.";
        UNAUTHENTICATED: Unauthenticated, "There is no valid bearer token; get one and send it.";
        PERMISSION_DENIED: PermissionDenied, "The caller's roles do not allow this call.";
        NOT_FOUND: NotFound, "There is no such thing, or the caller may not see it.";
        OVERLOADED: ResourceExhausted, "The service has more calls in flight than it takes; try again later.";
        DEADLINE_EXCEEDED: DeadlineExceeded, "The caller's deadline passed; with an idempotency key the call may be repeated.";
        STORE_UNAVAILABLE: Unavailable, "The service's database is away; try again later.";
        OUTCOME_UNKNOWN: Unavailable, "The effect may or may not have happened; repeat the call with its idempotency key.";
        INTERNAL: Internal, "A defect in the service; its log has the cause under the request's trace id.";
    }
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, such as `lines[0].quantity`.
    pub field: String,
    /// What is wrong with it and what would be right.
    pub description: String,
}

/// An error on its way to a client. Its message never names an internal cause.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    reason: &'static Reason,
    message: String,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
    metadata: HashMap<String, String>,
}

impl Refusal {
    /// A refusal for `reason`; `message` is for people.
    pub fn new(reason: &'static Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), violations: Vec::new(), retry_after: None, metadata: HashMap::new() }
    }

    /// What one may not see and what is not there are the same answer.
    pub fn not_found(what: &str) -> Self {
        Self::new(&reason::NOT_FOUND, format!("{what} was not found"))
    }

    /// Every wrong field at once.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
        let message = format!("wrong fields: {}", fields.join(", "));
        Self { violations, ..Self::new(&reason::INVALID_REQUEST, message) }
    }

    /// A defect: the cause is logged here, once, and never told.
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(cause = chain(cause), "request failed by a defect");
        Self::new(&reason::INTERNAL, "internal error")
    }

    /// Tells the client when a retry may help.
    #[must_use]
    pub fn retry_after(self, delay: Duration) -> Self {
        Self { retry_after: Some(delay), ..self }
    }

    /// Adds a machine-readable fact to the `ErrorInfo`. An empty one is left out: the encoded entry of a map has no value
    /// then, and Envoy 1.40.0's transcoder reads through a null pointer where it renders one, which ends the edge.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.metadata.insert(name.to_owned(), value);
        }
        self
    }

    /// Why it was refused.
    pub fn reason(&self) -> &'static Reason {
        self.reason
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable(_) => {
                tracing::error!(cause = chain(&error), "database failed");
                Self::new(&reason::STORE_UNAVAILABLE, "the service cannot reach its database")
                    .retry_after(Duration::from_secs(1))
            }
            store::Error::Unknown => {
                tracing::error!("outcome of a commit is not known");
                Self::new(&reason::OUTCOME_UNKNOWN, "the outcome is not known").retry_after(Duration::from_secs(1))
            }
            store::Error::Inconsistent(_) | store::Error::Panicked => Self::internal(&error),
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let mut details = ErrorDetails::with_error_info(refusal.reason.name, DOMAIN, refusal.metadata);
        for violation in refusal.violations {
            details.add_bad_request_violation(violation.field, violation.description);
        }
        if let Some(delay) = refusal.retry_after {
            details.set_retry_info(Some(delay));
        }
        let mut status = Self::with_error_details(refusal.reason.code, refusal.message, details);
        if let Some(delay) = refusal.retry_after {
            let seconds = delay.as_secs_f64().ceil().max(1.0);
            if let Ok(value) = seconds.to_string().parse() {
                status.metadata_mut().insert("retry-after", value);
            }
        }
        status
    }
}

/// An error with all its sources on one line, for logs.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Collects every wrong field of a request.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Notes a wrong field.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation { field: field.into(), description: description.into() });
    }

    /// Keeps a parsed field, or notes why it is wrong.
    pub fn check<V, E: std::fmt::Display>(&mut self, field: impl Into<String>, parsed: Result<V, E>) -> Option<V> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(field, error.to_string());
                None
            }
        }
    }

    /// Nothing was wrong, or everything that was.
    ///
    /// # Errors
    /// `INVALID_REQUEST` with every violation noted.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::invalid(self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fact_is_empty() {
        let refusal = Refusal::not_found("unit").with("sold", "").with("reserved", "SN-1");
        let facts = Status::from(refusal).get_details_error_info().expect("details").metadata;
        assert_eq!(facts, HashMap::from([("reserved".to_owned(), "SN-1".to_owned())]));
    }
}
