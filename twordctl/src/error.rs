//! What went wrong, in words that say what to do next.

use std::{fmt, process::ExitCode, time::Duration};

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::output::clean;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done,
    /// Something was refused or failed.
    Failed,
    /// The command line is wrong.
    Usage,
    /// A service, or the edge, does not answer.
    Away,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 64,
            Exit::Away => 69,
        })
    }
}

/// Why a command did nothing, or not all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was asked for in a way that cannot be.
    #[error("error: {0}\nFor more information, try '--help'.")]
    Usage(String),
    /// The call was refused, or nobody answered.
    #[error("error: {0}")]
    Call(#[from] Failure),
    /// This machine does not do what it should.
    #[error("error: {0}")]
    Broken(String),
}

impl Error {
    /// How the process ends with it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Call(failure) if failure.is_away() => Exit::Away,
            Self::Call(_) | Self::Broken(_) => Exit::Failed,
        }
    }
}

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The gRPC status.
    pub code: Code,
    /// The reason of docs/errors.md; empty where there is none.
    pub reason: String,
    /// What the server says.
    pub message: String,
    violations: Vec<(String, String)>,
    retry_after: Option<Duration>,
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let violations = details.bad_request().map(|wrong| wrong.field_violations.clone()).unwrap_or_default();
        // What no server said: the connection broke.
        let broken = status.code() == Code::Unknown && std::error::Error::source(&status).is_some();
        Self {
            code: if broken { Code::Unavailable } else { status.code() },
            reason: details.error_info().map(|info| info.reason.clone()).unwrap_or_default(),
            message: clean(status.message()),
            violations: violations.into_iter().map(|wrong| (clean(&wrong.field), clean(&wrong.description))).collect(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
        }
    }
}

impl Failure {
    /// Whether nobody answered, rather than no.
    pub fn is_away(&self) -> bool {
        matches!(self.code, Code::Unavailable | Code::DeadlineExceeded)
    }

    /// Whether a field of the request was refused.
    pub fn blames(&self, field: &str) -> bool {
        self.violations.iter().any(|(blamed, _)| blamed == field)
    }

    /// The status in its canonical spelling, such as `NOT_FOUND`.
    pub fn status(&self) -> &'static str {
        match self.code {
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

    fn advice(&self) -> &'static str {
        match self.code {
            Code::Unauthenticated => "Give a token that is valid now: --token-file FILE or TWORD_TOKEN.",
            Code::PermissionDenied => "The token must be one of an operator.",
            Code::NotFound => "Check the id: there is no such thing here.",
            Code::InvalidArgument => "Correct what is named and try again.",
            Code::FailedPrecondition => {
                "It stands elsewhere by now: look at it again; docs/errors.md explains the reason."
            }
            Code::ResourceExhausted => "Wait a little and try again.",
            Code::Unavailable => "See whether the edge and the service run (--url), and try again.",
            Code::DeadlineExceeded => "Try again, or give it more time (--timeout).",
            Code::Unimplemented => "The mesh is of another version than this tool.",
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::AlreadyExists
            | Code::Aborted
            | Code::OutOfRange
            | Code::Internal
            | Code::DataLoss => "The service's log says more under the request's trace.",
        }
    }

    /// The message with its status and reason, on one line.
    pub fn brief(&self) -> String {
        let reason = if self.reason.is_empty() { String::new() } else { format!(" {}", clean(&self.reason)) };
        format!("{} ({}{reason})", self.message, self.status())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.brief())?;
        for (field, wrong) in &self.violations {
            writeln!(f, "  {field}: {wrong}")?;
        }
        match self.retry_after {
            Some(after) => write!(f, "Try again in {} s.", after.as_secs().max(1)),
            None => f.write_str(self.advice()),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn a_refusal_says_what_why_and_what_to_do_next() {
        let mut details = ErrorDetails::new();
        details.set_error_info("INVALID_REQUEST", "tword", HashMap::new());
        details.add_bad_request_violation("order_id", "must be a UUID");
        let status = Status::with_error_details(Code::InvalidArgument, "fields are wrong\u{1b}[2J", details);
        let error = Error::from(Failure::from(status));
        let told = error.to_string();
        for part in ["fields are wrong", "INVALID_ARGUMENT INVALID_REQUEST", "order_id: must be a UUID", "try again"] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(!told.contains('\u{1b}'), "{told:?}");
        assert_eq!(error.exit(), Exit::Failed);
    }

    #[test]
    fn nobody_there_is_told_from_no() {
        let mut details = ErrorDetails::new();
        details.set_retry_info(Some(Duration::from_secs(3)));
        let away = Failure::from(Status::with_error_details(Code::Unavailable, "away", details));
        assert!(away.to_string().ends_with("Try again in 3 s."), "{away}");
        assert_eq!(Error::from(away).exit(), Exit::Away);
        assert_eq!(Error::from(Failure::from(Status::deadline_exceeded("late"))).exit(), Exit::Away);
        assert_eq!(Error::from(Failure::from(Status::permission_denied("no"))).exit(), Exit::Failed);
        assert_eq!(Error::Usage("which?".into()).exit(), Exit::Usage);
    }
}
