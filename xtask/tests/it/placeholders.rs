//! envoy/README.md explains the placeholders that envoy.yaml has, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).expect("a file of the tree")
}

/// The places of the other services are named after the shop's.
fn of_the_shop(name: &str) -> String {
    let place = ["ORDER_", "DELIVERY_", "NOTIFY_", "MYPAGE_"].iter().find_map(|context| name.strip_prefix(context));
    place.map_or_else(|| name.to_owned(), |place| format!("SHOP_{place}"))
}

#[test]
fn every_placeholder_is_explained_and_nothing_else() {
    let template = read("envoy/envoy.yaml");
    let is_name = |word: &&str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let used: BTreeSet<_> = template.split('@').filter(is_name).map(of_the_shop).collect();
    let page = read("envoy/README.md");
    let (_, rest) = page.split_once("\n## Placeholders\n").expect("the section");
    let table = rest.split("\n## ").next().unwrap_or_default();
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let names = cells.flat_map(|cell| cell.split('`').filter(is_name).map(of_the_shop).collect::<Vec<_>>());
    let contexts = ["ORDER", "DELIVERY", "NOTIFY", "MYPAGE"];
    let explained: BTreeSet<_> = names.filter(|name| !contexts.contains(&name.as_str())).collect();
    assert!(used.len() > 20, "{used:?}");
    assert_eq!(explained, used);
}
