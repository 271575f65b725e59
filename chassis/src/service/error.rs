//! Why a service could not start or go on.

use std::{io, net::SocketAddr, time::Duration};

use crate::{auth, recovery, store};

/// Why a service could not start or go on. Each says what to do where an operator can do something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting cannot be right; the sentence names its flag. The process exits with 64.
    #[error("{0}")]
    Configuration(String),
    /// A file of keys cannot be used.
    #[error("the keys cannot be used")]
    Keys(#[from] auth::Error),
    /// The rules contradict each other.
    #[error("the rules of who may call what are wrong")]
    Rules(#[from] auth::DuplicateRule),
    /// A port is taken or not allowed.
    #[error("cannot listen on {address} ({what}); free port {port}, or choose another with {flag}", port = .address.port())]
    Bind {
        /// What was to be served there.
        what: &'static str,
        /// The flag that sets it.
        flag: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The database cannot be opened.
    #[error("the database cannot be used")]
    Store(#[from] store::Error),
    /// The database's schema is none for this program.
    #[error("the database cannot be used: {0}")]
    Schema(store::Unfit),
    /// The database is older than what its service has told.
    #[error(
        "the database was restored to an older point ({found}); run `{service} recover` with the same settings, then \
         start it again"
    )]
    Restored {
        /// The service.
        service: String,
        /// How that was found out.
        found: String,
    },
    /// It could not be recovered.
    #[error("the database was not recovered")]
    Recover(#[from] recovery::RecoverError),
    /// The broker is away, or refuses what an operator asked of it.
    #[error("the broker cannot be used: {0}")]
    Broker(String),
    /// The descriptors of the contracts are broken.
    #[error("reflection cannot be served")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// Metrics or logs were set up by something else.
    #[error("telemetry cannot be set up")]
    Telemetry(#[from] crate::telemetry::Error),
    /// The system tells of no signals.
    #[error("cannot wait for signals")]
    Signals(#[source] io::Error),
    /// The system gives no threads.
    #[error("cannot start the runtime")]
    Runtime(#[source] io::Error),
    /// A part that should run until the drain did not.
    #[error("{0} ended by itself; the process has to be started again")]
    Ended(String),
    /// The hard deadline passed.
    #[error("not finished {} seconds after the drain began, dropped: {}", .after.as_secs(), .what.join(", "))]
    Cut {
        /// How long was waited.
        after: Duration,
        /// What had not ended.
        what: Vec<String>,
    },
}

impl Error {
    /// Whether a setting or a file that it names is wrong: then a restart does not help.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Configuration(_) | Self::Keys(_))
    }
}
