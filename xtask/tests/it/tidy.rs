//! The rules of the house that no compiler checks, each with a sample that breaks it.

mod arrows;
mod habits;
mod source;

use std::path::{Path, PathBuf};

use source::Source;

/// Looks at one file and names what breaks a rule, as `path:line: what`.
type Rule = fn(&Source) -> Vec<String>;

fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("the workspace's root").to_owned()
}

/// Every file of the tree whose name ends so, by its path below the root.
fn files(ending: &str) -> Vec<(String, String)> {
    let (root, mut found, mut open) = (root(), Vec::new(), vec![root()]);
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).expect("a directory").map(|entry| entry.expect("an entry")) {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                open.push(path);
            } else if name.ends_with(ending) {
                let below = path.strip_prefix(&root).expect("a path below the root").to_string_lossy().into_owned();
                found.push((below, std::fs::read_to_string(&path).expect("a text file")));
            }
        }
    }
    found.sort();
    found
}

fn check(rule: Rule) {
    let sources: Vec<_> = files(".rs").into_iter().map(|(path, text)| Source::new(&path, &text)).collect();
    assert!(sources.len() > 100, "only {} sources were found", sources.len());
    let broken: Vec<_> = sources.iter().flat_map(rule).collect();
    assert!(broken.is_empty(), "{} places break the rule:\n{}", broken.len(), broken.join("\n"));
}

/// Asserts that a rule finds exactly one fault in a sample.
fn bites(rule: Rule, path: &str, sample: &str) {
    let broken = rule(&Source::new(path, sample));
    assert_eq!(broken.len(), 1, "in {path}: {sample}\nfound: {broken:?}");
}

/// Asserts that a rule finds no fault in a sample.
fn lets_pass(rule: Rule, path: &str, sample: &str) {
    let broken = rule(&Source::new(path, sample));
    assert!(broken.is_empty(), "in {path}: {sample}\nfound: {broken:?}");
}

/// Whether a path is below `place` in a service's crate.
fn in_service(path: &str, place: &str) -> bool {
    path.split_once('/').is_some_and(|(name, rest)| name.ends_with("-svc") && rest.starts_with(place))
}
