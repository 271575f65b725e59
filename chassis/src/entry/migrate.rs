//! The subcommand `migrate`: brings the schema up, and gives what the broker has its shape, for an operator who does not
//! leave that to the next start.

use std::{process::ExitCode, time::Duration};

use clap::{Arg, ArgMatches, Args, Command};

use super::{EXIT_WRONG_CONFIGURATION, failed, wrong};
use crate::{
    broker::{self, Broker},
    config::{LogFormat, Options, Url},
    deadline,
    refusal::chain,
    service,
    store::{Database, Migrations},
    telemetry,
};

/// How it is called.
pub(super) const NAME: &str = "migrate";
const ABOUT: &str =
    "Brings the database's schema up, then the broker's stream and this service's consumers to their shape, and exits";
/// Those of the service's settings that it needs.
const SETTINGS: [&str; 6] =
    ["database_url", "nats_url", "stream_max_bytes", "stream_replicas", "log_format", "log_level"];
/// How long the broker is waited for.
const BROKER_PATIENCE: Duration = Duration::from_secs(10);

/// Its command line.
pub(super) fn command() -> Command {
    let all = Options::augment_args(Command::new(NAME));
    let own: Vec<Arg> = all.get_arguments().filter(|arg| SETTINGS.contains(&arg.get_id().as_str())).cloned().collect();
    Command::new(NAME).about(ABOUT).long_about(None).args(own)
}

struct Settings {
    database_url: Url,
    broker: broker::Settings,
    log_format: LogFormat,
    log_level: String,
}

impl Settings {
    /// None where one is missing, which the parser does not let through.
    fn of(matches: &ArgMatches) -> Option<Self> {
        Some(Self {
            database_url: matches.get_one::<Url>("database_url")?.clone(),
            broker: broker::Settings {
                url: matches.get_one::<Url>("nats_url")?.clone(),
                max_bytes: *matches.get_one("stream_max_bytes")?,
                replicas: *matches.get_one("stream_replicas")?,
            },
            log_format: *matches.get_one("log_format")?,
            log_level: matches.get_one::<String>("log_level")?.clone(),
        })
    }

    fn problems(&self) -> Vec<String> {
        let checks =
            [("--database-url", self.database_url.check_database()), ("--nats-url", self.broker.url.check_broker())];
        checks.into_iter().filter_map(|(flag, checked)| Some(format!("{flag}: {}", checked.err()?))).collect()
    }
}

/// Does it in a process of its own.
pub(super) fn entry(service: &'static str, migrations: Migrations, matches: &ArgMatches) -> ExitCode {
    let Some(settings) = Settings::of(matches) else { return ExitCode::from(EXIT_WRONG_CONFIGURATION) };
    let problems = settings.problems();
    if !problems.is_empty() {
        return wrong(&problems);
    }
    if let Err(error) = telemetry::init(settings.log_format, &settings.log_level) {
        return wrong(&[chain(&error)]);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&service::Error::Runtime(error)),
    };
    let outcome = runtime.block_on(migrate(service, migrations, &settings));
    runtime.shutdown_timeout(Duration::from_millis(100));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

async fn migrate(service: &'static str, migrations: Migrations, settings: &Settings) -> Result<(), service::Error> {
    Database::bring_up(&settings.database_url, migrations).await?;
    tracing::info!("the database's schema is up to date");
    let broker = Broker::connect_with(service, &settings.broker)
        .await
        .map_err(|error| service::Error::Configuration(format!("--nats-url: {error}")))?;
    let advice = |what: &str| service::Error::Broker(what.to_owned());
    if deadline::within(BROKER_PATIENCE, broker.connected()).await.is_err() {
        return Err(advice("it is away; start it and run this again. The database's schema is up to date already"));
    }
    let shaped = broker.reshape(service).await;
    let consumers = shaped.map_err(|error| {
        advice(&format!(
            "{}; give --nats-url a user that may change the stream and its consumers, and run this again. The \
             database's schema is up to date already",
            chain(error.as_ref())
        ))
    })?;
    tracing::info!(consumers = consumers.join(", "), "the broker's stream and consumers have their shape");
    Ok(())
}
