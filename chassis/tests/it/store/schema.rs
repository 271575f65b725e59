//! Schemas that are older, newer or others than the program.

use chassis::{
    refusal::chain,
    store::{
        Error, Older,
        postgres::{Postgres, Settings},
        sqlite::Sqlite,
    },
};
use futures::future::join_all;
use sqlx::{
    Connection, PgConnection, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// A service's migrations up to a version, each a table.
fn up_to(version: i64) -> Migrator {
    let migrations = (1_001..=version).map(|version| {
        let table = sqlx::AssertSqlSafe(format!("CREATE TABLE t{version} (id integer)")).into_sql_str();
        Migration::new(version, format!("t{version}").into(), MigrationType::Simple, table, false)
    });
    Migrator::with_migrations(migrations.collect())
}

fn another() -> Migrator {
    let table = "CREATE TABLE another (id integer)".into_sql_str();
    Migrator::with_migrations(vec![Migration::new(1_001, "another".into(), MigrationType::Simple, table, false)])
}

/// Either database, opened again and again.
enum Place {
    File(tempfile::TempDir),
    Server(String),
}

impl Place {
    fn file() -> Self {
        Self::File(tempfile::tempdir().expect("a directory"))
    }

    async fn server() -> Self {
        Self::Server(xtask::postgres::database().await)
    }

    async fn open(&self, migrations: &Migrator, older: Older) -> Result<(), Error> {
        match self {
            Self::File(folder) => {
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                Sqlite::open_with(&url, migrations, older).await.map(|_opened| ())
            }
            Self::Server(url) => {
                let settings = Settings { older, ..Settings::new(url) };
                Postgres::open_with(&settings, migrations).await.map(|_opened| ())
            }
        }
    }

    /// Why it is refused.
    async fn refused(&self, migrations: &Migrator, older: Older) -> String {
        chain(&self.open(migrations, older).await.expect_err("it is refused"))
    }
}

async fn schemas_are_brought_up_or_refused(place: Place) {
    let refused = place.refused(&up_to(1_001), Older::Refuse).await;
    assert!(refused.contains("older than this program") && refused.contains("migration none"), "{refused}");
    place.open(&up_to(1_001), Older::BringUp).await.expect("a new schema");
    place.open(&up_to(1_001), Older::Refuse).await.expect("as it should be");
    let refused = place.refused(&up_to(1_002), Older::Refuse).await;
    for part in ["and 1001", "and 1002", "`migrate`", "--migrate-at-start"] {
        assert!(refused.contains(part), "{part} in {refused}");
    }
    place.open(&up_to(1_002), Older::BringUp).await.expect("brought up");
    for older in [Older::BringUp, Older::Refuse] {
        let refused = place.refused(&up_to(1_001), older).await;
        for part in ["newer than this program", "and 1002", "and 1001", "run the newer program"] {
            assert!(refused.contains(part), "{part} in {refused}");
        }
    }
    let refused = place.refused(&another(), Older::BringUp).await;
    assert!(refused.contains("migration 1001") && refused.contains("own database"), "{refused}");
    place.open(&up_to(1_003), Older::BringUp).await.expect("nothing was harmed");
}

#[tokio::test]
async fn schemas_of_files_are_brought_up_or_refused() {
    schemas_are_brought_up_or_refused(Place::file()).await;
}

#[tokio::test]
async fn schemas_of_servers_are_brought_up_or_refused() {
    schemas_are_brought_up_or_refused(Place::server().await).await;
}

#[tokio::test]
async fn replicas_that_start_at_once_bring_the_schema_up_once() {
    let Place::Server(url) = Place::server().await else { panic!("a server") };
    let migrations = up_to(1_020);
    let opened = join_all((0..4).map(|_| Postgres::open(&url, &migrations))).await;
    for opened in opened {
        opened.expect("opened");
    }
    let mut connection = PgConnection::connect(&url).await.expect("a connection");
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE version > 1000")
        .fetch_one(&mut connection)
        .await
        .expect("a count");
    assert_eq!(applied, 20);
}

#[tokio::test]
async fn a_server_that_refuses_is_told_with_what_to_do() {
    let Place::Server(url) = Place::server().await else { panic!("a server") };
    let (user, place) = url.split_once('@').expect("a user");
    let (server, _name) = place.rsplit_once('/').expect("a name");
    for (url, advice) in [
        (format!("{user}@{server}/nowhere"), "create it"),
        (format!("{user}-not@{place}"), "the user and the password"),
        ("postgres://u:secret@127.0.0.1:9/db".to_owned(), "start it"),
    ] {
        let Err(error) = Postgres::open(&url, &Migrator::DEFAULT).await else { panic!("opened {url}") };
        let told = chain(&error);
        assert!(told.contains(advice) && !told.contains("secret"), "{advice} in {told}");
    }
}
