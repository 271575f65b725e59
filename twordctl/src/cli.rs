//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{
    ArgMatches, Args, Command as Clap, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind,
    parser::ValueSource,
};

use crate::{
    commands::{audit, consumers, dead_letters, erase, messages, my_page, orders, unpublished},
    error::Exit,
};

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 refused or failed, the message says why and what to do next; 64 the command line is wrong;
69 a service, or the edge, does not answer: what the others said is told all the same.

The token is one of an operator. Give it by a file or by the variable: other processes can read a command line.";

/// Look into a running mesh and mend it, as an operator, through its edge
#[derive(Parser)]
#[command(name = "twordctl", version, after_help = EXIT_CODES, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args)]
pub struct Options {
    /// The edge's address
    #[arg(long, global = true, env = "TWORD_URL", default_value = "http://127.0.0.1:8088", value_name = "URL")]
    pub url: String,
    /// An operator's bearer token
    #[arg(long, global = true, env = "TWORD_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// A file that holds the token
    #[arg(long, global = true, env = "TWORD_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Tell answers as JSON, for scripts
    #[arg(long, global = true, env = "TWORD_JSON")]
    pub json: bool,
    /// What a call takes at most (unit: ms, s, m)
    #[arg(long, global = true, env = "TWORD_TIMEOUT", default_value = "10s", value_parser = duration, value_name = "DURATION")]
    pub timeout: Duration,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Orders: the whole story of one, those that are stuck
    #[command(subcommand)]
    Order(orders::Command),
    /// Events that could not be handled by their own fault
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    /// List events that the broker has not got yet
    Unpublished(unpublished::Arguments),
    /// List what the services consume, and how far each lags behind its producers
    Consumers(consumers::Arguments),
    /// List what people changed: who, what, when
    Audit(audit::Arguments),
    /// Messages to customers and shops
    #[command(subcommand)]
    Messages(messages::Command),
    /// The customers' read model
    #[command(subcommand)]
    MyPage(my_page::Command),
    /// Erase one customer's personal data for ever; orders stay
    Erase(erase::Arguments),
}

/// What was asked for.
pub struct Line {
    /// For every command.
    pub options: Options,
    /// The token.
    pub token: String,
    /// What to do.
    pub command: Command,
}

/// The command line's shape, for its help and for tests.
pub fn command() -> Clap {
    Cli::command()
}

/// The process's command line and variables.
///
/// # Errors
/// They are wrong, or ask for help.
pub fn parse() -> Result<Line, clap::Error> {
    parse_from(std::env::args_os())
}

fn parse_from(arguments: impl IntoIterator<Item = impl Into<std::ffi::OsString> + Clone>) -> Result<Line, clap::Error> {
    let matches = command().try_get_matches_from(arguments)?;
    let cli = Cli::from_arg_matches(&matches)?;
    let token = token(&cli.options, &matches)?;
    Ok(Line { options: cli.options, token, command: cli.command })
}

/// The token: what stands on the command line goes before a variable, and a file before a value.
fn token(options: &Options, matches: &ArgMatches) -> Result<String, clap::Error> {
    let typed = |argument| innermost(matches).value_source(argument) == Some(ValueSource::CommandLine);
    let by_file = match (&options.token, &options.token_file) {
        (Some(_), Some(_)) if typed("token") && typed("token_file") => {
            return Err(wrong("give --token or --token-file, not both"));
        }
        (Some(token), Some(_)) if typed("token") => return Ok(token.trim().to_owned()),
        (_, Some(file)) => file,
        (Some(token), None) => return Ok(token.trim().to_owned()),
        (None, None) => return Err(wrong("a token is needed: --token-file FILE, TWORD_TOKEN_FILE or TWORD_TOKEN")),
    };
    let read = std::fs::read_to_string(by_file);
    let token = read.map_err(|error| wrong(&format!("reading {}: {error}", by_file.display())))?;
    Ok(token.trim().to_owned())
}

/// The command that was named in the end: it knows where global arguments came from.
fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_name, inner)| innermost(inner))
}

fn wrong(what: &str) -> clap::Error {
    command().error(ErrorKind::MissingRequiredArgument, what)
}

/// Says what the parser says, and how the process ends.
pub fn told(error: &clap::Error) -> std::process::ExitCode {
    // Nobody is left to tell that standard output is closed.
    let _printed = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "must be a number with ms, s or m".to_owned())?;
    let duration = match &text[digits.len()..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        _ => return Err("must be a number with ms, s or m".to_owned()),
    };
    let sensible = Duration::from_millis(1)..=Duration::from_hours(1);
    if sensible.contains(&duration) { Ok(duration) } else { Err("must be from 1ms to 60m".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Line, clap::Error> {
        parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_setting_has_its_variable_and_every_command_its_help() {
        fn walk(command: &Clap) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                assert!(argument.get_help().is_some(), "{name} of {}", command.get_name());
            }
            command.get_subcommands().for_each(walk);
        }
        let mut command = command();
        command.build();
        command.get_subcommands().filter(|command| command.get_name() != "help").for_each(walk);
        let help = command.render_long_help().to_string();
        for variable in ["TWORD_URL", "TWORD_TOKEN", "TWORD_TOKEN_FILE", "TWORD_JSON", "TWORD_TIMEOUT", "Exit codes"] {
            assert!(help.contains(variable), "{variable} in {help}");
        }
    }

    #[test]
    fn a_token_comes_by_value_or_by_file_and_is_never_repeated() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "from-a-file\n").expect("written");
        let path = file.path().display();
        let token = |line: &str| parsed(line).map(|line| line.token);
        assert_eq!(token("twordctl --token a consumers").expect("parsed"), "a");
        assert_eq!(token(&format!("twordctl consumers --token-file {path}")).expect("parsed"), "from-a-file");
        let both = parsed(&format!("twordctl --token secret-token consumers --token-file {path}"));
        let both = both.err().expect("refused").to_string();
        assert!(both.contains("not both") && !both.contains("secret-token"), "{both}");
        assert!(parsed("twordctl --token-file /nowhere consumers").is_err());
        let wrong = parsed("twordctl --token secret-token --timeout never consumers").err().expect("refused");
        assert!(!wrong.to_string().contains("secret-token"), "{wrong}");
    }

    #[test]
    fn an_order_is_named_by_a_uuid() {
        for command in ["show", "resume"] {
            let line = format!("twordctl --token a order {command}");
            assert!(parsed(&format!("{line} 0190d5e0-0000-7000-8000-000000000001")).is_ok());
            let refused = parsed(&format!("{line} nope")).err().expect("refused").to_string();
            assert!(refused.contains("ORDER") && refused.contains("UUID"), "{refused}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_sense() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for wrong in ["", "5", "0s", "2h", "-1s", "61m", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
