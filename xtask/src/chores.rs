//! The small commands: test, lint, token, descriptor.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::error::{Context, Error, Result};
use crate::mesh::{DatabaseKind, Keys, files};
use crate::state::MeshState;
use crate::token::{Grant, Role};
use crate::tools::Postgres;
use crate::up::demo_shop;
use crate::{cargo, contracts, openapi, paths, tools};

/// The end-to-end tests that run on PostgreSQL as well: those of which a database decides the outcome.
const ON_POSTGRES: [&str; 10] = [
    "accept::",
    "erase::",
    "happy::",
    "keys::",
    "kills::",
    "outage::",
    "races::a_thousand",
    "rebuild::",
    "stuck::",
    "watch::",
];

/// Runs every test of the workspace with what it needs, and answers with cargo's own status.
///
/// `arguments` go to `cargo test`; where they name no package, every one is tested. Without any, some of the end-to-end
/// tests run once more on PostgreSQL; `TWORD_DATABASE=postgres` runs any of them there.
///
/// # Errors
/// A tool is missing, the services do not compile, or cargo could not be run.
pub async fn test(arguments: &[String]) -> Result<ExitCode> {
    let (envoy, nats_server, buf) = (tools::ENVOY.bring()?, tools::NATS_SERVER.bring()?, tools::BUF.bring()?);
    let postgres = Postgres::bring()?;
    let binaries = cargo::build(false).await?;
    let (postgres_bin, bin) = postgres.variable();
    let run = |mut command: Command| {
        command
            .env(tools::ENVOY.variable, &envoy)
            .env(tools::NATS_SERVER.variable, &nats_server)
            .env(tools::BUF.variable, &buf)
            .env(postgres_bin, bin)
            .env("TWORD_BIN_DIR", &binaries);
        command.status().context(|| "running cargo test".to_owned())
    };
    let scope: &[&str] = if names_package(arguments) { &[] } else { &["--workspace"] };
    let mut command = cargo::command(["test"].iter().chain(scope));
    command.args(arguments);
    let mut status = run(command)?;
    if status.success() && arguments.is_empty() {
        eprintln!("once more on PostgreSQL: the tests of what a database has to hold");
        let mut again = cargo::command(["test", "--package", "e2e", "--test", "it", "--"].iter().chain(&ON_POSTGRES));
        again.env("TWORD_DATABASE", DatabaseKind::Postgres.name());
        status = run(again)?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

fn names_package(arguments: &[String]) -> bool {
    let cargo_own = arguments.iter().take_while(|argument| *argument != "--");
    cargo_own.into_iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"))
}

/// Checks form: rustfmt, clippy with the workspace's lints, buf over the contracts and what was published of them, and
/// `docs/openapi.yaml`. Everything is checked, whatever fails.
///
/// # Errors
/// Something is not as it should be; the tools have said what.
pub fn lint() -> Result<()> {
    let buf = tools::BUF.bring()?;
    let proto = |arguments: &[&str]| {
        let mut command = Command::new(&buf);
        command.args(arguments).current_dir(paths::root().join("proto"));
        command
    };
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    let checks = [
        ("rustfmt (mend it with: cargo fmt --all)", cargo::command(["fmt", "--all", "--check"])),
        ("clippy", cargo::command(clippy)),
        ("buf lint", proto(&["lint"])),
        (
            "buf format (mend it with: buf format --write)",
            proto(&["format", "--diff", "--exit-code", "--exclude-path", "google"]),
        ),
        ("buf breaking (once it is decided to break them: cargo xtask publish-contracts)", contracts::breaking(&buf)),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        eprintln!("checking: {name}");
        if let Err(error) = cargo::run(check, name) {
            failed.push(error.message().to_owned());
        }
    }
    for check in [openapi::check, contracts::keeps_paths] {
        if let Err(error) = check() {
            failed.push(error.to_string());
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Error::new(failed.join("; "))) }
}

/// What `token` was asked for.
pub struct TokenRequest {
    /// The directory of the mesh whose key signs.
    pub dir: PathBuf,
    /// The role.
    pub role: Role,
    /// The subject; `demo-` and the role otherwise.
    pub subject: Option<String>,
    /// The shop of staff and managers; the demo shop otherwise.
    pub shop: Option<String>,
    /// How long it is valid.
    pub ttl: Duration,
}

/// Signs a token with the mesh's key, which is made where there is none yet.
///
/// # Errors
/// Staff or a manager of no known shop, or no key could be made.
pub fn token(request: TokenRequest) -> Result<String> {
    let keys = Keys::open(&files::keys(&request.dir))?;
    let mut grant = Grant::new(request.role).valid_for(request.ttl);
    if let Some(subject) = request.subject {
        grant = grant.subject(subject);
    }
    if matches!(request.role, Role::Staff | Role::Manager) || request.shop.is_some() {
        grant = grant.shop(shop(&request.dir, request.shop)?);
    }
    keys.mint(&grant)
}

fn shop(dir: &Path, asked: Option<String>) -> Result<String> {
    let stored =
        || [DatabaseKind::Sqlite, DatabaseKind::Postgres].into_iter().find_map(|kind| demo_shop::known(dir, kind));
    let demo = || MeshState::load(dir).ok().map(|running| running.demo).or_else(stored);
    asked.or_else(|| Some(demo()?.shop_id)).ok_or_else(|| {
        Error::new("staff and managers belong to a shop, and there is no demo shop yet")
            .help("name one with --shop, or start the mesh first: cargo xtask up")
    })
}

/// Writes the encoded `FileDescriptorSet` of the contracts.
pub fn descriptor(out: &Path) -> Result<()> {
    paths::write(out, proto::DESCRIPTORS)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prost::Message;

    use super::TokenRequest;
    use crate::token::Role;

    #[test]
    fn a_named_package_narrows_the_tests_and_a_test_filter_does_not() {
        let names = |line: &str| super::names_package(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(names("-p e2e") && names("--package=e2e --test it"));
        assert!(!names("happy") && !names("happy -- -p"));
    }

    #[test]
    fn staff_of_no_shop_get_no_token() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let asked = |shop: Option<&str>| TokenRequest {
            dir: dir.path().to_owned(),
            role: Role::Staff,
            subject: None,
            shop: shop.map(str::to_owned),
            ttl: Duration::from_mins(1),
        };
        let error = super::token(asked(None)).expect_err("no shop");
        assert!(error.advice().expect("advice").contains("--shop"), "{error}");
        super::token(asked(Some("s-1"))).expect("a token");
    }

    // FileDescriptorSet: field 1, repeated FileDescriptorProto, whose field 1 is the name.
    #[derive(Message)]
    struct Set {
        #[prost(message, repeated, tag = "1")]
        files: Vec<File>,
    }
    #[derive(Message)]
    struct File {
        #[prost(string, tag = "1")]
        name: String,
    }

    #[test]
    fn the_descriptor_set_is_whole() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let out = dir.path().join("set.binpb");
        super::descriptor(&out).expect("written");
        let bytes = std::fs::read(&out).expect("read");
        let set = Set::decode(bytes.as_slice()).expect("a descriptor set");
        let names: Vec<_> = set.files.iter().map(|file| file.name.as_str()).collect();
        for name in ["google/rpc/error_details.proto", "tword/order/v1/order_service.proto"] {
            assert!(names.contains(&name), "{name} is missing from {names:?}");
        }
    }
}
