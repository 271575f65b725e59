//! Ends the children of a harness that died without ending them itself.
//!
//! A shell reads from a pipe which process groups live. The kernel closes the pipe however the harness ends, `kill -9`
//! included, and the shell then kills those that are left.

use std::fmt::Display;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::error::{Context, Error, Result};

const SCRIPT: &str = r#"
trap '' INT TERM HUP
alive=
while read -r change what; do
  case $change in
    KILL|QUIT) alive="$alive $change:$what" ;;
    -) kept=; for one in $alive; do [ "${one#*:}" = "$what" ] || kept="$kept $one"; done; alive=$kept ;;
    dir) set -- "$@" "$what" ;;
  esac
done
for one in $alive; do kill -s "${one%:*}" -- "-${one#*:}" 2>/dev/null; done
for one in $alive; do
  for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -s 0 -- "-${one#*:}" 2>/dev/null && sleep 0.1 || break
  done
  kill -s KILL -- "-${one#*:}" 2>/dev/null
done
for dir; do rm -rf -- "$dir" || { sleep 1; rm -rf -- "$dir"; }; done
"#;

/// How a process ends when nobody waits for it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is killed.
    Plain,
    /// It is told to end at once (SIGQUIT), so that it gives its shared memory back, and killed only then.
    Postgres,
}

/// The shell that watches over some processes.
pub(crate) struct Watchdog {
    shell: Child,
    pipe: Mutex<Option<ChildStdin>>,
}

impl Watchdog {
    pub(crate) fn start() -> Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context(|| "starting /bin/sh to watch over the mesh".to_owned())?;
        let pipe = shell.stdin.take().ok_or_else(|| Error::new("the watching shell has no standard input"))?;
        Ok(Self { shell, pipe: Mutex::new(Some(pipe)) })
    }

    /// From now on this group is ended when the harness dies.
    pub(crate) fn add(&self, group: u32, ending: Ending) -> Result<()> {
        let signal = match ending {
            Ending::Plain => "KILL",
            Ending::Postgres => "QUIT",
        };
        self.tell(signal, group).context(|| "telling the watching shell of a process".to_owned())
    }

    /// From now on this directory is removed when the harness has died and the processes have ended.
    pub(crate) fn add_dir(&self, dir: &Path) -> Result<()> {
        self.tell("dir", dir.display()).context(|| "telling the watching shell of a directory".to_owned())
    }

    /// The group has ended: its number may soon be another's.
    pub(crate) fn remove(&self, group: u32) {
        // A shell that is gone has nothing to forget.
        let _ = self.tell("-", group);
    }

    fn tell(&self, change: &str, what: impl Display) -> std::io::Result<()> {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.as_mut().map_or(Ok(()), |pipe| writeln!(pipe, "{change} {what}"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take();
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::Command;

    use super::{Ending, Watchdog};

    fn sleeper() -> std::process::Child {
        Command::new("sleep").arg("600").process_group(0).spawn().expect("sleep runs")
    }

    #[test]
    fn what_still_lives_is_killed_when_the_pipe_closes_and_nothing_else() {
        let (mut left, mut ended) = (sleeper(), sleeper());
        let watchdog = Watchdog::start().expect("a shell");
        watchdog.add(left.id(), Ending::Plain).expect("told");
        watchdog.add(ended.id(), Ending::Plain).expect("told");
        watchdog.remove(ended.id());
        drop(watchdog);
        assert_eq!(left.wait().expect("ended").signal(), Some(9));
        assert!(ended.try_wait().expect("a state").is_none(), "a group that was taken off the list lives");
        ended.kill().expect("killed");
        ended.wait().expect("ended");
    }

    #[test]
    fn a_database_may_tidy_up_and_its_directory_goes_last() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let (told, home) = (dir.path().join("told"), dir.path().join("its home"));
        std::fs::create_dir(&home).expect("a directory");
        let script = "trap 'ls \"$1\" >\"$2\"; exit 0' QUIT; touch \"$1/ready\"; while :; do sleep 0.01; done";
        let mut database = Command::new("sh");
        database.args(["-c", script, "sh"]).arg(&home).arg(&told).process_group(0);
        let mut database = database.spawn().expect("a shell");
        let watchdog = Watchdog::start().expect("a shell");
        watchdog.add(database.id(), Ending::Postgres).expect("told");
        watchdog.add_dir(&home).expect("told");
        while !home.join("ready").exists() {
            std::thread::yield_now();
        }
        drop(watchdog);
        assert!(database.wait().expect("ended").success());
        assert_eq!(std::fs::read_to_string(told).expect("what it saw at its end"), "ready\n");
        assert!(!home.exists());
    }
}
