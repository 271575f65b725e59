//! A connection to a service's database, whichever it is. It shares no code with the services.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Executor};
use xtask::mesh::{DatabaseKind, Service};

use crate::wait;
use crate::world::World;

/// A connection. Statements have `$1` where they take a value: both databases read that.
pub enum Connection {
    /// To a file.
    Sqlite(SqliteConnection),
    /// To a database on a server.
    Postgres(PgConnection),
}

/// Does the same with either connection, under the same name.
macro_rules! either {
    ($connection:expr, $name:ident => $body:expr) => {
        match $connection {
            $crate::db::Connection::Sqlite($name) => $body,
            $crate::db::Connection::Postgres($name) => $body,
        }
    };
}
pub(super) use either;

impl Connection {
    /// Opens one that only reads.
    pub(super) async fn read(world: &World, service: Service) -> Result<Self, String> {
        match world.mesh().database_kind() {
            DatabaseKind::Sqlite => {
                Ok(Self::Sqlite(file(world, service).read_only(true).connect().await.map_err(said)?))
            }
            DatabaseKind::Postgres => {
                let options = server(world, service).options([("default_transaction_read_only", "on")]);
                Ok(Self::Postgres(options.connect().await.map_err(said)?))
            }
        }
    }

    /// Opens one that may write, behind the service's back.
    pub(super) async fn write(world: &World, service: Service) -> Self {
        match world.mesh().database_kind() {
            DatabaseKind::Sqlite => {
                let options = file(world, service).busy_timeout(wait::LIMIT);
                Self::Sqlite(options.connect().await.expect("the file"))
            }
            DatabaseKind::Postgres => Self::Postgres(server(world, service).connect().await.expect("the database")),
        }
    }

    /// Runs statements, which give nothing.
    pub(super) async fn execute(&mut self, statements: impl Into<String>) {
        let statements = AssertSqlSafe(statements.into());
        either!(self, one => one.execute(sqlx::raw_sql(statements)).await.map(drop)).expect("executed");
    }

    /// One number.
    pub(super) async fn number(&mut self, query: impl Into<String>) -> Result<i64, String> {
        let query = AssertSqlSafe(query.into());
        either!(self, one => sqlx::query_scalar(query).fetch_one(one).await).map_err(said)
    }

    /// Ends it.
    pub(super) async fn close(self) -> Result<(), String> {
        either!(self, one => one.close().await).map_err(said)
    }
}

fn file(world: &World, service: Service) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(world.mesh().database(service))
}

fn server(world: &World, service: Service) -> PgConnectOptions {
    PgConnectOptions::from_str(&world.mesh().database_url(service)).expect("the mesh's own URL")
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn said(error: sqlx::Error) -> String {
    error.to_string()
}
