//! A database for a test, of either kind, and what it holds as rows.

use chassis::store::{self, Database, postgres::Postgres, sqlite::Sqlite};
use order_svc::adapters::store::MIGRATIONS;
use sqlx::{Connection, PgConnection, PgPool, SqlitePool};
use tempfile::TempDir;
use uuid::Uuid;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// A database that is kept as long as the test lasts.
pub struct Kept {
    _folder: Option<TempDir>,
    url: String,
    pub database: Database,
}

/// Runs a query on whichever database it is; both read `$1` and the like.
macro_rules! fetch {
    ($kept:expr, $query:expr, $fetch:ident) => {
        match &$kept.database {
            Database::Sqlite(database) => $query.$fetch(&database.reads()).await.expect("rows"),
            Database::Postgres(database) => $query.$fetch(&database.reads()).await.expect("rows"),
        }
    };
}

impl Kept {
    pub async fn open(on: On) -> Self {
        match on {
            On::Sqlite => Self::sqlite_in(tempfile::tempdir().expect("a folder")).await,
            On::Postgres => Self::postgres(xtask::postgres::database().await).await,
        }
    }

    /// A file in `folder`.
    pub async fn sqlite_in(folder: TempDir) -> Self {
        let url = format!("sqlite://{}", folder.path().join("order.db").display());
        let database = Sqlite::open(&url, MIGRATIONS.sqlite).await.expect("a database");
        Self { _folder: Some(folder), url, database: Database::Sqlite(database) }
    }

    async fn postgres(url: String) -> Self {
        let database = Postgres::open(&url, MIGRATIONS.postgres).await.expect("a database");
        Self { _folder: None, url, database: Database::Postgres(database) }
    }

    /// The database as another process has it.
    pub async fn again(&self) -> Self {
        match &self.database {
            Database::Sqlite(_) => Self { _folder: None, url: self.url.clone(), database: self.database.clone() },
            Database::Postgres(_) => Self::postgres(self.url.clone()).await,
        }
    }

    /// The one number that a query answers.
    pub async fn count(&self, query: &'static str) -> i64 {
        fetch!(self, sqlx::query_scalar(query), fetch_one)
    }

    /// The events written so far, in order: name, version, body.
    pub async fn events(&self) -> Vec<(String, i64, Vec<u8>)> {
        fetch!(self, sqlx::query_as("SELECT kind, version, body FROM outbox ORDER BY position"), fetch_all)
    }

    /// The events written so far, in order, as they are read back: id, name, order, body.
    pub async fn own_events(&self) -> Vec<(Uuid, String, Uuid, Vec<u8>)> {
        let query = "SELECT event_id, kind, aggregate_id, body FROM outbox ORDER BY position";
        fetch!(self, sqlx::query_as(query), fetch_all)
    }

    /// The events of one order, in order: name, version.
    pub async fn history(&self, id: Uuid) -> Vec<(String, i64)> {
        let query = "SELECT kind, version FROM outbox WHERE aggregate_id = $1 ORDER BY version";
        fetch!(self, sqlx::query_as(query).bind(id), fetch_all)
    }

    /// Events that were put aside, with how often they were tried.
    pub async fn dead_letters(&self) -> Vec<(Uuid, i64)> {
        let query = "SELECT event_id, CAST(attempts AS bigint) FROM dead_letter ORDER BY event_id";
        fetch!(self, sqlx::query_as(query), fetch_all)
    }

    /// The audit: who did what to what, in order.
    pub async fn audited(&self) -> Vec<[String; 4]> {
        let query = "SELECT actor_role, actor_id, action, subject_id FROM audit ORDER BY record_id";
        let rows: Vec<(String, String, String, String)> = fetch!(self, sqlx::query_as(query), fetch_all);
        rows.into_iter().map(|(role, actor, action, subject)| [role, actor, action, subject]).collect()
    }

    /// What the audit says was changed, as it is encoded.
    pub async fn audited_changes(&self) -> Vec<Vec<u8>> {
        fetch!(self, sqlx::query_scalar("SELECT changes FROM audit ORDER BY record_id"), fetch_all)
    }

    /// Changes the rows of an order as none of our code would.
    pub async fn tamper(&self, sql: &'static str, id: Uuid) {
        match &self.database {
            Database::Sqlite(_) => {
                let pool = SqlitePool::connect(&self.url).await.expect("the database");
                sqlx::query(sql).bind(id).execute(&pool).await.expect("changed");
            }
            Database::Postgres(_) => {
                let pool = PgPool::connect(&self.url).await.expect("the database");
                sqlx::query(sql).bind(id).execute(&pool).await.expect("changed");
            }
        }
    }

    /// Fills PostgreSQL's tables and lets it count what is there: a plan for empty ones says nothing.
    pub async fn fill(&self, statements: &'static str) {
        let mut connection = PgConnection::connect(&self.url).await.expect("the database");
        sqlx::raw_sql(statements).execute(&mut connection).await.expect("filled");
        sqlx::raw_sql("ANALYZE").execute(&mut connection).await.expect("counted");
    }

    /// Sees PostgreSQL itself refuse what none of our code would do.
    pub async fn refuses(&self, statement: &'static str) {
        let mut connection = PgConnection::connect(&self.url).await.expect("the database");
        let refused = sqlx::raw_sql(statement).execute(&mut connection).await;
        let refused = refused.map_err(store::Error::from).expect_err(statement);
        assert!(matches!(refused, store::Error::Inconsistent(_)), "{statement}: {refused:?}");
    }

    /// How PostgreSQL runs a statement whatever its parameters are.
    pub async fn plan(&self, statement: &str) -> String {
        let mut connection = PgConnection::connect(&self.url).await.expect("the database");
        let parameters = (1..20).take_while(|number| statement.contains(&format!("${number}"))).count();
        let nulls = vec!["NULL"; parameters].join(", ");
        let set = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan";
        sqlx::raw_sql(set).execute(&mut connection).await.expect("set");
        let prepare = sqlx::AssertSqlSafe(format!("PREPARE asked AS {statement}"));
        sqlx::raw_sql(prepare).execute(&mut connection).await.expect("prepared");
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN EXECUTE asked ({nulls})"));
        let rows: Vec<(String,)> =
            sqlx::query_as(explain).persistent(false).fetch_all(&mut connection).await.expect("a plan");
        rows.into_iter().map(|(step,)| step).collect::<Vec<_>>().join("\n")
    }
}

/// Runs behaviours on each kind of database.
macro_rules! on_both {
    ($($behaviour:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    super::$behaviour(crate::database::On::Sqlite).await;
                }
            )*
        }
        mod on_postgres {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    super::$behaviour(crate::database::On::Postgres).await;
                }
            )*
        }
    };
}
pub(crate) use on_both;

/// The same, by several threads.
macro_rules! on_both_in_parallel {
    ($($behaviour:ident),* $(,)?) => {
        mod parallel_on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $behaviour() {
                    super::$behaviour(crate::database::On::Sqlite).await;
                }
            )*
        }
        mod parallel_on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $behaviour() {
                    super::$behaviour(crate::database::On::Postgres).await;
                }
            )*
        }
    };
}
pub(crate) use on_both_in_parallel;
