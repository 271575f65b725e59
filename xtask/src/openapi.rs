//! The REST API as a document by `OpenAPI` 3.1, made from the contracts' descriptor set.

mod comments;
pub mod page;
mod paths;
mod schema;
pub mod yaml;

use std::collections::BTreeSet;
use std::path::PathBuf;

use prost_reflect::{DescriptorPool, ServiceDescriptor};

use self::comments::Comments;
use self::schema::Schemas;
use self::yaml::Node;
use crate::error::{Context, Error, Result};
use crate::mesh::Service;
use crate::paths as places;

const ABOUT: &str = "Phone orders for dealerships. Everything here is also gRPC and gRPC-Web at the same address, by the same \
names: `x-grpc` says which method.\n\nNames are lowerCamelCase, 64-bit integers are strings, times are RFC 3339 in UTC, and \
a message that is absent is left out; empty texts, zeros and empty lists are written. Every refusal is a `google.rpc.Status` whose `ErrorInfo` has a `reason` to decide by.";

/// The document, from the contracts that this program was built with.
///
/// # Errors
/// A contract has something that REST has no form for.
pub fn document() -> Result<Node> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).context(|| "reading the descriptor set".to_owned())?;
    let (comments, mut schemas) = (Comments::default(), Schemas::default());
    let (mut tags, mut paths) = (Vec::new(), Vec::<(String, Node)>::new());
    for service in pool.services().filter(is_public) {
        let text = comments.of(&service.parent_file(), service.path());
        tags.push(Node::map([("name", service.full_name().into())]).with("description", text));
        for (binding, operation) in paths::operations(&comments, &mut schemas, &service)? {
            let known = paths.iter().position(|(path, _)| *path == binding.path);
            let index = known.unwrap_or(paths.len());
            if known.is_none() {
                paths.push((binding.path, Node::map([])));
            }
            paths[index].1 = paths[index].1.clone().with(binding.verb, operation);
        }
    }
    for name in ["google.rpc.Status", "google.rpc.ErrorInfo", "google.rpc.BadRequest", "google.rpc.RetryInfo"] {
        let message = pool.get_message_by_name(name).ok_or_else(|| Error::new(format!("the contracts lack {name}")))?;
        schemas.message(&comments, &message);
    }
    Ok(Node::map([
        ("openapi", "3.1.0".into()),
        ("info", info()),
        ("servers", Node::List(vec![Node::map([("url", "/".into()), ("description", "This edge.".into())])])),
        ("security", Node::List(vec![Node::map([("bearer", Node::List(vec![]))])])),
        ("tags", tags.into()),
        ("paths", Node::Map(paths)),
        ("components", components(schemas)),
    ]))
}

/// Every REST method, as `GET /v1/orders/{orderId}`.
pub fn bindings(pool: &DescriptorPool) -> BTreeSet<String> {
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let bindings = methods.filter_map(|method| paths::binding(&method));
    bindings.map(|binding| format!("{} {}", binding.verb.to_uppercase(), binding.path)).collect()
}

fn is_public(service: &ServiceDescriptor) -> bool {
    service.full_name().starts_with("tword.") && service.methods().any(|method| paths::binding(&method).is_some())
}

fn info() -> Node {
    let license = Node::map([("name", "Apache 2.0".into()), ("identifier", env!("CARGO_PKG_LICENSE").into())]);
    Node::map([
        ("title", "Tword".into()),
        ("version", "v1".into()),
        ("description", ABOUT.into()),
        ("license", license),
    ])
}

fn components(schemas: Schemas) -> Node {
    let bearer = Node::map([("type", "http".into()), ("scheme", "bearer".into()), ("bearerFormat", "JWT".into())]);
    Node::map([
        ("securitySchemes", Node::map([("bearer", bearer)])),
        ("parameters", parameters()),
        ("responses", Node::map([("Refused", refused())])),
        ("schemas", schemas.into_node()),
    ])
}

/// The headers that calls of several services take.
fn parameters() -> Node {
    let header = |name: &str, text: &str, required: bool, schema: Node| {
        Node::map([("name", name.into()), ("in", "header".into()), ("description", text.into())])
            .with("required", required)
            .with("schema", schema)
    };
    let key = "Makes the call safe to repeat: the same key with the same request gets the first successful answer again. \
               1 to 255 visible ASCII characters; a new one for each new wish.";
    let contexts = Node::list(Service::ALL.map(Service::context));
    let service = Node::map([("type", "string".into()), ("enum", contexts)]);
    Node::map([
        ("IdempotencyKey", header("idempotency-key", key, false, matching("^[!-~]{1,255}$"))),
        ("Service", header("x-tword-service", "The service that is asked.", true, service)),
    ])
}

/// Every answer that is no success.
fn refused() -> Node {
    let header = |text: &str, schema| Node::map([("description", text.into()), ("schema", schema)]);
    let seconds = "After how many seconds a repetition can help; absent where none can.";
    let headers = Node::map([
        ("retry-after", header(seconds, matching("^[0-9]+$"))),
        ("x-request-id", header("What to name in a report.", matching("^[0-9a-f-]{36}$"))),
    ]);
    let status = Node::map([("$ref", "#/components/schemas/google.rpc.Status".into())]);
    Node::map([
        ("description", "Refused: the HTTP status, the code and the reason belong together (docs/errors.md).".into()),
        ("headers", headers),
        ("content", Node::map([("application/json", Node::map([("schema", status)]))])),
    ])
}

/// The schema of a text of a pattern.
fn matching(pattern: &str) -> Node {
    Node::map([("type", "string".into()), ("pattern", pattern.into())])
}

/// The document as text, as it stands in the tree and as the edge serves it.
pub fn text(document: &Node) -> String {
    format!("# Made from the contracts by: cargo xtask openapi\n{document}")
}

/// Where the document is kept in the tree.
fn file() -> PathBuf {
    places::root().join("docs/openapi.yaml")
}

/// Writes the document into the tree.
///
/// # Errors
/// As [`document`], or it could not be written.
pub fn write() -> Result<()> {
    places::write(&file(), text(&document()?).as_bytes())
}

/// Checks that the document in the tree is that of the contracts.
///
/// # Errors
/// It is another one.
pub fn check() -> Result<()> {
    if places::read(&file()).is_ok_and(|held| document().is_ok_and(|made| text(&made) == held)) {
        return Ok(());
    }
    Err(Error::new("docs/openapi.yaml is not what the contracts say").help("make it anew: cargo xtask openapi"))
}
