//! One child process: started, watched by a thread of its own, and ended with its whole process group.
//!
//! Threads, not a runtime, wait for the children, so that a mesh outlives the runtime of the test that started it.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::watch;

use super::family;
use super::part::Part;
use super::watchdog::{Ending, Watchdog};
use crate::error::{Context, Error, Result};

/// How a process stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not running, as it was asked to.
    Stopped,
    /// Running, under this process id.
    Running(u32),
    /// It ended by itself: how it ended.
    Died(String),
}

impl State {
    /// Whether it runs and does nothing, because somebody froze it (SIGSTOP). Where the system does not tell, it is not.
    pub fn is_frozen(&self) -> bool {
        match self {
            Self::Running(id) => std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| stopped(&stat)),
            Self::Stopped | Self::Died(_) => false,
        }
    }
}

/// Whether the kernel's line about a process says that a signal stopped it: `<id> (<name>) <state> …`.
fn stopped(stat: &str) -> bool {
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
}

/// How to start a process.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) part: Part,
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    /// Added to the harness's own environment less its `TWORD_` variables, the last of equal names; secrets go here.
    pub(super) environment: Vec<(String, String)>,
    pub(super) dir: PathBuf,
    pub(super) log: PathBuf,
    /// The user and group that it runs as, where that is not the harness's own.
    pub(super) account: Option<u32>,
    pub(super) ending: Ending,
}

/// A process of the mesh, running or not.
pub(super) struct Process {
    spec: Spec,
    watchdog: Arc<Watchdog>,
    state: watch::Sender<State>,
    run: Mutex<Run>,
}

#[derive(Default)]
struct Run {
    group: Option<Pid>,
    waiter: Option<JoinHandle<()>>,
    /// Set before a signal that ends it: what follows is no death.
    asked_to_end: Arc<Mutex<bool>>,
}

impl Process {
    pub(super) fn new(spec: Spec, watchdog: Arc<Watchdog>) -> Self {
        Self { spec, watchdog, state: watch::Sender::new(State::Stopped), run: Mutex::default() }
    }

    pub(super) const fn spec(&self) -> &Spec {
        &self.spec
    }

    pub(super) fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Starts it; a success where it runs already.
    pub(super) fn start(self: &Arc<Self>) -> Result<()> {
        let mut run = self.run();
        if matches!(self.state(), State::Running(_)) {
            return Ok(());
        }
        let mut child = self.spawn()?;
        let id = child.id();
        if let Err(error) = self.watchdog.add(id, self.spec.ending) {
            let _ = child.kill().and_then(|()| child.wait());
            return Err(error);
        }
        *run = Run { group: i32::try_from(id).ok().and_then(Pid::from_raw), ..Run::default() };
        self.state.send_replace(State::Running(id));
        let (process, asked) = (Arc::downgrade(self), Arc::clone(&run.asked_to_end));
        let (state, watchdog) = (self.state.clone(), Arc::clone(&self.watchdog));
        run.waiter = Some(std::thread::spawn(move || {
            let status = child.wait();
            watchdog.remove(id);
            let asked = *asked.lock().unwrap_or_else(PoisonError::into_inner);
            let last = process.upgrade().and_then(|process| process.last_line());
            state.send_replace(if asked { State::Stopped } else { State::Died(cause(status, last)) });
        }));
        Ok(())
    }

    fn spawn(&self) -> Result<Child> {
        let spec = &self.spec;
        let doing = || format!("starting {} ({})", spec.part, spec.program.display());
        let log = OpenOptions::new().create(true).append(true).open(&spec.log).context(doing)?;
        let mut command = self.command();
        command.args(&spec.arguments).stdout(log.try_clone().context(doing)?).stderr(log);
        command.process_group(0).spawn().context(doing)
    }

    /// Its program with its settings, without arguments.
    pub(super) fn command(&self) -> Command {
        let spec = &self.spec;
        let mut command = Command::new(&spec.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TWORD_")) {
            command.env_remove(name);
        }
        if let Some(account) = spec.account {
            command.uid(account).gid(account);
        }
        command
            .envs(spec.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&spec.dir)
            .stdin(Stdio::null());
        command
    }

