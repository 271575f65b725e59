//! Whom a server runs as. PostgreSQL refuses root, so root runs it as nobody, who has to reach its files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Context, Error, Result};
use crate::paths;
use crate::tools::Postgres;

/// The user and the group that own nothing, on every Linux.
const NOBODY: u32 = 65_534;
/// Where nobody's files go when the place that was asked for is closed to others; kept over restarts of the machine.
const OPEN: &str = "/var/tmp";

/// The account that a server's processes have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Account {
    /// Who runs this.
    Own,
    /// Nobody, since who runs this is root.
    Nobody,
}

impl Account {
    /// The account for who runs this.
    pub(crate) fn current() -> Self {
        if rustix::process::geteuid().is_root() { Self::Nobody } else { Self::Own }
    }

    /// The user and group to switch to, where there are any.
    pub(crate) const fn id(self) -> Option<u32> {
        match self {
            Self::Own => None,
            Self::Nobody => Some(NOBODY),
        }
    }

    /// Lets a command run under this account, with no further groups.
    pub(crate) fn run(self, command: &mut Command) {
        if let Some(id) = self.id() {
            command.uid(id).gid(id);
        }
    }

    /// Gives a file or directory to this account.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        let Some(id) = self.id() else { return Ok(()) };
        chown(path, Some(id), Some(id)).context(|| format!("giving {} to the server", path.display()))
    }

    /// Lets this account pass through a private directory, whose contents are to be private themselves.
    pub(crate) fn let_through(self, dir: &Path) -> Result<()> {
        if self.id().is_none() {
            return Ok(());
        }
        fs::set_permissions(dir, fs::Permissions::from_mode(0o711))
            .context(|| format!("letting the server through {}", dir.display()))
    }

    /// A private directory of this account's own: `wanted`, or, where the account cannot get there, one that a link at
    /// `wanted` leads to. Answers where it really is; it may be there already.
    pub(crate) fn home(self, wanted: &Path) -> Result<PathBuf> {
        if let Ok(there) = fs::canonicalize(wanted) {
            return if self.reaches(&there) { Ok(there) } else { Err(unreachable(&there)) };
        }
        // A link may be left of a directory that is gone.
        paths::remove_file(wanted)?;
        let parent = wanted.parent().unwrap_or(wanted);
        paths::make_dir(parent)?;
        let parent = fs::canonicalize(parent).context(|| format!("looking for {}", parent.display()))?;
        if self.reaches(&parent) {
            let home = parent.join(wanted.file_name().unwrap_or_default());
            return self.make(home);
        }
        let home = Path::new(OPEN).join(format!("tword-postgres-{:016x}", rand::random::<u64>()));
        symlink(&home, wanted).context(|| format!("linking {} to {}", wanted.display(), home.display()))?;
        self.make(home)
    }

    fn make(self, home: PathBuf) -> Result<PathBuf> {
        fs::create_dir(&home).context(|| format!("making the directory {}", home.display()))?;
        self.own(&home)?;
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700))
            .context(|| format!("making the directory {} private", home.display()))?;
        Ok(home)
    }

    /// Programs that this account can run: these, or a copy of them in `home`.
    pub(crate) fn programs(self, programs: &Postgres, home: &Path) -> Result<Postgres> {
        if self.reaches(programs.bin()) {
            return Ok(programs.clone());
        }
        programs.copied(&home.join("programs"))
    }

    /// Whether the account gets into a directory, given by its real path.
    fn reaches(self, dir: &Path) -> bool {
        let passes = |dir: &Path| {
            fs::metadata(dir).is_ok_and(|found| {
                let bit = if Some(found.uid()) == self.id() { 0o100 } else { 0o001 };
                found.mode() & bit != 0
            })
        };
        self.id().is_none() || dir.ancestors().all(passes)
    }
}

fn unreachable(dir: &Path) -> Error {
    Error::new(format!("PostgreSQL runs as nobody, not as root, and cannot get to {}", dir.display()))
        .help("open the directories above it to others (chmod o+x)")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::Account;

    #[test]
    fn a_home_is_private_and_found_again() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let wanted = dir.path().join("postgres");
        let account = Account::current();
        let home = account.home(&wanted).expect("a home");
        let mode = std::fs::metadata(&home).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(account.reaches(&home), "{}", home.display());
        assert_eq!(account.home(&wanted).expect("the same home"), home);
        assert_eq!(std::fs::canonicalize(&wanted).expect("it leads there"), home);
        // Where root's directory is closed it is elsewhere.
        std::fs::remove_dir(&home).expect("removed");
        let again = account.home(&wanted).expect("a home where an old one was");
        std::fs::remove_dir(again).expect("removed");
    }

    #[test]
    fn nobody_gets_into_no_closed_directory() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let real = std::fs::canonicalize(dir.path()).expect("a directory");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o700)).expect("closed");
        assert!(!Account::Nobody.reaches(&real) && Account::Own.reaches(&real));
        Account::Nobody.let_through(&real).expect("opened");
        assert!(Account::Nobody.reaches(&real));
    }
}
