//! Where a mesh sends its traces.

use std::fmt;
use std::str::FromStr;

use super::builder::MeshBuilder;
use crate::error::{Error, Result};

/// The port of OTLP by gRPC.
const PORT: u16 = 4317;

/// An OTLP endpoint (gRPC without TLS), such as `http://127.0.0.1:4317`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Otlp {
    host: String,
    port: u16,
}

impl Otlp {
    /// The mesh whose services and whose proxy all send their spans here, of every request.
    pub(super) fn set(&self, mesh: MeshBuilder) -> MeshBuilder {
        mesh.placeholder("OTLP_HOST", self.host.trim_matches(['[', ']']))
            .placeholder("OTLP_PORT", &self.port.to_string())
            .placeholder("TRACE_SAMPLING", "100")
            .settings([("TWORD_OTLP_ENDPOINT".to_owned(), self.to_string())])
    }
}

impl FromStr for Otlp {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        let wrong = || {
            Error::new(format!("{url:?} is no OTLP endpoint; write http://host:port, such as http://127.0.0.1:{PORT}"))
        };
        let authority = url.strip_prefix("http://").ok_or_else(wrong)?.trim_end_matches('/');
        let end = authority.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match authority[end..].rfind(':') {
            Some(colon) => (&authority[..end + colon], authority[end + colon + 1..].parse().map_err(|_| wrong())?),
            None => (authority, PORT),
        };
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
        if host.is_empty() || port == 0 || !host.chars().all(sound) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Otlp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::Otlp;

    #[test]
    fn an_endpoint_has_a_host_and_a_port() {
        for (given, meant) in [
            ("http://127.0.0.1:4317", "http://127.0.0.1:4317"),
            ("http://collector/", "http://collector:4317"),
            ("http://[::1]:55", "http://[::1]:55"),
            ("http://[::1]", "http://[::1]:4317"),
        ] {
            assert_eq!(given.parse::<Otlp>().expect(given).to_string(), meant);
        }
        for wrong in
            ["", "127.0.0.1:4317", "https://a:1", "http://", "http://a:x", "http://a:0", "http://a/b", "http://a b"]
        {
            wrong.parse::<Otlp>().expect_err(wrong);
        }
    }
}
