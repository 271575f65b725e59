//! Methods as operations.

use prost_reflect::{DynamicMessage, Kind, MethodDescriptor, ServiceDescriptor, Value};

use super::comments::Comments;
use super::schema::{self, Schemas};
use super::yaml::Node;
use crate::error::{Error, Result};

/// The service that every process serves, so that a header says which is meant.
const BY_HEADER: &str = "tword.ops.v1.OperationsService";

/// One method's REST binding.
pub struct Binding {
    /// `get`, `post` or `patch`.
    pub verb: &'static str,
    /// Path with the fields that it takes in braces, by their JSON names.
    pub path: String,
    /// The same fields, by their proto names.
    pub taken: Vec<String>,
}

/// The binding of a public method; none of an internal one.
pub fn binding(method: &MethodDescriptor) -> Option<Binding> {
    let extension = method.parent_pool().get_extension_by_name("google.api.http")?;
    let options = method.options();
    if !options.has_extension(&extension) {
        return None;
    }
    let rule = options.get_extension(&extension).as_message()?.clone();
    let verb = ["get", "post", "patch"].into_iter().find(|verb| rule.has_field_by_name(verb))?;
    let mut path = text(&rule, verb)?;
    let mut taken = Vec::new();
    for field in method.input().fields() {
        let place = format!("{{{}}}", field.name());
        if path.contains(&place) {
            path = path.replace(&place, &format!("{{{}}}", field.json_name()));
            taken.push(field.name().to_owned());
        }
    }
    Some(Binding { verb, path, taken })
}

fn text(rule: &DynamicMessage, field: &str) -> Option<String> {
    if let Value::String(text) = rule.get_field_by_name(field)?.as_ref() { Some(text.clone()) } else { None }
}

/// Every public method of a service, with its path and verb.
///
/// # Errors
/// A read takes a message, for which a query has no form.
pub fn operations(
    comments: &Comments,
    schemas: &mut Schemas,
    service: &ServiceDescriptor,
) -> Result<Vec<(Binding, Node)>> {
    let mut found = Vec::new();
    for method in service.methods() {
        if let Some(binding) = binding(&method) {
            let node = operation(comments, schemas, &method, &binding)?;
            found.push((binding, node));
        }
    }
    Ok(found)
}

fn operation(comments: &Comments, schemas: &mut Schemas, method: &MethodDescriptor, binding: &Binding) -> Result<Node> {
    let service = method.parent_service();
    let operation = Node::map([("operationId", format!("{}_{}", service.name(), method.name()).into())])
        .with("tags", Node::list([service.full_name()]))
        .with("summary", method.name())
        .with("description", comments.of(&method.parent_file(), method.path()))
        .with("parameters", parameters(comments, schemas, method, binding)?);
    let answer = schemas.message(comments, &method.output());
    let operation = if binding.verb == "get" {
        operation
    } else {
        operation.with("requestBody", body(comments, schemas, method, binding))
    };
    let refused = Node::map([("$ref", "#/components/responses/Refused".into())]);
    let responses = Node::map([("200", success(comments, method, answer)), ("default", refused)]);
    Ok(operation.with("responses", responses).with("x-grpc", format!("{}/{}", service.full_name(), method.name())))
}

fn success(comments: &Comments, method: &MethodDescriptor, schema: Node) -> Node {
    let output = method.output();
    let text = comments.of(&output.parent_file(), output.path());
    if !method.is_server_streaming() {
        let content = Node::map([("application/json", Node::map([("schema", schema)]))]);
        return Node::map([("description", text.into()), ("content", content)]);
    }
    let text =
        format!("{text} A stream of server-sent events: `data: `, one JSON object of the type below, an empty line.");
    let events = Node::map([("type", "string".into())]).with("contentMediaType", "text/event-stream");
    let content = Node::map([("text/event-stream", Node::map([("schema", events), ("x-event-schema", schema)]))]);
    Node::map([("description", text.into()), ("content", content)])
}

fn body(comments: &Comments, schemas: &mut Schemas, method: &MethodDescriptor, binding: &Binding) -> Node {
    let without: Vec<_> = binding.taken.iter().map(String::as_str).collect();
    let schema = if without.is_empty() {
        schemas.message(comments, &method.input())
    } else {
        schemas.object(comments, &method.input(), &without)
    };
    let content = Node::map([("application/json", Node::map([("schema", schema)]))]);
    Node::map([("required", true.into()), ("content", content)])
}

fn parameters(
    comments: &Comments,
    schemas: &mut Schemas,
    method: &MethodDescriptor,
    binding: &Binding,
) -> Result<Vec<Node>> {
    let shared = |name: &str| Node::map([("$ref", format!("#/components/parameters/{name}").into())]);
    let service = method.parent_service();
    let mut found = Vec::new();
    if service.full_name() == BY_HEADER {
        found.push(shared("Service"));
    }
    if binding.verb != "get" && !service.name().ends_with("OperationsService") {
        found.push(shared("IdempotencyKey"));
    }
    for field in method.input().fields() {
        let in_path = binding.taken.iter().any(|name| name == field.name());
        if !in_path && binding.verb != "get" {
            continue;
        }
        if matches!(field.kind(), Kind::Message(_)) {
            return Err(Error::new(format!("{} takes a message: a query has no form for it", field.full_name())));
        }
        let place = if in_path { "path" } else { "query" };
        let required = in_path || schema::is_required(&field);
        let text = comments.of(&field.parent_file(), field.path());
        let bare = match schemas.field(comments, &field) {
            Node::Map(entries) => Node::Map(entries.into_iter().filter(|(key, _)| key != "description").collect()),
            other => other,
        };
        let parameter = Node::map([("name", field.json_name().into()), ("in", place.into())]).with("description", text);
        found.push(parameter.with("required", required).with("schema", bare));
    }
    Ok(found)
}
