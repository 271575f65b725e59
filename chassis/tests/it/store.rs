//! What every store does, whatever its database. Each behaviour is a function over an opened store; each kind of
//! database calls all of them.

mod announcements;
mod audits;
mod behaviours;
mod cancelled;
mod conflicts;
mod letters;
mod numbering;
mod recovery;
mod schema;
mod sqlite_writer;
mod waiting;

use std::sync::Arc;

use chassis::store::{Announcements, Reads, Store, Tx, postgres::Postgres, sqlite::Sqlite};
use sqlx::migrate::Migrator;
use tempfile::TempDir;

/// A store that was opened for one behaviour.
pub struct Opened {
    pub store: Store<dyn Tx>,
    pub log: Arc<dyn Reads>,
    pub announcements: Announcements,
    /// Kept with a file, as long as that is needed.
    _directory: Option<TempDir>,
}

/// A SQLite file of its own.
pub async fn sqlite() -> Opened {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite://{}", directory.path().join("test.db").display());
    let sqlite = Sqlite::open(&url, &Migrator::DEFAULT).await.expect("a database");
    let announcements = sqlite.announcements();
    Opened { store: sqlite.store(|tx| tx), log: sqlite.log(), announcements, _directory: Some(directory) }
}

/// A PostgreSQL database of its own.
pub async fn postgres() -> Opened {
    postgres_at(&xtask::postgres::database().await).await
}

/// One process's store on a PostgreSQL database.
pub async fn postgres_at(url: &str) -> Opened {
    let postgres = Postgres::open(url, &Migrator::DEFAULT).await.expect("a database");
    let announcements = postgres.announcements();
    Opened { store: postgres.store(|tx| tx), log: postgres.log(), announcements, _directory: None }
}

/// Runs each behaviour as a test of its own against each kind of database.
macro_rules! contract {
    ($($module:ident::$behaviour:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    super::$module::$behaviour(super::sqlite().await).await;
                }
            )*
        }

        mod on_postgres {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    super::$module::$behaviour(super::postgres().await).await;
                }
            )*
        }
    };
}

contract! {
    behaviours::what_is_refused_is_undone,
    behaviours::the_work_goes_on_though_the_caller_has_gone,
    behaviours::a_panic_fails_alone,
    behaviours::one_of_a_hundred_callers_with_one_key_has_the_effect,
    behaviours::a_key_binds_its_request,
    behaviours::old_answers_are_forgotten_and_no_others,
    behaviours::an_event_is_admitted_once_and_each_number_is_ticked,
    behaviours::gaps_are_told_in_order,
    behaviours::failures_are_counted,
    behaviours::a_version_has_one_event,
    numbering::numbers_have_no_gap_and_never_change,
    numbering::at_most_a_batch_waits_to_be_published,
    numbering::one_relay_leads_at_a_time,
    numbering::a_relay_that_lost_its_lease_numbers_nothing,
    numbering::a_relay_that_was_stalled_repeats_what_was_published_and_no_more,
    numbering::numbers_are_given_once_whoever_gives_them,
    numbering::appending_wakes_the_relay,
    numbering::a_read_ends_at_its_bytes,
    letters::a_letter_is_taken_once_and_its_event_stays_admitted,
    letters::a_letter_that_was_taken_in_vain_still_waits,
    letters::a_letter_that_fails_again_keeps_its_last_cause,
    letters::a_dropped_letter_is_kept_and_no_more_handled,
    letters::letters_are_listed_in_pages,
    waiting::what_is_not_published_is_told_in_its_order,
    waiting::a_backlog_is_counted_with_its_oldest_event,
    waiting::an_aggregates_events_are_told_by_version_and_bounded,
    waiting::what_was_seen_is_counted_up_to_a_head,
    announcements::what_is_announced_is_heard_after_the_commit_and_only_then,
    recovery::events_are_put_back_under_their_numbers,
    recovery::what_had_no_number_gets_its_own_back_or_gives_way,
    recovery::an_epoch_ends_and_another_begins,
    recovery::standing_and_losses_are_kept,
    recovery::what_a_producer_lost_is_waited_for_by_nobody,
    audits::records_are_listed_by_subject_and_person,
    audits::a_record_of_what_was_refused_is_not_kept,
}
