//! The subcommand `backup`: a copy of the database, taken while the service runs, and marked as a copy.

use std::{path::PathBuf, process::ExitCode};

use clap::{Arg, ArgMatches, Args, Command, value_parser};

use super::{EXIT_WRONG_CONFIGURATION, wrong};
use crate::{
    config::{Options, Url},
    refusal::chain,
    store::Database,
};

/// How it is called.
pub(super) const NAME: &str = "backup";
const ABOUT: &str = "Writes a copy of the database into a new file, while the service runs, and exits";
const MORE: &str = "Writes a copy of the database into a new file, while the service runs, and exits.\n\nOf SQLite it is a \
     database file; of PostgreSQL a script for `psql`, made by `pg_dump`, which has to be on PATH. The copy is marked: a \
     service does not start from it before its subcommand `recover` has run.";
const URL: &str = "database_url";
const FILE: &str = "file";

/// Its command line.
pub(super) fn command() -> Command {
    let all = Options::augment_args(Command::new(NAME));
    let url: Vec<Arg> = all.get_arguments().filter(|argument| argument.get_id() == URL).cloned().collect();
    let file = Arg::new(FILE).value_name("FILE").required(true).value_parser(value_parser!(PathBuf));
    Command::new(NAME).about(ABOUT).long_about(MORE).args(url).arg(file.help("Where to; it must not exist"))
}

/// Does it in a process of its own.
pub(super) fn entry(matches: &ArgMatches) -> ExitCode {
    let (Some(url), Some(file)) = (matches.get_one::<Url>(URL), matches.get_one::<PathBuf>(FILE)) else {
        return ExitCode::from(EXIT_WRONG_CONFIGURATION);
    };
    if let Err(problem) = url.check_database() {
        return wrong(&[format!("--database-url: {problem}")]);
    }
    if file.exists() {
        return wrong(&[format!("{} exists already; name a new file", file.display())]);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("cannot start the runtime: {error}")),
    };
    match runtime.block_on(Database::back_up(url, file)) {
        Ok(()) => {
            println!("{} is a copy of {url}", file.display());
            ExitCode::SUCCESS
        }
        Err(error) => failed(&chain(&error)),
    }
}

fn failed(what: &str) -> ExitCode {
    eprintln!("error: {what}");
    ExitCode::FAILURE
}
