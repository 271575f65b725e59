//! Settings that every service has: flags, each with a `TWORD_*` variable behind it.

mod duration;
mod url;

use std::{fs::File, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgAction, Args, ValueEnum};

use crate::{auth, store::postgres::CONNECTIONS};

pub use duration::{InvalidDuration, duration, positive_duration};
pub use url::Url;

/// The settings of the chassis. A service flattens them into its own.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Address and port that gRPC is served on
    #[arg(long, env = "TWORD_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT", help_heading = NETWORK)]
    pub listen: SocketAddr,

    /// Address and port of the admin HTTP (metrics, log level); it knows no callers, so keep it private
    #[arg(long, env = "TWORD_ADMIN_LISTEN", default_value = "127.0.0.1:9080", value_name = "ADDRESS:PORT", help_heading = NETWORK)]
    pub admin_listen: SocketAddr,

    /// Database of this service: `sqlite:///absolute/path`, `sqlite://relative/path` or `postgres://user:password@host/database`
    #[arg(long, env = "TWORD_DATABASE_URL", hide_env_values = true, value_name = "URL", help_heading = NETWORK)]
    pub database_url: Url,

    /// Connections to PostgreSQL that this process opens at most: two hear and tell of changes, half of the others write
    #[arg(long, env = "TWORD_DATABASE_CONNECTIONS", default_value_t = CONNECTIONS, value_parser = clap::value_parser!(u32).range(4..=1_000), value_name = "CONNECTIONS", help_heading = NETWORK)]
    pub database_connections: u32,

    /// Whether an older schema of the database is brought up at the start; without, it is refused until `migrate` has run
    #[arg(long, env = "TWORD_MIGRATE_AT_START", default_value_t = true, action = ArgAction::Set, value_name = "true|false", help_heading = NETWORK)]
    pub migrate_at_start: bool,

    /// What the process is for; the subcommands set it
    #[arg(long, hide = true, default_value = "serve", value_enum)]
    pub purpose: Purpose,

    /// Event broker; it may be away, then events wait in the database
    #[arg(long, env = "TWORD_NATS_URL", hide_env_values = true, default_value = "nats://127.0.0.1:4222", value_name = "URL", help_heading = NETWORK)]
    pub nats_url: Url,

    /// What the broker's stream may hold before the oldest events leave it (bytes); producers keep every event
    #[arg(long, env = "TWORD_STREAM_MAX_BYTES", default_value_t = 8 << 30, value_parser = clap::value_parser!(i64).range(1 << 20..), value_name = "BYTES", help_heading = NETWORK)]
    pub stream_max_bytes: i64,

    /// Copies of the broker's stream that a cluster keeps: 1 or 3
    #[arg(long, env = "TWORD_STREAM_REPLICAS", default_value = "1", value_parser = replicas, value_name = "COPIES", help_heading = NETWORK)]
    pub stream_replicas: usize,

    /// How often each consumer asks its producer for events that the broker did not bring (unit: ms, s, m)
    #[arg(long, env = "TWORD_REPAIR_INTERVAL", default_value = "5s", value_parser = positive_duration, value_name = "DURATION", help_heading = NETWORK)]
    pub repair_interval: Duration,

    /// The mesh's listener, through which other services are called
    #[arg(long, env = "TWORD_MESH_URL", hide_env_values = true, default_value = "http://127.0.0.1:8090", value_name = "URL", help_heading = NETWORK)]
    pub mesh_url: Url,

    /// Most calls in flight; more are refused with `RESOURCE_EXHAUSTED`. Health checks do not count
    #[arg(long, env = "TWORD_MAX_CALLS", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "CALLS", help_heading = NETWORK)]
    pub max_calls: u32,

    /// Longest that a call may take, whatever its caller allows (unit: ms, s, m)
    #[arg(long, env = "TWORD_CALL_TIMEOUT", default_value = "30s", value_parser = positive_duration, value_name = "DURATION", help_heading = NETWORK)]
    pub call_timeout: Duration,

    /// Most concurrent streams of one HTTP/2 connection; more wait at the client
    #[arg(long, env = "TWORD_MAX_STREAMS_PER_CONNECTION", default_value_t = 1_024, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "STREAMS", help_heading = NETWORK)]
    pub max_streams_per_connection: u32,

    /// Whether gRPC reflection is served; switch it off in production
    #[arg(long, env = "TWORD_REFLECTION", default_value_t = true, action = ArgAction::Set, value_name = "true|false", help_heading = NETWORK)]
    pub reflection: bool,

    /// Public keys (JWKS, JSON) that people's tokens are signed with; read again when the file changes
    #[arg(long, env = "TWORD_JWKS_FILE", value_name = "FILE", help_heading = IDENTITY)]
    pub jwks_file: PathBuf,

    /// Issuer (`iss`) that people's tokens must name
    #[arg(long, env = "TWORD_ISSUER", default_value = "tword", value_name = "NAME", help_heading = IDENTITY)]
    pub issuer: String,

    /// Audience (`aud`) that people's tokens must name
    #[arg(long, env = "TWORD_AUDIENCE", default_value = "tword", value_name = "NAME", help_heading = IDENTITY)]
    pub audience: String,

    /// Claim of people's tokens that holds the list of roles
    #[arg(long, env = "TWORD_ROLES_CLAIM", default_value = "roles", value_name = "NAME", help_heading = IDENTITY)]
    pub roles_claim: String,

    /// Claim of people's tokens that holds the id of the tenant that they belong to: the shop of staff and managers
    #[arg(long, env = "TWORD_TENANT_CLAIM", default_value = "shop", value_name = "NAME", help_heading = IDENTITY)]
    pub tenant_claim: String,

    /// Audience (`aud`) of the tokens that services call each other with; the edge refuses it
    #[arg(long, env = "TWORD_SERVICE_AUDIENCE", default_value = "tword-internal", value_name = "NAME", help_heading = IDENTITY)]
    pub service_audience: String,

    /// Private key (Ed25519, PKCS#8 PEM) that this service signs its own tokens with; read again when it changes
    #[arg(long, env = "TWORD_SERVICE_KEY_FILE", value_name = "FILE", help_heading = IDENTITY)]
    pub service_key_file: PathBuf,

    /// Public keys (JWKS, JSON) of all services, each key's id the service's name; read again when it changes
    #[arg(long, env = "TWORD_SERVICE_JWKS", value_name = "FILE", help_heading = IDENTITY)]
    pub service_jwks: PathBuf,

    /// How long calls are still taken after the signal to stop, while others learn to send them elsewhere (unit: ms, s, m)
    #[arg(long, env = "TWORD_DRAIN_DELAY", default_value = "3s", value_parser = duration, value_name = "DURATION", help_heading = RUNNING)]
    pub drain_delay: Duration,

    /// How long calls and tasks may take to finish after that; what is left then is dropped (unit: ms, s, m)
    #[arg(long, env = "TWORD_DRAIN_TIMEOUT", default_value = "10s", value_parser = positive_duration, value_name = "DURATION", help_heading = RUNNING)]
    pub drain_timeout: Duration,

    /// Where traces are sent by OTLP (gRPC), such as `http://127.0.0.1:4317`; without it none are. It may be away
    #[arg(long, env = "TWORD_OTLP_ENDPOINT", hide_env_values = true, value_name = "URL", help_heading = RUNNING)]
    pub otlp_endpoint: Option<Url>,

    /// Form of the log on standard output
    #[arg(long, env = "TWORD_LOG_FORMAT", default_value = "json", value_enum, value_name = "FORMAT", help_heading = RUNNING)]
    pub log_format: LogFormat,

    /// What is logged: a level, or directives such as `info,chassis::relay=debug`; the admin HTTP can change it
    #[arg(long, env = "TWORD_LOG_LEVEL", default_value = "info,async_nats=warn", value_name = "DIRECTIVES", help_heading = RUNNING)]
    pub log_level: String,
}

