//! docs/integrators.md does what it says: every example is run as it stands there, by its own tools.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use e2e::world::World;
use tokio::process::Command;
use tokio::time::timeout;
use xtask::tools;

/// Far above what the slowest takes with nothing in its caches.
const LIMIT: Duration = Duration::from_mins(8);

#[tokio::test(flavor = "multi_thread")]
async fn curl_orders() {
    orders("curl").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buf_curl_orders() {
    orders("buf curl").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rust_client_orders() {
    orders("Rust").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_orders() {
    orders("Python").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typescript_client_orders() {
    let version = Command::new("node").arg("--version").output().await;
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let major = version.strip_prefix('v').and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    if major.is_none_or(|major| major < 20) {
        eprintln!("NOT RUN: the TypeScript example needs Node 20 or later on PATH; there is {version:?}");
        return;
    }
    orders("TypeScript").await;
}

/// Runs an example against a shop of its own. It has to say that the order was placed and then confirmed, and to be right.
async fn orders(example: &str) {
    let world = World::shared().await;
    let (shop, customer) = (world.shop(1, 3).await, world.customer());
    let buf = tools::BUF.bring().unwrap_or_else(|error| panic!("{error}"));
    let search = std::env::join_paths(
        buf.parent()
            .map(PathBuf::from)
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").expect("PATH"))),
    );
    let _one_at_a_time = lock(example);
    let mut command = Command::new("bash");
    command
        .args(["-euo", "pipefail", "-c", &script(example)])
        .current_dir(root())
        .env("PATH", search.expect("a search path"))
        .env("EDGE", world.mesh().edge())
        .env("TOKEN", &customer.token)
        .env("SHOP", &shop.id)
        .env("PHONE", &shop.phones[0])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ended = timeout(LIMIT, command.output()).await.unwrap_or_else(|_| panic!("{example} did not end"));
    let Output { status, stdout, stderr } = ended.expect("bash runs");
    let (said, wrong) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{example} ended with {status}:\n{said}\n{wrong}");
    let body = world.rest(&customer).get("/v1/orders").await.ok();
    let orders = body["orders"].as_array().expect("orders");
    let [order] = orders.as_slice() else { panic!("{example} made {} orders:\n{said}", orders.len()) };
    let id = order["orderId"].as_str().expect("an id");
    assert_eq!(order["status"], "STATUS_CONFIRMED");
    let lines: Vec<_> = said.lines().collect();
    assert!(
        lines.ends_with(&[&format!("PLACED {id}"), &format!("CONFIRMED {id}")]),
        "{example} said:\n{said}\n{wrong}"
    );
}

/// What the page says to do before the first example, and then for this one.
fn script(example: &str) -> String {
    let page = fs::read_to_string(root().join("docs/integrators.md")).expect("the page");
    let section = |title: &str| {
        let parts = page.split("\n### ").filter_map(|part| part.split_once('\n'));
        let (_, text) = parts.into_iter().find(|(head, _)| *head == title).unwrap_or_else(|| panic!("no {title}"));
        let blocks = text.split("\n```sh\n").skip(1).filter_map(|rest| rest.split_once("\n```"));
        let blocks: Vec<_> = blocks.map(|(block, _)| block).collect();
        assert!(!blocks.is_empty(), "{title} has nothing to run");
        blocks.join("\n")
    };
    format!("{}\n{}", section("Before the first"), section(example))
}

/// Held while an example's directory below `.dev` is in use.
fn lock(example: &str) -> File {
    let dir = root().join(".dev/examples");
    fs::create_dir_all(&dir).expect("a directory");
    let file = File::create(dir.join(format!(".{example}.lock"))).expect("a lock");
    file.lock().expect("locked");
    file
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the work tree")
}
