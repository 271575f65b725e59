//! A change that breaks published contracts is found.

use std::fs;
use std::path::Path;

use xtask::{contracts, tools};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

#[test]
fn a_field_that_is_gone_is_found_and_a_new_one_is_not() {
    let buf = tools::BUF.bring().unwrap_or_else(|error| panic!("{error}"));
    let dir = tempfile::tempdir().expect("a temporary directory");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto"), dir.path());
    let file = dir.path().join("tword/actor/v1/actor.proto");
    let whole = fs::read_to_string(&file).expect("a contract");
    let breaking = |text: &str| {
        fs::write(&file, text).expect("written");
        let output = contracts::breaking(&buf).current_dir(dir.path()).output().expect("buf runs");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (field, place) = whole
        .lines()
        .find_map(|line| Some((line, line.trim().strip_prefix("string ")?.split_once(" = ")?.0)))
        .expect("a field");
    let (kept, told) = breaking(&whole.replace(field, ""));
    assert!(!kept && told.contains(place), "{told}");
    let (kept, told) = breaking(&whole.replace(field, &format!("{field}\n  // New.\n  string entirely_new = 99;")));
    assert!(kept, "{told}");
}
