//! What a database's errors mean: shared by both kinds of database.

use std::cell::Cell;

use sqlx::postgres::PgDatabaseError;

use super::Error;

/// Why a unit of work, or its connection, is not to be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another unit was in the way: what this one read may no longer be so, and it is run again from the start.
    Conflict(Conflict),
    /// The server takes no writes, as one does that was the primary before: the connection leads to the wrong place.
    Unwritable,
}

/// How units get into each other's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// Each waits for the other.
    Deadlock,
    /// What was read was changed meanwhile.
    Serialization,
    /// Another wrote the same key first.
    Unique,
}

impl Conflict {
    /// Each of them.
    pub(super) const ALL: [Self; 3] = [Self::Deadlock, Self::Serialization, Self::Unique];

    /// As metrics and logs call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Deadlock => "deadlock",
            Self::Serialization => "serialization",
            Self::Unique => "unique",
        }
    }
}

tokio::task_local! {
    /// What the unit that runs in this task met. Its own error type is its own affair, so its runner learns of it here.
    static MET: Cell<Option<Trouble>>;
}

/// Runs a unit of work; tells the last trouble with the database that it met, whatever it made of it.
pub(super) async fn watched<F: Future>(unit: F) -> (F::Output, Option<Trouble>) {
    let watched = async {
        let output = unit.await;
        (output, MET.with(Cell::get))
    };
    MET.scope(Cell::new(None), watched).await
}

/// What an error of the database says about the unit that met it; none for what another try would meet again.
pub(super) fn trouble(error: &sqlx::Error) -> Option<Trouble> {
    match error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?.code() {
        "40P01" => Some(Trouble::Conflict(Conflict::Deadlock)),
        "40001" => Some(Trouble::Conflict(Conflict::Serialization)),
        "23505" => Some(Trouble::Conflict(Conflict::Unique)),
        "25006" => Some(Trouble::Unwritable),
        _ => None,
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if let Some(trouble) = trouble(&error) {
            // Outside of a unit nobody asks.
            let _nobody = MET.try_with(|met| met.set(Some(trouble)));
        }
        match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::RowNotFound => {
                Self::Inconsistent(error.to_string())
            }
            // The database is there; what was to be written breaks a rule, and would break it again.
            sqlx::Error::Database(broken) if breaks_rule(broken.as_ref()) => Self::Inconsistent(broken.to_string()),
            other => Self::Unavailable(Box::new(other)),
        }
    }
}

/// Whether a constraint or a trigger refused a write, or a value is none that can be stored.
fn breaks_rule(error: &dyn sqlx::error::DatabaseError) -> bool {
    /// `SQLITE_CONSTRAINT`; the extended codes have it in their lowest byte.
    const SQLITE_CONSTRAINT: u32 = 19;
    if let Some(postgres) = error.try_downcast_ref::<PgDatabaseError>() {
        // Values that cannot be, constraints, what `RAISE EXCEPTION` says, values that are too large.
        return ["22", "23", "P0", "54"].iter().any(|class| postgres.code().starts_with(class));
    }
    error.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == SQLITE_CONSTRAINT)
}