    /// Asks it to end (SIGTERM; a database by SIGINT, so that it does not wait for its clients) and waits; kills it after
    /// `limit`.
    ///
    /// # Errors
    /// It had to be killed.
    pub(super) async fn stop(&self, limit: Duration) -> Result<()> {
        let ask = match self.spec.ending {
            Ending::Plain => Signal::TERM,
            Ending::Postgres => Signal::INT,
        };
        self.end(&[ask, Signal::CONT])?;
        if tokio::time::timeout(limit, self.ended()).await.is_ok() {
            return Ok(());
        }
        self.kill().await?;
        Err(Error::new(format!("{} did not end within {limit:?} of {ask:?} and was killed", self.spec.part)))
    }

    /// Kills it (SIGKILL) with its children and waits until they are gone.
    pub(super) async fn kill(&self) -> Result<()> {
        // Who is frozen makes no further children.
        self.signal(Signal::STOP)?;
        let children = self.children();
        self.end(&[Signal::KILL])?;
        family::signal(&children, Signal::KILL);
        self.ended().await;
        family::gone(&children).await
    }

    /// Freezes it with its children (SIGSTOP).
    pub(super) fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a frozen one go on (SIGCONT).
    pub(super) fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    async fn ended(&self) {
        let mut state = self.state.subscribe();
        // The sender lives as long as `self`.
        let _ = state.wait_for(|state| !matches!(state, State::Running(_))).await;
    }

    fn end(&self, signals: &[Signal]) -> Result<()> {
        if !matches!(self.state(), State::Running(_)) {
            self.state.send_replace(State::Stopped);
            return Ok(());
        }
        *self.run().asked_to_end.lock().unwrap_or_else(PoisonError::into_inner) = true;
        signals.iter().try_for_each(|signal| self.signal(*signal))
    }

    /// Signals its group, and, with what freezes it or lets it go on, its children, which may have groups of their own.
    fn signal(&self, signal: Signal) -> Result<()> {
        let Some(group) = self.group() else { return Ok(()) };
        let sent = match kill_process_group(group, signal) {
            // It ended a moment ago; its waiter is about to say so.
            Err(rustix::io::Errno::SRCH) => Ok(()),
            sent => sent.context(|| format!("signalling {}", self.spec.part)),
        };
        if signal == Signal::STOP || signal == Signal::CONT {
            family::signal(&self.children(), signal);
        }
        sent
    }

    fn children(&self) -> Vec<Pid> {
        self.group().map(family::children).unwrap_or_default()
    }

