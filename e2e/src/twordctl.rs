//! `twordctl` as operators run it: a process of its own, against the edge.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::world::{Person, World};

/// The tool, with an address and a token.
pub struct Twordctl {
    program: PathBuf,
    url: String,
    token: String,
}

/// How a run of it ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Twordctl {
    /// Against the mesh's edge, as this person.
    pub fn new(world: &World, person: &Person) -> Self {
        Self::at(world, &world.mesh().edge(), &person.token)
    }

    /// Against any address, with any token.
    pub fn at(world: &World, url: &str, token: &str) -> Self {
        Self { program: world.mesh().binary("twordctl"), url: url.to_owned(), token: token.to_owned() }
    }

    /// Runs it to its end; nobody is at its terminal.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TWORD_")) {
            command.env_remove(name);
        }
        command.args(arguments).env("TWORD_URL", &self.url).env("TWORD_TOKEN", &self.token).stdin(Stdio::null());
        let ran = command.kill_on_drop(true).output().await;
        let ran = ran.unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let ran = Ran { code: ran.status.code().unwrap_or(-1), out: text(ran.stdout), err: text(ran.stderr) };
        assert!(!ran.out.contains(&self.token) && !ran.err.contains(&self.token), "the token is shown");
        ran
    }

    /// Runs it with `--json`, and reads what it tells.
    pub async fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let ran = self.run(&[&["--json"], arguments].concat()).await;
        let told = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        (ran.code, told)
    }
}
