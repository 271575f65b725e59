use clap::{FromArgMatches, error::ErrorKind};

use super::*;

fn parse(arguments: &[&str]) -> Result<Options, clap::Error> {
    let command = Options::augment_args(clap::Command::new("test-svc"));
    let matches = command.try_get_matches_from(["test-svc"].iter().chain(arguments))?;
    Options::from_arg_matches(&matches)
}

fn with_files(file: &str, more: &[&str]) -> Result<Options, clap::Error> {
    let required =
        ["--database-url=sqlite://test.db", "--jwks-file", file, "--service-key-file", file, "--service-jwks", file];
    parse(&[&required, more].concat())
}

fn file() -> tempfile::NamedTempFile {
    tempfile::NamedTempFile::new().expect("a temporary file")
}

#[test]
fn defaults_are_right_and_private() {
    let file = file();
    let options = with_files(&file.path().to_string_lossy(), &[]).expect("the defaults");
    assert_eq!(options.problems(), Vec::<String>::new());
    assert!(options.listen.ip().is_loopback() && options.admin_listen.ip().is_loopback());
}

#[test]
fn every_problem_is_told_at_once() {
    let wrong = [
        "--listen=127.0.0.1:8080",
        "--admin-listen=127.0.0.1:8080",
        "--nats-url=http://user:hunter2@host",
        "--mesh-url=mesh",
        "--issuer=",
        "--log-level=verbose",
    ];
    let options = with_files("/nowhere/at/all", &wrong).expect("well-formed flags");
    let problems = options.problems();
    let flags = [
        "--listen",
        "--nats-url",
        "--mesh-url",
        "--issuer",
        "--jwks-file",
        "--service-key-file",
        "--service-jwks",
        "--log-level",
    ];
    for flag in flags {
        assert!(problems.iter().any(|problem| problem.starts_with(flag)), "{flag} in {problems:?}");
    }
    assert_eq!(problems.len(), flags.len(), "{problems:?}");
    assert!(!problems.concat().contains("hunter2"), "{problems:?}");
}

#[test]
fn a_directory_is_no_key_file() {
    let options = with_files("/", &[]).expect("well-formed flags");
    assert_eq!(options.problems().len(), 3, "{:?}", options.problems());
}

#[test]
fn wrong_values_are_refused_by_the_parser() {
    for wrong in [
        "--listen=8080",
        "--drain-timeout=0s",
        "--drain-timeout=10",
        "--max-calls=0",
        "--log-format=xml",
        "--reflection=maybe",
    ] {
        let refused = with_files("/", &[wrong]).expect_err(wrong);
        assert!(matches!(refused.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue), "{wrong}: {refused}");
    }
    assert_eq!(parse(&[]).expect_err("no database").kind(), ErrorKind::MissingRequiredArgument);
}

#[test]
fn debug_hides_passwords() {
    let options = with_files("/", &["--nats-url=nats://user:hunter2@host"]).expect("well-formed flags");
    assert!(!format!("{options:?}").contains("hunter2"));
}

#[test]
fn help_names_every_variable() {
    let help = Options::augment_args(clap::Command::new("test-svc")).render_long_help().to_string();
    let command = Options::augment_args(clap::Command::new("test-svc"));
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        let variable = argument.get_env().expect("every setting has a variable").to_string_lossy().into_owned();
        let flag = argument.get_long().expect("every setting has a flag");
        assert_eq!(variable, format!("TWORD_{}", flag.to_uppercase().replace('-', "_")));
        assert!(help.contains(&variable) && argument.get_help().is_some(), "{flag}");
    }
}
