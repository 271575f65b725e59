//! The way into a service's process: provider, settings, telemetry, runtime, exit code.

mod backup;
mod migrate;
mod recover;

use std::{future::Future, process::ExitCode, time::Duration};

use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::{config::Options, refusal::chain, service, store::Migrations, telemetry, trace};

/// Exit code for wrong settings: nothing was bound or changed. A restart does not help.
const EXIT_WRONG_CONFIGURATION: u8 = 64;

/// How long the last spans may take to leave.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// What is particular about a service before any setting is read.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    name: &'static str,
    listen: &'static str,
    admin_listen: &'static str,
    migrations: Option<Migrations>,
}

impl Program {
    /// A service, such as `order-svc`, with its own default addresses of gRPC and of the admin HTTP, such as
    /// `127.0.0.1:8082` and `127.0.0.1:9082`.
    pub const fn new(name: &'static str, listen: &'static str, admin_listen: &'static str) -> Self {
        Self { name, listen, admin_listen, migrations: None }
    }

    /// With the migrations of its database, which its subcommand `migrate` applies.
    #[must_use]
    pub const fn migrations(self, migrations: Migrations) -> Self {
        Self { migrations: Some(migrations), ..self }
    }

    /// The command line, with this service's defaults in its help.
    fn command<C: Args>(self) -> Command {
        // The doc comment of `C` would be its text, so that comes afterwards.
        let command = self
            .settings::<C>(Command::new(self.name))
            .version(env!("CARGO_PKG_VERSION"))
            .about("A service of the mesh. A setting is a flag or a variable; where one is wrong, it exits with 64")
            .long_about(None)
            .subcommand(backup::command())
            .subcommand(recover::command(self.settings::<C>(Command::new(recover::NAME))))
            .subcommand_negates_reqs(true);
        match self.migrations {
            Some(_) => command.subcommand(migrate::command()),
            None => command,
        }
    }

    /// A command line with the settings of the service.
    fn settings<C: Args>(self, command: Command) -> Command {
        C::augment_args(command)
            .mut_arg("listen", |argument| argument.default_value(self.listen))
            .mut_arg("admin_listen", |argument| argument.default_value(self.admin_listen))
    }
}

/// Runs a service's process: parses its settings `C` (which flatten [`Options`]), sets up telemetry and the runtime,
/// and runs `run` to its end. Call it first thing in `main`.
pub fn entry<C, F, R>(program: Program, run: F) -> ExitCode
where
    C: Args,
    F: FnOnce(C) -> R,
    R: Future<Output = Result<(), service::Error>>,
{
    // An error means that the provider is installed already, which is as good.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let matches = match program.command::<C>().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return told(&error),
    };
    let settings = match (program.migrations, matches.subcommand()) {
        (Some(migrations), Some((migrate::NAME, matches))) => return migrate::entry(program.name, migrations, matches),
        (_, Some((backup::NAME, matches))) => return backup::entry(matches),
        (_, Some((_recover, matches))) => matches,
        (_, None) => &matches,
    };
    let (config, options) = match read::<C>(settings) {
        Ok(read) => read,
        Err(Stop::Told(error)) => return told(&error),
        Err(Stop::Wrong(problems)) => return wrong(&problems),
    };
    if let Err(error) = telemetry::init(options.log_format, &options.log_level) {
        return wrong(&[chain(&error)]);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&service::Error::Runtime(error)),
    };
    telemetry::describe(program.name, env!("CARGO_PKG_VERSION"));
    let outcome = runtime.block_on(async {
        if let Some(endpoint) = &options.otlp_endpoint {
            trace::export::start(program.name, env!("CARGO_PKG_VERSION"), endpoint)
                .map_err(|error| service::Error::Configuration(chain(&error)))?;
        }
        let outcome = run(config).await;
        trace::export::flush(FLUSH_LIMIT).await;
        outcome
    });
    // What is left after the drain's hard deadline is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(100));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

enum Stop {
    /// Help, version, or what the parser refused.
    Told(clap::Error),
    /// Settings that parse but cannot be right.
    Wrong(Vec<String>),
}

fn read<C: Args>(matches: &ArgMatches) -> Result<(C, Options), Stop> {
    let config = C::from_arg_matches(matches).map_err(Stop::Told)?;
    // The service's own type is not known here, but its matches hold the flattened options.
    let options = Options::from_arg_matches(matches).map_err(Stop::Told)?;
    let problems = options.problems();
    if problems.is_empty() { Ok((config, options)) } else { Err(Stop::Wrong(problems)) }
}

