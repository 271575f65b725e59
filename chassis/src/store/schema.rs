//! Bringing a database's schema up, or refusing it: the same for both kinds of database.

use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, Migrator};

use super::Error;

/// What is done with a schema that is older than the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Older {
    /// It is brought up.
    BringUp,
    /// It is refused.
    Refuse,
}

/// Why a database's schema cannot be used by this program.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// A newer program brought it up.
    #[error(
        "its schema is newer than this program: it is at migration {schema}, the program knows none after {program}; \
         run the newer program"
    )]
    Newer {
        /// The last migrations of the schema.
        schema: String,
        /// The last migrations that the program knows.
        program: String,
    },
    /// It is to be brought up first.
    #[error(
        "its schema is older than this program: it is at migration {schema}, the program needs {program}; run the \
         program's subcommand `migrate`, or start it with --migrate-at-start=true"
    )]
    Older {
        /// The last migrations of the schema.
        schema: String,
        /// The last migrations that the program knows.
        program: String,
    },
    /// It is another one.
    #[error(
        "migration {0} of its schema is not the one that this program knows: see that --database-url is this service's \
         own database; if it is, the program was built from a migration that was changed after it had been applied"
    )]
    Changed(i64),
    /// A migration that is no transaction stopped half-way.
    #[error(
        "migration {0} of its schema was applied in part: restore the database, or finish it by hand and set `success` \
         in _sqlx_migrations"
    )]
    HalfApplied(i64),
}

/// The chassis's migrations and a service's as one.
pub(super) fn merge(chassis: &Migrator, service: &Migrator) -> Migrator {
    let merged: Vec<Migration> = chassis.iter().chain(service.iter()).cloned().collect();
    Migrator::with_migrations(merged)
}

/// Brings the schema up to `migrations`, one process at a time where the database has locks for that.
///
/// # Errors
/// The schema is unfit (the source is [`Unfit`] then), or the database failed.
pub(super) async fn settle<C>(connection: &mut C, mut migrations: Migrator, older: Older) -> Result<(), Error>
where
    C: Migrate + Send,
{
    connection.lock().await.map_err(failed)?;
    let applied = applied(connection, &migrations).await.map_err(failed)?;
    let missing = check(&applied, &migrations).map_err(unfit)?;
    match older {
        _ if missing == 0 => {}
        Older::BringUp => {
            migrations.set_locking(false);
            migrations.run_direct(None, connection, false).await.map_err(failed)?;
            tracing::info!(migrations = missing, "the database's schema was brought up");
        }
        Older::Refuse => {
            let (schema, program) = (last(&versions(&applied)), last(&known(&migrations)));
            return Err(unfit(Unfit::Older { schema, program }));
        }
    }
    connection.unlock().await.map_err(failed)
}

/// What was applied; nothing where the database knows of no migrations.
async fn applied<C: Migrate>(connection: &mut C, migrations: &Migrator) -> Result<Vec<AppliedMigration>, MigrateError> {
    match connection.list_applied_migrations(&migrations.table_name).await {
        Err(MigrateError::Execute(error)) if no_such_table(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
        Ok(applied) => match connection.dirty_version(&migrations.table_name).await? {
            Some(version) => Err(MigrateError::Dirty(version)),
            None => Ok(applied),
        },
    }
}

fn no_such_table(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.code().as_deref() == Some("42P01") || error.message().starts_with("no such table"))
}

/// How many of the program's migrations the schema lacks.
fn check(applied: &[AppliedMigration], migrations: &Migrator) -> Result<usize, Unfit> {
    for one in applied {
        match migrations.iter().find(|known| known.version == one.version) {
            Some(known) if known.checksum != one.checksum => return Err(Unfit::Changed(one.version)),
            Some(_same) => {}
            None => {
                let (schema, program) = (last(&versions(applied)), last(&known(migrations)));
                return Err(Unfit::Newer { schema, program });
            }
        }
    }
    Ok(migrations.iter().count() - applied.len())
}

fn versions(applied: &[AppliedMigration]) -> Vec<i64> {
    applied.iter().map(|migration| migration.version).collect()
}

fn known(migrations: &Migrator) -> Vec<i64> {
    migrations.iter().map(|migration| migration.version).collect()
}

/// The last of the chassis's and the last of the service's own, which are numbered above 1000.
fn last(versions: &[i64]) -> String {
    let (own, chassis): (Vec<i64>, Vec<i64>) = versions.iter().partition(|version| **version > 1_000);
    let lasts = [chassis.iter().max(), own.iter().max()].into_iter().flatten();
    let lasts: Vec<String> = lasts.map(|version| format!("{version:04}")).collect();
    if lasts.is_empty() { "none".to_owned() } else { lasts.join(" and ") }
}

fn unfit(unfit: Unfit) -> Error {
    Error::Unavailable(Box::new(unfit))
}

fn failed(error: MigrateError) -> Error {
    match error {
        MigrateError::Dirty(version) => unfit(Unfit::HalfApplied(version)),
        MigrateError::VersionMismatch(version) => unfit(Unfit::Changed(version)),
        other => Error::Unavailable(Box::new(other)),
    }
}
