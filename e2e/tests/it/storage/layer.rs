//! The layer itself, under a small program.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use e2e::faults::{Disk, Fault, Quarters, scribe};
use tempfile::TempDir;

const EIO: &str = "5";
const ENOSPC: &str = "28";

/// A program that writes below a root of its own, on a disk.
struct Program {
    disk: Disk,
    root: TempDir,
    child: Child,
}

impl Program {
    fn start() -> Self {
        let (disk, root) = (Disk::with_power_cuts(), tempfile::tempdir().expect("a directory"));
        let child = spawn(&disk, root.path());
        Self { disk, root, child }
    }

    /// The program's answer to a command.
    fn told(&mut self, command: &str) -> String {
        writeln!(self.child.stdin.as_mut().expect("its input"), "{command}").expect("written");
        let mut answer = String::new();
        // One line is answered at a time, so nothing is left behind in the buffer.
        BufReader::new(self.child.stdout.as_mut().expect("its output")).read_line(&mut answer).expect("an answer");
        answer.trim_end().to_owned()
    }

    fn does(&mut self, commands: &[&str]) {
        for command in commands {
            assert_eq!(self.told(command), "ok", "{command}");
        }
    }

    fn opens(&mut self, name: &str) -> PathBuf {
        let path = self.root.path().join(name);
        self.does(&[&format!("open {}", path.display())]);
        path
    }

    fn syncs_directory(&mut self) {
        let command = format!("syncdir {}", self.root.path().display());
        self.does(&[&command]);
    }

    /// Kills it, takes back what was not synced and starts it again.
    fn loses_power(&mut self, reached: Quarters) -> usize {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
        let dropped = self.disk.cut(self.root.path(), reached).into_values().sum();
        self.child = spawn(&self.disk, self.root.path());
        dropped
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(disk: &Disk, root: &Path) -> Child {
    let root = root.display().to_string();
    let command =
        Command::new(scribe()).envs(disk.variables(&root)).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    command.expect("the program")
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a text")
}

#[test]
fn a_power_cut_drops_what_was_not_synced_and_nothing_else() {
    let mut program = Program::start();
    let path = program.opens("a");
    program.does(&["write 0 aaaaaaaaaa", "sync"]);
    program.syncs_directory();
    program.does(&["write 2 bbb", "append cccc", "write 3 dd", "cut 4", "append eeeeeeee"]);
    assert_eq!(text(&path), "aabdeeeeeeee", "what the program sees is what it wrote");
    assert_eq!(program.loses_power(Quarters(0)), 5);
    assert_eq!(text(&path), "aaaaaaaaaa");

    program.opens("a");
    program.does(&["cut 3", "sync", "write 1 zz"]);
    program.loses_power(Quarters(0));
    assert_eq!(text(&path), "aaa", "what was synced after a cut stays");
    assert_eq!(program.loses_power(Quarters(0)), 0, "a second cut finds nothing to drop");
}

#[test]
fn of_what_was_not_synced_the_oldest_may_have_reached_the_disk() {
    let mut program = Program::start();
    let path = program.opens("a");
    program.does(&["write 0 ....", "sync"]);
    program.syncs_directory();
    program.does(&["write 0 a", "write 1 b", "write 2 c", "write 3 d"]);
    assert_eq!(program.loses_power(Quarters(3)), 1);
    assert_eq!(text(&path), "abc.");
}

#[test]
fn a_power_cut_undoes_what_happened_in_a_directory_that_was_not_synced() {
    let mut program = Program::start();
    let kept = program.opens("kept");
    program.does(&["write 0 old", "sync"]);
    program.syncs_directory();
    let made = program.opens("made");
    program.does(&["write 0 new", "sync", &format!("remove {}", kept.display())]);
    assert!(!kept.exists());
    program.loses_power(Quarters(4));
    assert!(kept.exists() && !made.exists(), "the directory was not synced");
    assert_eq!(text(&kept), "old");

    program.opens("made");
    program.does(&[&format!("remove {}", kept.display())]);
    program.syncs_directory();
    program.loses_power(Quarters(0));
    assert!(!kept.exists() && made.exists(), "the directory was synced");
}

#[test]
fn a_disk_that_lies_makes_nothing_durable() {
    let mut program = Program::start();
    let path = program.opens("a");
    program.does(&["write 0 old", "sync"]);
    program.syncs_directory();
    program.disk.switch(Fault::FsyncLies, true);
    program.does(&["write 0 new", "sync"]);
    assert!(program.disk.struck(Fault::FsyncLies));
    program.loses_power(Quarters(0));
    assert_eq!(text(&path), "old");
}

#[test]
fn faults_are_answered_while_they_are_switched_on_and_below_the_root_alone() {
    let mut program = Program::start();
    let path = program.opens("a");
    program.disk.switch(Fault::FsyncFails, true);
    program.does(&["write 0 a"]);
    assert_eq!(program.told("sync"), EIO);
    assert!(program.disk.struck(Fault::FsyncFails));
    program.disk.switch(Fault::FsyncFails, false);
    assert!(!program.disk.struck(Fault::FsyncFails));
    program.does(&["sync"]);
    program.disk.switch(Fault::Full, true);
    for write in ["write 0 b", "append b"] {
        assert_eq!(program.told(write), ENOSPC);
    }
    assert_eq!(text(&path), "a");
    let elsewhere = tempfile::tempdir().expect("a directory");
    program.does(&[&format!("open {}", elsewhere.path().join("b").display()), "write 0 b", "sync"]);
    program.disk.switch(Fault::Full, false);
    program.opens("a");
    program.does(&["append b", "sync"]);
    program.syncs_directory();
    assert_eq!((text(&path), program.loses_power(Quarters(0))), ("ab".to_owned(), 0));
}