const NETWORK: &str = "Network and storage";
const IDENTITY: &str = "Identity";
const RUNNING: &str = "Running";

/// What a process is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Purpose {
    /// To serve until it is told to stop.
    #[default]
    Serve,
    /// To take a restored database back, and to end then.
    Recover,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Plain text, for people.
    Text,
}

impl Options {
    /// Everything that is wrong with the settings, one sentence each with the flag's name; empty where nothing is.
    /// Files are opened, nothing is connected to.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        self.check_addresses(&mut problems);
        self.check_urls(&mut problems);
        self.check_identity(&mut problems);
        if let Err(error) = crate::telemetry::filter(&self.log_level) {
            problems.push(format!("--log-level: {error}"));
        }
        problems
    }

    /// Whose tokens are believed.
    pub(crate) fn auth(&self) -> auth::Settings {
        auth::Settings {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            jwks_file: self.jwks_file.clone(),
            roles_claim: self.roles_claim.clone(),
            tenant_claim: self.tenant_claim.clone(),
            service_audience: self.service_audience.clone(),
            service_jwks: self.service_jwks.clone(),
        }
    }

    fn check_addresses(&self, problems: &mut Vec<String>) {
        if self.listen.port() != 0 && self.listen == self.admin_listen {
            problems.push(format!("--listen and --admin-listen are both {}; choose two ports", self.listen));
        }
    }

    fn check_urls(&self, problems: &mut Vec<String>) {
        let checks = [
            ("--database-url", self.database_url.check_database()),
            ("--nats-url", self.nats_url.check_broker()),
            ("--mesh-url", self.mesh_url.check_host(&["http"])),
        ];
        let otlp = self.otlp_endpoint.iter().map(|url| ("--otlp-endpoint", url.check_host(&["http"])));
        for (flag, checked) in checks.into_iter().chain(otlp) {
            if let Err(problem) = checked {
                problems.push(format!("{flag}: {problem}"));
            }
        }
    }

    fn check_identity(&self, problems: &mut Vec<String>) {
        let names = [
            ("--issuer", &self.issuer),
            ("--audience", &self.audience),
            ("--service-audience", &self.service_audience),
            ("--roles-claim", &self.roles_claim),
            ("--tenant-claim", &self.tenant_claim),
        ];
        for (flag, name) in names {
            if name.trim().is_empty() {
                problems.push(format!("{flag} is empty; give it a name"));
            }
        }
        let files = [
            ("--jwks-file", &self.jwks_file),
            ("--service-key-file", &self.service_key_file),
            ("--service-jwks", &self.service_jwks),
        ];
        for (flag, path) in files {
            if let Err(cause) = readable(path) {
                problems.push(format!("{flag}: cannot read {}: {cause}", path.display()));
            }
        }
    }
}

fn replicas(text: &str) -> Result<usize, &'static str> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("it is 1 or 3"),
    }
}

/// Opening a directory succeeds, so a file is asked for by name.
fn readable(path: &PathBuf) -> Result<(), std::io::Error> {
    let metadata = File::open(path)?.metadata()?;
    if metadata.is_dir() { Err(std::io::ErrorKind::IsADirectory.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
