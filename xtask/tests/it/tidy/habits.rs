//! The size of things, and what tests may not do.

use super::source::{Source, block_end, identifiers};
use super::{bites, check, lets_pass};

const MAIN_LINES: usize = 30;
const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

/// A `main.rs` parses, builds, runs; what it does is elsewhere.
fn mains_are_short(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let is_long = source.path.ends_with("src/main.rs") && lines > MAIN_LINES;
    is_long.then(|| format!("{}: {lines} lines; a main.rs has at most {MAIN_LINES}", source.path)).into_iter().collect()
}

fn files_are_short(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let is_long = !source.production.trim().is_empty() && lines > FILE_LINES;
    is_long.then(|| format!("{}: {lines} lines; a file has at most {FILE_LINES}", source.path)).into_iter().collect()
}

fn functions_are_short(source: &Source) -> Vec<String> {
    let code = &source.production;
    let mut faults = Vec::new();
    for (at, _) in identifiers(code).filter(|(_, word)| *word == "fn") {
        let lines = block_end(code, at).map_or(1, |end| code[at..end].lines().count());
        if lines > FUNCTION_LINES {
            faults.push(source.fault(code, at, &format!("{lines} lines; a function has at most {FUNCTION_LINES}")));
        }
    }
    faults
}

/// Tests wait on state, and so does what they are made of. On a paused clock nothing is waited for, so there a sleep is a state.
/// Chaos runs by the clock: its faults and its load come when its plan says.
fn tests_never_sleep(source: &Source) -> Vec<String> {
    let (made_of, by_the_clock) = ("e2e/src/", "e2e/src/chaos");
    let shared = source.path.starts_with(made_of) && !source.path.starts_with(by_the_clock);
    let tests = if shared { &source.code } else { &source.tests };
    let has = |text: &str| tests.contains(text);
    if has("start_paused = true") && !has("#[tokio::test]") && !has("thread::") {
        return Vec::new();
    }
    let sleeps = identifiers(tests).filter(|(_, word)| matches!(*word, "sleep" | "sleep_until" | "sleep_ms"));
    sleeps.map(|(at, _)| source.fault(tests, at, "a test sleeps; wait on state instead")).collect()
}

/// A test runs or goes.
fn no_test_is_ignored(source: &Source) -> Vec<String> {
    let ignored = identifiers(&source.tests).filter(|(at, word)| {
        let attribute = source.tests[..*at].trim_end().ends_with("#[");
        *word == "ignore" && attribute
    });
    ignored.map(|(at, _)| source.fault(&source.tests, at, "an ignored test")).collect()
}

#[test]
fn every_main_is_short() {
    check(mains_are_short);
    bites(mains_are_short, "shop-svc/src/main.rs", &"//\n".repeat(MAIN_LINES + 1));
    lets_pass(mains_are_short, "shop-svc/src/main.rs", &"//\n".repeat(MAIN_LINES));
}

#[test]
fn every_file_is_short() {
    check(files_are_short);
    bites(files_are_short, "chassis/src/a.rs", &"fn a() {}\n".repeat(FILE_LINES + 1));
    lets_pass(files_are_short, "chassis/src/a.rs", &"fn a() {}\n".repeat(FILE_LINES));
}

#[test]
fn every_function_is_short() {
    check(functions_are_short);
    let long = |lines: usize| format!("fn a(b: [u8; 2]) {{\n{}}}\nfn c();\n", "    d();\n".repeat(lines - 2));
    bites(functions_are_short, "chassis/src/a.rs", &long(FUNCTION_LINES + 1));
    lets_pass(functions_are_short, "chassis/src/a.rs", &long(FUNCTION_LINES));
    lets_pass(functions_are_short, "chassis/tests/it/a.rs", &long(FUNCTION_LINES + 1));
}

#[test]
fn no_test_sleeps() {
    check(tests_never_sleep);
    bites(tests_never_sleep, "e2e/tests/it/a.rs", "std::thread::sleep(limit);");
    bites(tests_never_sleep, "e2e/tests/it/a.rs", "use tokio::time::{sleep, timeout};");
    bites(tests_never_sleep, "e2e/src/a.rs", "fn poll() { tokio::time::sleep(b); }");
    bites(tests_never_sleep, "chassis/src/a.rs", "#[cfg(test)]\nmod tests { fn a() { tokio::time::sleep_until(b); } }");
    let paused = "#[tokio::test(start_paused = true)]\nfn a() { sleep(b); }\n";
    lets_pass(tests_never_sleep, "chassis/tests/it/a.rs", paused);
    bites(tests_never_sleep, "chassis/tests/it/a.rs", &format!("{paused}#[tokio::test]\nfn c() {{}}"));
    lets_pass(tests_never_sleep, "chassis/src/a.rs", "fn poll() { tokio::time::sleep(b); }");
    lets_pass(tests_never_sleep, "e2e/src/chaos/load.rs", "fn poll() { tokio::time::sleep(b); }");
}

#[test]
fn no_test_is_left_out() {
    check(no_test_is_ignored);
    bites(no_test_is_ignored, "e2e/tests/it/a.rs", "#[test]\n#[ignore]\nfn a() {}");
    bites(no_test_is_ignored, "e2e/tests/it/a.rs", "#[ignore = \"slow\"]\nfn a() {}");
    lets_pass(no_test_is_ignored, "e2e/tests/it/a.rs", "fn ignore() {}");
}
