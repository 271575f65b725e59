//! Ends the children of a harness that died without ending them itself.
//!
//! A shell reads from a pipe which process groups live. The kernel closes the pipe however the harness ends, `kill -9`
//! included, and the shell then kills those that are left.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::error::{Context, Error, Result};

const SCRIPT: &str = r#"
trap '' INT TERM HUP
alive=
while read -r change group; do
  case $change in
    +) alive="$alive $group" ;;
    -) kept=; for one in $alive; do [ "$one" = "$group" ] || kept="$kept $one"; done; alive=$kept ;;
  esac
done
for one in $alive; do kill -s KILL -- "-$one" 2>/dev/null; done
"#;

/// The shell that watches over one mesh.
pub(super) struct Watchdog {
    shell: Child,
    pipe: Mutex<Option<ChildStdin>>,
}

impl Watchdog {
    pub(super) fn start() -> Result<Self> {
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

    /// From now on this group is killed when the harness dies.
    pub(super) fn add(&self, group: u32) -> Result<()> {
        self.tell('+', group).context(|| "telling the watching shell of a process".to_owned())
    }

    /// The group has ended: its number may soon be another's.
    pub(super) fn remove(&self, group: u32) {
        // A shell that is gone has nothing to forget.
        let _ = self.tell('-', group);
    }

    fn tell(&self, change: char, group: u32) -> std::io::Result<()> {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.as_mut().map_or(Ok(()), |pipe| writeln!(pipe, "{change} {group}"))
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

    use super::Watchdog;

    fn sleeper() -> std::process::Child {
        Command::new("sleep").arg("600").process_group(0).spawn().expect("sleep runs")
    }

    #[test]
    fn what_still_lives_is_killed_when_the_pipe_closes_and_nothing_else() {
        let (mut left, mut ended) = (sleeper(), sleeper());
        let watchdog = Watchdog::start().expect("a shell");
        watchdog.add(left.id()).expect("told");
        watchdog.add(ended.id()).expect("told");
        watchdog.remove(ended.id());
        drop(watchdog);
        assert_eq!(left.wait().expect("ended").signal(), Some(9));
        assert!(ended.try_wait().expect("a state").is_none(), "a group that was taken off the list lives");
        ended.kill().expect("killed");
        ended.wait().expect("ended");
    }
}