fn told(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell that standard output is closed.
    let _printed = error.print();
    if error.use_stderr() { ExitCode::from(EXIT_WRONG_CONFIGURATION) } else { ExitCode::SUCCESS }
}

fn wrong(problems: &[String]) -> ExitCode {
    for problem in problems {
        eprintln!("error: {problem}");
    }
    eprintln!("For all settings try '--help'.");
    ExitCode::from(EXIT_WRONG_CONFIGURATION)
}

fn failed(error: &service::Error) -> ExitCode {
    if error.is_configuration() {
        return wrong(&[chain(error)]);
    }
    tracing::error!(cause = chain(error), "service failed");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use sqlx::migrate::Migrator;

    use super::*;

    #[derive(Args)]
    struct Config {
        #[command(flatten)]
        chassis: Options,
        /// A setting of the service's own
        #[arg(long, env = "TWORD_COLOUR", default_value = "blue")]
        colour: String,
    }

    const PROGRAM: Program = Program::new("test-svc", "127.0.0.1:8082", "127.0.0.1:9082");

    static NONE: Migrator = Migrator::DEFAULT;

    fn parse<C: Args>(program: Program, arguments: Vec<std::ffi::OsString>) -> Result<(C, Options), Stop> {
        read(&program.command::<C>().try_get_matches_from(arguments).map_err(Stop::Told)?)
    }

    fn arguments(more: &[&str]) -> Vec<std::ffi::OsString> {
        ["test-svc", "--database-url=sqlite://test.db"].iter().chain(more).map(Into::into).collect()
    }

    #[test]
    fn a_service_has_its_own_default_ports() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let path = file.path().to_string_lossy().into_owned();
        let files = ["--jwks-file", &path, "--service-key-file", &path, "--service-jwks", &path];
        let Ok((config, options)) = parse::<Config>(PROGRAM, arguments(&files)) else { panic!("refused") };
        assert_eq!((options.listen.port(), options.admin_listen.port()), (8082, 9082));
        assert_eq!((config.chassis.listen.port(), config.colour.as_str()), (8082, "blue"));
    }

    #[test]
    fn help_shows_the_defaults_of_the_service() {
        let help = PROGRAM.command::<Config>().render_long_help().to_string();
        for text in ["127.0.0.1:8082", "127.0.0.1:9082", "TWORD_COLOUR", "TWORD_DRAIN_TIMEOUT"] {
            assert!(help.contains(text), "{text} in {help}");
        }
        assert!(!help.contains("127.0.0.1:8080"), "{help}");
    }

    #[test]
    fn wrong_settings_are_told_before_anything_runs() {
        let missing = ["--jwks-file=/nowhere", "--service-key-file=/nowhere", "--service-jwks=/nowhere"];
        match parse::<Config>(PROGRAM, arguments(&missing)) {
            Err(Stop::Wrong(problems)) => assert_eq!(problems.len(), 3, "{problems:?}"),
            Err(Stop::Told(error)) => panic!("{error}"),
            Ok(_) => panic!("taken"),
        }
        assert!(
            matches!(parse::<Config>(PROGRAM, arguments(&["--colours"])), Err(Stop::Told(error)) if error.use_stderr())
        );
    }

    #[test]
    fn migrate_needs_the_settings_of_the_stores_alone() {
        let program = PROGRAM.migrations(Migrations { sqlite: &NONE, postgres: &NONE });
        let line = ["test-svc", "migrate", "--database-url=postgres://u@h/db", "--nats-url=nats://h"];
        let matches = program.command::<Config>().try_get_matches_from(line).expect("a command line");
        assert_eq!(matches.subcommand_name(), Some(migrate::NAME));
        let without = program.command::<Config>().try_get_matches_from(["test-svc", "migrate"]);
        assert!(without.expect_err("no database").to_string().contains("--database-url"));
        assert!(program.command::<Config>().render_help().to_string().contains("migrate"));
        let help = program.command::<Config>().try_get_matches_from(["test-svc", "migrate", "--help"]);
        let help = help.expect_err("help").to_string();
        for flag in ["TWORD_DATABASE_URL", "TWORD_NATS_URL", "TWORD_STREAM_REPLICAS", "TWORD_LOG_LEVEL"] {
            assert!(help.contains(flag), "{flag} in {help}");
        }
        assert!(!help.contains("--jwks-file"), "{help}");
    }
}
