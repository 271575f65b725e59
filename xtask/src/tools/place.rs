//! The places in `.dev/tools`: each is filled once, whole, by one of those who want it.

use std::fs::{self, File};
use std::path::Path;

use crate::error::{Context, Result};
use crate::paths;
use crate::progress::Step;

/// Fills the directory `name` in `tools` by `fill`, which writes into a draft of it, unless `proof` is in it already.
///
/// Safe to call from several processes at once.
pub(super) fn fill(tools: &Path, name: &str, proof: &str, fill: impl FnOnce(&Path, &Step) -> Result<()>) -> Result<()> {
    paths::make_dir(tools)?;
    let lock = tools.join(format!("{name}.lock"));
    let lock_file = File::create(&lock).context(|| format!("opening {}", lock.display()))?;
    lock_file.lock().context(|| format!("locking {}", lock.display()))?;
    let home = tools.join(name);
    if home.join(proof).is_file() {
        return Ok(());
    }
    let step = Step::begin(format!("bringing {name}"));
    let draft = tools.join(format!(".{name}.{}", std::process::id()));
    paths::remove_dir(&draft)?;
    paths::make_dir(&draft)?;
    let filled = fill(&draft, &step).and_then(|()| {
        paths::remove_dir(&home)?;
        fs::rename(&draft, &home).context(|| format!("moving {name} into place"))
    });
    paths::remove_dir(&draft)?;
    filled?;
    step.done();
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::error::Error;

    #[test]
    fn a_place_is_filled_once_and_whole_or_not_at_all() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let failed = super::fill(dir.path(), "tool-1", "tool", |draft, _| {
            std::fs::write(draft.join("half"), "").expect("written");
            Err(Error::new("the disk is full"))
        });
        failed.expect_err("it could not be filled");
        assert!(!dir.path().join("tool-1").exists());
        for text in ["first", "second"] {
            let written = |draft: &std::path::Path, _: &_| {
                std::fs::write(draft.join("tool"), text).expect("written");
                Ok(())
            };
            super::fill(dir.path(), "tool-1", "tool", written).expect("filled");
            assert_eq!(std::fs::read_to_string(dir.path().join("tool-1/tool")).expect("read"), "first");
        }
        let left: Vec<_> = std::fs::read_dir(dir.path()).expect("the place").flatten().collect();
        assert_eq!(left.len(), 2, "the place and its lock: {left:?}");
    }
}
