//! The JSON refusals that envoy.yaml gives by itself.

use tonic::Code;

use super::table;

/// One of Envoy's own refusals.
pub struct Refusal {
    pub reason: String,
    pub grpc: String,
    pub http: String,
}

/// Envoy's own refusals, in the order of the file. Whatever has no status of its own is a 500.
pub fn refusals() -> Vec<Refusal> {
    let text = table::read("envoy/envoy.yaml");
    let (mut http, mut grpc) = ("500", String::new());
    let mut found = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("- filter:") {
            http = status(line).unwrap_or("500");
        } else if let Some(code) = line.strip_prefix("code: ") {
            grpc = table::name(Code::from_i32(code.parse().expect("a gRPC code")));
        } else if let Some((_, rest)) = line.split_once("reason: ") {
            let reason = rest.split(',').next().unwrap_or_default().to_owned();
            found.push(Refusal { reason, grpc: grpc.clone(), http: http.to_owned() });
        }
    }
    found
}

/// The status in a filter's anchor, such as `is_404`.
fn status(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("is_")?;
    rest.get(..3)
}
