//! Commands from another terminal: one JSON line each way over a Unix socket.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::error::{Context, Error, Result};
use crate::mesh::{Mesh, Part, described};
use crate::state::MeshState;

/// A Unix socket's path may be about this long.
const PATH_LIMIT: usize = 100;
/// The longest command, in bytes.
const COMMAND_LIMIT: u64 = 4_096;
/// The longest that a command takes: a stop that had to kill, and more.
const ANSWER_LIMIT: Duration = Duration::from_secs(90);

/// What the running mesh is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// End a process and keep it ended.
    Stop(String),
    /// Start a process and wait until it is healthy.
    Start(String),
    /// Say how each process stands.
    Status,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    done: bool,
    text: String,
    help: Option<String>,
}

/// Asks the mesh that runs in `dir` and answers what it said.
///
/// # Errors
/// No mesh runs there, or it could not do it.
pub async fn ask(dir: &Path, command: &Command) -> Result<String> {
    let state = MeshState::load(dir)?;
    let gone = || {
        Error::new(format!("the mesh in {} does not answer", dir.display()))
            .help("if its terminal is gone, start it again: cargo xtask up")
    };
    let stream = UnixStream::connect(&state.control).await.map_err(|_| gone())?;
    let answer = tokio::time::timeout(ANSWER_LIMIT, exchange(stream, command)).await;
    let answer: Answer = answer.map_err(|_| gone())?.map_err(|_| gone())?;
    match (answer.done, answer.help) {
        (true, _) => Ok(answer.text),
        (false, Some(help)) => Err(Error::new(answer.text).help(help)),
        (false, None) => Err(Error::new(answer.text)),
    }
}

async fn exchange(stream: UnixStream, command: &Command) -> std::io::Result<Answer> {
    let (read, mut write) = stream.into_split();
    write.write_all(format!("{}\n", serde_json::to_string(command)?).as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(read).read_line(&mut line).await?;
    Ok(serde_json::from_str(&line)?)
}

/// The socket, in the mesh's directory or, where that path is too long, in the temporary one.
pub(super) fn path(dir: &Path) -> PathBuf {
    let near = dir.join("up.sock");
    if near.as_os_str().len() <= PATH_LIMIT {
        return near;
    }
    std::env::temp_dir().join(format!("tword-up-{}.sock", std::process::id()))
}

/// Binds the socket, in place of one that an earlier mesh left.
pub(super) fn bind(path: &Path) -> Result<UnixListener> {
    // Only the holder of the directory's lock comes here, so that nobody listens on the old one.
    let _ = std::fs::remove_file(path);
    UnixListener::bind(path).context(|| format!("listening for commands on {}", path.display()))
}

/// Takes commands for as long as the mesh runs.
pub(super) async fn serve(listener: UnixListener, mesh: Arc<Mesh>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(answer(stream, Arc::clone(&mesh)));
            }
            Err(error) => {
                eprintln!("error: taking a command: {error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(stream: UnixStream, mesh: Arc<Mesh>) {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    if BufReader::new(read.take(COMMAND_LIMIT)).read_line(&mut line).await.is_err() {
        return;
    }
    let done = match serde_json::from_str(&line) {
        Ok(command) => obey(&mesh, &command).await,
        Err(error) => Err(Error::new(format!("the command was not understood: {error}"))),
    };
    let answer = match done {
        Ok(text) => Answer { done: true, text, help: None },
        Err(error) => Answer { done: false, text: error.message().to_owned(), help: error.advice().map(str::to_owned) },
    };
    // Whoever asked may have gone.
    let text = serde_json::to_string(&answer).unwrap_or_default();
    let _ = write.write_all(format!("{text}\n").as_bytes()).await;
}

async fn obey(mesh: &Mesh, command: &Command) -> Result<String> {
    match command {
        Command::Stop(name) => {
            let part = mesh.part(name)?;
            eprintln!("{part} is stopped, as asked");
            mesh.stop(part).await?;
            Ok(format!("{part} is stopped"))
        }
        Command::Start(name) => {
            let part = mesh.part(name)?;
            eprintln!("{part} is started, as asked");
            mesh.start(part)?;
            mesh.wait_healthy(part).await?;
            Ok(format!("{part} is healthy"))
        }
        Command::Status => {
            let line = |part: Part| format!("{part:<14} {}", described(&mesh.state(part)));
            Ok(mesh.parts().map(line).collect::<Vec<_>>().join("\n"))
        }
    }
}
