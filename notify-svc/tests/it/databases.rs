//! The databases that tests run on.

use chassis::store::{Database, postgres::Postgres, sqlite::Sqlite};
use notify_svc::adapters::store::MIGRATIONS;
use tempfile::TempDir;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// Runs each behaviour as a test of its own on each kind of database.
macro_rules! on_both {
    ($($behaviour:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    super::$behaviour($crate::databases::On::Sqlite).await;
                }
            )*
        }

        mod on_postgres {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    super::$behaviour($crate::databases::On::Postgres).await;
                }
            )*
        }
    };
}
pub(crate) use on_both;

/// Where a database is.
pub enum Place {
    Folder(TempDir),
    Server(String),
}

impl Place {
    pub async fn new(on: On) -> Self {
        match on {
            On::Postgres => Self::Server(xtask::postgres::database().await),
            On::Sqlite => {
                let memory = std::path::Path::new("/dev/shm");
                let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
                Self::Folder(folder.expect("a folder"))
            }
        }
    }

    pub async fn open(&self) -> Database {
        match self {
            Self::Folder(folder) => {
                let url = format!("sqlite://{}", folder.path().join("notify.db").display());
                Database::Sqlite(Sqlite::open(&url, MIGRATIONS.sqlite).await.expect("a database"))
            }
            Self::Server(url) => {
                Database::Postgres(Postgres::open(url, MIGRATIONS.postgres).await.expect("a database"))
            }
        }
    }
}
