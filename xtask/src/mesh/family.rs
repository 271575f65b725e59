//! The children of a process, each of which may have left its process group, as PostgreSQL's do.

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::error::Result;
use crate::wait;

/// How long killed children may take to be gone.
const GONE_LIMIT: Duration = Duration::from_secs(10);

/// The children of a process that are alive.
pub(super) fn children(of: Pid) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    pids.filter(|pid| stat(*pid).is_some_and(|stat| alive_child(&stat, of))).collect()
}

/// Sends each of them a signal; those that have ended are passed over.
pub(super) fn signal(members: &[Pid], signal: Signal) {
    for pid in members {
        let _ = kill_process(*pid, signal);
    }
}

/// Waits until none of them is alive.
pub(super) async fn gone(members: &[Pid]) -> Result<()> {
    wait::until("the end of a killed process's children", GONE_LIMIT, || async {
        let left = members.iter().filter(|pid| stat(**pid).is_some_and(|stat| !is_zombie(&stat))).count();
        if left == 0 { Ok(()) } else { Err(format!("{left} of them")) }
    })
    .await
}

fn stat(pid: Pid) -> Option<String> {
    fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()
}

/// Reads the kernel's line about a process: `<id> (<name>) <state> <parent> …`.
fn alive_child(stat: &str, of: Pid) -> bool {
    let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse::<i32>().ok());
    parent == Some(of.as_raw_nonzero().get()) && !is_zombie(stat)
}

fn is_zombie(stat: &str) -> bool {
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X']))
}

#[cfg(test)]
mod tests {
    use rustix::process::Pid;

    #[test]
    fn a_child_is_told_by_its_parent_and_is_not_dead() {
        let of = Pid::from_raw(7).expect("a number");
        assert!(super::alive_child("9 (a) b) S 7 9", of));
        assert!(!super::alive_child("9 (a) S 8 7", of));
        assert!(!super::alive_child("9 (a) Z 7 9", of));
    }
}
