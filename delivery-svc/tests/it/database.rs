//! A database for a test, of either kind, and what it holds as rows.

use chassis::store::{self, Database, postgres::Postgres, sqlite::Sqlite};
use delivery_svc::adapters::store::MIGRATIONS;
use sqlx::{Connection, PgConnection, migrate::Migrator};
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
        let url = format!("sqlite://{}", folder.path().join("delivery.db").display());
        let database = Sqlite::open(&url, MIGRATIONS.sqlite).await.expect("a database");
        Self { _folder: Some(folder), url, database: Database::Sqlite(database) }
    }

    /// A file as a program left it that did not know the migrations from `version` on.
    pub async fn sqlite_before(version: i64) -> Self {
        let known = MIGRATIONS.sqlite.iter().filter(|migration| migration.version < version).cloned();
        let known = Migrator::with_migrations(known.collect());
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("delivery.db").display());
        let database = Sqlite::open(&url, &known).await.expect("a database");
        Self { _folder: Some(folder), url, database: Database::Sqlite(database) }
    }

    /// The same file, with every migration.
    pub async fn upgraded(&self) -> Self {
        let database = Sqlite::open(&self.url, MIGRATIONS.sqlite).await.expect("upgraded");
        Self { _folder: None, url: self.url.clone(), database: Database::Sqlite(database) }
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

    /// The kinds and versions of one delivery's events, oldest first.
    pub async fn history(&self, id: Uuid) -> Vec<(String, i64)> {
        let query = "SELECT kind, version FROM outbox WHERE aggregate_id = $1 ORDER BY position";
        fetch!(self, sqlx::query_as(query).bind(id), fetch_all)
    }

    /// The events written so far, in order, as they are read back: id, name, delivery, body.
    pub async fn own_events(&self) -> Vec<(Uuid, String, Uuid, Vec<u8>)> {
        let query = "SELECT event_id, kind, aggregate_id, body FROM outbox ORDER BY position";
        fetch!(self, sqlx::query_as(query), fetch_all)
    }

    /// One delivery's last event.
    pub async fn last_event(&self, id: Uuid) -> Vec<u8> {
        let query = "SELECT body FROM outbox WHERE aggregate_id = $1 ORDER BY position DESC LIMIT 1";
        fetch!(self, sqlx::query_scalar(query).bind(id), fetch_one)
    }

    /// Everything that is neither a delivery nor about one by its id.
    pub async fn dump_outside_deliveries(&self) -> Vec<Vec<u8>> {
        let query = "SELECT body FROM outbox UNION ALL SELECT answer FROM answer UNION ALL SELECT body FROM dead_letter \
             UNION ALL SELECT changes FROM audit";
        fetch!(self, sqlx::query_scalar(query), fetch_all)
    }

    /// Who did what to what, as the audit has it: role, person, action, subject.
    pub async fn audited(&self) -> Vec<[String; 4]> {
        let query = "SELECT actor_role, actor_id, action, subject_id FROM audit ORDER BY create_time, record_id";
        let rows: Vec<(String, String, String, String)> = fetch!(self, sqlx::query_as(query), fetch_all);
        rows.into_iter().map(|(role, actor, action, subject)| [role, actor, action, subject]).collect()
    }

    /// What the audit says was changed, as it is encoded.
    pub async fn audited_changes(&self) -> Vec<Vec<u8>> {
        fetch!(self, sqlx::query_scalar("SELECT changes FROM audit ORDER BY create_time, record_id"), fetch_all)
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