    fn group(&self) -> Option<Pid> {
        self.run().group.filter(|_| matches!(self.state(), State::Running(_)))
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_line(&self) -> Option<String> {
        let log = std::fs::read(&self.spec.log).ok()?;
        let text = String::from_utf8_lossy(&log);
        text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let last: &[Signal] = match self.spec.ending {
            Ending::Plain => &[Signal::KILL],
            // It gives its shared memory back, and kills its children if they do not end.
            Ending::Postgres => &[Signal::QUIT, Signal::CONT],
        };
        let _ = self.end(last);
        let waiter = self.run().waiter.take();
        // The waiter itself may hold the last reference for the moment in which it reads the log.
        if let Some(waiter) = waiter.filter(|waiter| waiter.thread().id() != std::thread::current().id()) {
            let _ = waiter.join();
        }
    }
}

fn cause(status: std::io::Result<ExitStatus>, last: Option<String>) -> String {
    let how = match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("exited with status {code}"),
            // Whom the kernel kills says nothing about it.
            (None, Some(9)) => return "was ended by signal 9 (SIGKILL)".to_owned(),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            (None, None) => "ended".to_owned(),
        },
        Err(error) => format!("could not be waited for ({error})"),
    };
    last.map_or_else(|| how.clone(), |last| format!("{how}; its last words: {last}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Process, Spec, State};
    use crate::mesh::part::Part;
    use crate::mesh::watchdog::{Ending, Watchdog};

    fn process(dir: &Path, script: &str) -> Arc<Process> {
        let spec = Spec {
            part: Part::Nats,
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: Vec::new(),
            dir: dir.to_owned(),
            log: dir.join("log"),
            account: None,
            ending: Ending::Plain,
        };
        Arc::new(Process::new(spec, Arc::new(Watchdog::start().expect("a shell"))))
    }

    #[tokio::test]
    async fn a_death_is_told_with_its_cause_and_last_words() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let process = process(dir.path(), "echo the disk is full; exit 3");
        let mut state = process.watch();
        process.start().expect("started");
        let died = state.wait_for(|state| matches!(state, State::Died(_))).await.expect("a state").clone();
        assert_eq!(died, State::Died("exited with status 3; its last words: the disk is full".to_owned()));
    }

    #[tokio::test]
    async fn ends_at_sigterm_even_when_frozen_and_starts_again() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let process = process(dir.path(), "exec sleep 600");
        for _ in 0..2 {
            process.start().expect("started");
            process.pause().expect("frozen");
            process.stop(Duration::from_secs(10)).await.expect("ended");
            assert_eq!(process.state(), State::Stopped);
        }
    }

    #[tokio::test]
    async fn a_frozen_process_does_not_pass_for_a_running_one() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let process = process(dir.path(), "exec sleep 600");
        assert!(!process.state().is_frozen());
        process.start().expect("started");
        for frozen in [true, false] {
            if frozen { process.pause() } else { process.resume() }.expect("signalled");
            let seen = || async { (process.state().is_frozen() == frozen).then_some(()).ok_or_else(String::new) };
            crate::wait::until("the signal's effect", Duration::from_secs(10), seen).await.expect("seen");
        }
        assert!(super::stopped("7 (a) T 1) T 1 2") && !super::stopped("7 (a) T 1) S 1 2"));
    }

    #[tokio::test]
    async fn what_ignores_sigterm_is_killed_and_told() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let process = process(dir.path(), "trap '' TERM; echo deaf; sleep 600");
        process.start().expect("started");
        let log = dir.path().join("log");
        let deaf =
            || async { std::fs::read(&log).ok().filter(|log| !log.is_empty()).ok_or_else(|| "no word".to_owned()) };
        crate::wait::until("its trap", Duration::from_secs(10), deaf).await.expect("trapped");
        process.stop(Duration::from_millis(100)).await.expect_err("it had to be killed");
        assert_eq!(process.state(), State::Stopped);
    }

    #[tokio::test]
    async fn a_harness_that_goes_takes_its_child_along() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let process = process(dir.path(), "exec sleep 600");
        process.start().expect("started");
        let State::Running(id) = process.state() else { panic!("it runs") };
        drop(process);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }

    #[tokio::test]
    async fn children_with_a_group_of_their_own_freeze_and_die_along() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let process = process(dir.path(), "setsid sleep 600 & echo $! >child; wait");
        process.start().expect("started");
        let child = || async { std::fs::read_to_string(dir.path().join("child")).map_err(|error| error.to_string()) };
        let child = crate::wait::until("its child", Duration::from_secs(10), child).await.expect("a child");
        let stat = || std::fs::read_to_string(format!("/proc/{}/stat", child.trim()));
        for frozen in [true, false] {
            if frozen { process.pause() } else { process.resume() }.expect("signalled");
            let seen = || async {
                let stat = stat().map_err(|error| error.to_string())?;
                (super::stopped(&stat) == frozen).then_some(()).ok_or(stat)
            };
            crate::wait::until("the signal's effect", Duration::from_secs(10), seen).await.expect("seen");
        }
        process.kill().await.expect("killed");
        assert!(stat().is_err() || stat().is_ok_and(|stat| stat.contains(") Z ")));
    }
}
