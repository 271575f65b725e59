//! Reaching the server: the first connection, which may be waited for, and the pools.

use std::{borrow::Cow, time::Duration};

use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, PgPool,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::Instant;

use crate::{refusal::chain, store::Error};

/// The oldest server that is known to do: PostgreSQL 15.
const OLDEST: u32 = 150_000;
/// How long a connection may take to come about, and one that is in use to come free.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was idle for longer is tried before it is used.
const FRESH: Duration = Duration::from_secs(1);
const IDLE_TIMEOUT: Duration = Duration::from_mins(10);
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// What holds in every connection, whatever the server's own settings.
const SESSION: [(&str, &str); 5] = [
    ("synchronous_commit", "on"),
    ("lock_timeout", "5s"),
    ("statement_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "5s"),
    // What is warned of is no news here.
    ("client_min_messages", "error"),
];

/// Why no connection came about, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL at {at} {advice}")]
struct NoConnection {
    at: String,
    advice: &'static str,
    source: sqlx::Error,
}

/// The pools of one process.
pub(super) struct Pools {
    pub(super) writes: PgPool,
    pub(super) reads: PgPool,
    pub(super) announcements: PgPool,
}

/// What a URL says.
///
/// # Errors
/// It is none of PostgreSQL's.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, Error> {
    Ok(url.parse::<PgConnectOptions>()?.disable_statement_logging())
}

/// The first connection; waits for a server that is away.
///
/// # Errors
/// It stays away, or it refuses.
pub(super) async fn connect(options: &PgConnectOptions, patience: Duration) -> Result<PgConnection, Error> {
    let patience = Instant::now() + patience;
    let mut told = false;
    loop {
        let connecting = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(options));
        let error = match connecting.await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        if !may_come(&error) || Instant::now() >= patience {
            return Err(no_connection(options, error));
        }
        if !told {
            tracing::warn!(at = at(options), cause = chain(&error), "the database is away, it is waited for");
            told = true;
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

/// Whether the server may answer by itself after a while.
fn may_come(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
        // It starts, or it stops, or it is full.
        sqlx::Error::Database(refused) => {
            matches!(refused.code().as_deref(), Some("57P01" | "57P02" | "57P03" | "53300"))
        }
        _ => false,
    }
}

fn no_connection(options: &PgConnectOptions, source: sqlx::Error) -> Error {
    let code = source.as_database_error().and_then(|error| error.code().map(Cow::into_owned));
    let advice = match code.as_deref() {
        Some("28P01" | "28000") => "does not let this role in; see the user and the password of --database-url",
        Some("3D000") => "has no database of this name; create it, or correct --database-url",
        _ => "gives no connection; start it, or correct --database-url",
    };
    Error::Unavailable(Box::new(NoConnection { at: at(options), advice, source }))
}

fn at(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

/// Refuses a server that is too old.
///
/// # Errors
/// It is.
pub(super) fn check_version(connection: &PgConnection) -> Result<(), Error> {
    match connection.server_version_num() {
        Some(version) if version < OLDEST => {
            Err(Error::inconsistent(format!("PostgreSQL {} is running; 15 or later is needed", version / 10_000)))
        }
        Some(_) | None => Ok(()),
    }
}

/// Ends a connection that is needed no more.
pub(super) async fn close(connection: PgConnection) {
    // The server notices by itself otherwise.
    let _closed = connection.close().await;
}

/// The pools of a process that opens so many connections at most. None is opened before it is needed.
pub(super) fn pools(options: &PgConnectOptions, connections: u32) -> Pools {
    let rest = connections.saturating_sub(2).max(2);
    let readers = rest / 2;
    let session = options.clone().options(SESSION);
    let read_only = session.clone().options([("default_transaction_read_only", "on")]);
    // A word that is lost is made up for, so it waits for no disk.
    let announcing = session.clone().options([("synchronous_commit", "off")]);
    let forever = PgPoolOptions::new().max_connections(2).acquire_timeout(ACQUIRE_TIMEOUT);
    Pools {
        writes: pool(rest - readers).connect_lazy_with(session),
        reads: pool(readers).connect_lazy_with(read_only),
        announcements: forever.idle_timeout(None).max_lifetime(None).connect_lazy_with(announcing),
    }
}

/// Whatever was going on in a connection has ended when it is used again: a caller that goes while a transaction begins
/// would leave that open, and the next one's commit would commit nothing (sqlx #4385).
fn pool(connections: u32) -> PoolOptions<sqlx::Postgres> {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(IDLE_TIMEOUT)
        .test_before_acquire(false)
        .after_connect(|connection, _meta| {
            Box::pin(async move {
                // What a standby says of how far the log has come is older than what was promised.
                let standby: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await?;
                if standby { Err(sqlx::Error::Protocol("the server is a standby".to_owned())) } else { Ok(()) }
            })
        })
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_release(|connection, _meta| {
            Box::pin(async move {
                let ended = tokio::time::timeout(ACQUIRE_TIMEOUT, end_transaction(connection));
                ended.await.map_err(|_spent| sqlx::Error::PoolTimedOut)??;
                Ok(true)
            })
        })
}

/// Ends a transaction that was left open. Where there is none, as nearly always, a `ROLLBACK` alone would fill the server's
/// log with warnings.
async fn end_transaction(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if connection.execute("BEGIN; ROLLBACK").await.is_err() {
        // In a transaction that failed nothing else is taken.
        connection.execute("ROLLBACK").await?;
    }
    Ok(())
}
