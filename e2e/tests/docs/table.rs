//! The table of docs/errors.md.

use std::fmt;
use std::path::Path;

use chassis::refusal::Reason;
use tonic::Code;

/// Whose refusals Envoy's own are.
pub const EDGE: &str = "the edge";

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub reason: String,
    /// The gRPC code, such as `NOT_FOUND`.
    pub grpc: String,
    /// The HTTP status.
    pub http: String,
    /// Who tells it.
    pub from: String,
    pub meaning: String,
}

impl Row {
    pub fn new(reason: &Reason, from: &str) -> Self {
        Self {
            reason: reason.name.to_owned(),
            grpc: name(reason.code),
            http: http(reason.code).to_string(),
            from: from.to_owned(),
            meaning: reason.meaning.to_owned(),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let cells = line.strip_prefix("| `")?.strip_suffix(" |")?;
        let [reason, grpc, http, from, meaning] =
            cells.split(" | ").map(str::to_owned).collect::<Vec<_>>().try_into().ok()?;
        Some(Self { reason: reason.trim_end_matches('`').to_owned(), grpc, http, from, meaning })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, grpc, http, from, meaning } = self;
        write!(formatter, "| `{reason}` | {grpc} | {http} | {from} | {meaning} |")
    }
}

/// The rows of docs/errors.md, in their order.
pub fn documented() -> Vec<Row> {
    read("docs/errors.md").lines().filter_map(Row::parse).collect()
}

/// A file of the work tree.
pub fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).expect("a readable file")
}

/// A code's name on the wire's side: `NOT_FOUND`.
pub fn name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// The HTTP status that Envoy's transcoder makes of a code.
fn http(code: Code) -> u16 {
    match code {
        Code::Ok => 200,
        Code::Cancelled => 499,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::AlreadyExists | Code::Aborted => 409,
        Code::ResourceExhausted => 429,
        Code::Unknown | Code::Internal | Code::DataLoss => 500,
        Code::Unimplemented => 501,
        Code::Unavailable => 503,
        Code::DeadlineExceeded => 504,
    }
}
