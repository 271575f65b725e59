//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::error::{Context, Result};
use crate::mesh::{DatabaseKind, Keys, Otlp, files};
use crate::state::MeshState;
use crate::token::{self, Role};
use crate::up::control::{self, Command};
use crate::{chaos, chores, contracts, demo, openapi, up};

/// The project's chores
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build and run the whole mesh, with a demo shop, until Ctrl-C
    Up(Up),
    /// Walk the eight functional requirements on the running mesh, through REST and through gRPC
    Demo(Place),
    /// Run every test, bringing what it needs
    Test {
        /// What cargo test is told; without -p PACKAGE every package is tested
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
        arguments: Vec<String>,
    },
    /// Kill, freeze and rob the whole mesh under load, then check every invariant; exits with 0 where all hold
    Chaos(chaos::Options),
    /// Check form: rustfmt, clippy, buf
    Lint,
    /// Print a token for the local mesh
    Token(Token),
    /// Say how each process of the running mesh stands
    Status(Place),
    /// End a process of the running mesh, to try an outage
    Stop(Target),
    /// Start a process of the running mesh that was ended
    Start(Target),
    /// Write docs/openapi.yaml anew from the contracts
    Openapi {
        /// Only say whether it is what the contracts say
        #[arg(long)]
        check: bool,
    },
    /// Write what the edge serves to everybody: descriptor set, openapi.yaml, its page, the proto files
    Contracts {
        /// The directory to write to
        #[arg(long, value_name = "DIRECTORY")]
        out: PathBuf,
    },
    /// Make the contracts as they are now the ones that later changes must not break
    PublishContracts,
    /// Write the descriptor set of the contracts
    Descriptor {
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Args)]
struct Up {
    #[command(flatten)]
    place: Place,
    /// Forget everything that was stored
    #[arg(long)]
    fresh: bool,
    /// Build and run the optimised services
    #[arg(long)]
    release: bool,
    /// Where the services store
    #[arg(long, value_enum, env = "TWORD_DATABASE", default_value_t, value_name = "KIND")]
    database: DatabaseKind,
    /// How many processes each service has; more than one want PostgreSQL
    #[arg(long, env = "TWORD_REPLICAS", default_value_t = 1, value_name = "NUMBER")]
    replicas: u16,
    /// How many NATS servers there are: 1, or 3 as a cluster
    #[arg(long, env = "TWORD_NATS", default_value_t = 1, value_name = "NUMBER")]
    nats: u16,
    /// Added to every port, to run beside another mesh (with a --dir of its own)
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    port_offset: u16,
    /// Where traces are sent by OTLP (gRPC), such as `http://127.0.0.1:4317`; nowhere otherwise
    #[arg(long, env = "TWORD_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<Otlp>,
}

#[derive(Args)]
struct Token {
    #[command(flatten)]
    place: Place,
    /// What the person may act as
    #[arg(long, value_enum)]
    role: Role,
    /// The opaque subject; otherwise demo- and the role
    #[arg(long, value_parser = token::subject, value_name = "SUBJECT")]
    sub: Option<String>,
    /// The shop of staff and managers, a UUID; otherwise the demo shop
    #[arg(long, value_parser = token::shop, value_name = "SHOP")]
    shop: Option<String>,
    /// How long it is valid: a number with s, m, h or d
    #[arg(long, default_value = "24h", value_parser = duration, value_name = "DURATION")]
    ttl: Duration,
}

#[derive(Args)]
struct Target {
    /// postgres, nats, envoy, shop, order, delivery, notify or mypage; order-2 or nats-2 where there are several
    process: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Args)]
struct Place {
    /// Where the mesh keeps everything; .dev/mesh in the work tree otherwise
    #[arg(long, value_name = "DIRECTORY")]
    dir: Option<PathBuf>,
}

impl Place {
    fn dir(self) -> PathBuf {
        self.dir.unwrap_or_else(MeshState::default_dir)
    }
}

/// Parses the command line, does what it asks for and says what went wrong.
pub fn main() -> ExitCode {
    dispatch(Cli::parse().chore).unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn dispatch(chore: Chore) -> Result<ExitCode> {
    match chore {
        Chore::Up(Up { place, fresh, release, database, replicas, nats, port_offset, otlp_endpoint }) => {
            let dir = place.dir();
            let options = up::Options { dir, port_offset, fresh, release, database, replicas, nats, otlp_endpoint };
            block_on(up::run(options))?;
        }
        Chore::Demo(place) => {
            let state = MeshState::load(&place.dir())?;
            block_on(demo::run(&state.edge, &Keys::open(&files::keys(&state.dir))?))?;
        }
        Chore::Test { arguments } => return block_on(chores::test(&arguments)),
        Chore::Chaos(options) => return block_on(chaos::run(&options)),
        Chore::Lint => chores::lint()?,
        Chore::Token(Token { place, role, sub: subject, shop, ttl }) => {
            println!("{}", chores::token(chores::TokenRequest { dir: place.dir(), role, subject, shop, ttl })?);
        }
        Chore::Status(place) => tell(place, &Command::Status)?,
        Chore::Stop(Target { process, place }) => tell(place, &Command::Stop(process))?,
        Chore::Start(Target { process, place }) => tell(place, &Command::Start(process))?,
        Chore::Openapi { check } => (if check { openapi::check } else { openapi::write })()?,
        Chore::Contracts { out } => contracts::write(&out)?,
        Chore::PublishContracts => contracts::publish()?,
        Chore::Descriptor { out } => chores::descriptor(&out)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(place: Place, command: &Command) -> Result<()> {
    println!("{}", block_on(control::ask(&place.dir(), command))?);
    Ok(())
}

fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.context(|| "starting the runtime".to_owned())?;
    let done = runtime.block_on(future);
    // A download that a signal has overtaken is not waited for.
    runtime.shutdown_background();
    done
}

/// Reads `90s`, `15m`, `24h` or `7d`.
fn duration(text: &str) -> Result<Duration, &'static str> {
    let wrong = "write a number with s, m, h or d, such as 15m";
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong),
    };
    let number = number.parse::<u32>().ok().filter(|number| *number > 0).ok_or(wrong)?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::{CommandFactory, Parser};

    use super::{Chore, Cli, duration};

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
        let cli =
            Cli::try_parse_from(["xtask", "test", "-p", "e2e", "--", "--nocapture"]).expect("arguments of cargo's");
        let Chore::Test { arguments } = cli.chore else { panic!("it is the test chore") };
        assert_eq!(arguments, ["-p", "e2e", "--", "--nocapture"]);
    }

    #[test]
    fn durations_need_a_number_and_a_unit() {
        assert_eq!(duration("90s").expect("seconds"), Duration::from_secs(90));
        assert_eq!(duration("2d").expect("days"), Duration::from_hours(48));
        for wrong in ["", "h", "0s", "10", "1w", "-1h", "1é"] {
            duration(wrong).expect_err(wrong);
        }
    }
}
