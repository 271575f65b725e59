//! The document as one HTML page.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::yaml::Node;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem 1.5rem 4rem}\
code,h3{font-family:ui-monospace,monospace}\
h1{margin-bottom:.2rem}h2{margin-top:3rem;border-bottom:1px solid #8888}h3{margin-top:2rem;font-size:1rem}\
h3 b{display:inline-block;min-width:4rem}\
table{border-collapse:collapse;width:100%;font-size:.9rem}\
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884}\
td p{margin:0}ul{padding-left:1.2rem}";

/// The page. Its own policy allows its own style and nothing else.
pub fn html(document: &Node) -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Tword API</title>\n<style>{STYLE}</style>\n\
         <h1>Tword API</h1>\n"
    );
    let about = document.get("info").map(|info| prose(info.text("description"))).unwrap_or_default();
    let _infallible = writeln!(
        page,
        "{about}\n<p>The same for programs: <a href=\"/openapi.yaml\">openapi.yaml</a>, the contracts as \
         <a href=\"/protos.zip\">proto files</a> and as a <a href=\"/descriptors.binpb\">descriptor set</a>.</p>"
    );
    let tags = document.get("tags").map(Node::items).unwrap_or_default();
    page.push_str("<ul>\n");
    for tag in tags {
        let name = escape(tag.text("name"));
        let _infallible = writeln!(page, "<li><a href=\"#{name}\">{name}</a>");
    }
    page.push_str("<li><a href=\"#types\">Types</a>\n</ul>\n");
    for tag in tags {
        service(&mut page, document, tag);
    }
    types(&mut page, document);
    page
}

fn service(page: &mut String, document: &Node, tag: &Node) {
    let name = tag.text("name");
    let _infallible = writeln!(page, "<h2 id=\"{0}\">{0}</h2>\n{1}", escape(name), prose(tag.text("description")));
    for (path, verbs) in document.get("paths").map(Node::entries).unwrap_or_default() {
        for (verb, operation) in verbs.entries() {
            if operation.get("tags").is_some_and(|tags| tags.items().contains(&Node::from(name))) {
                method(page, document, &format!("<b>{}</b> {}", verb.to_uppercase(), escape(path)), operation);
            }
        }
    }
}

fn method(page: &mut String, document: &Node, title: &str, operation: &Node) {
    let _infallible = writeln!(
        page,
        "<h3 id=\"{}\">{title}</h3>\n{}\n<p>gRPC: <code>{}</code></p>",
        escape(operation.text("operationId")),
        prose(operation.text("description")),
        escape(operation.text("x-grpc"))
    );
    let mut rows = Vec::new();
    for parameter in operation.get("parameters").map(Node::items).unwrap_or_default() {
        let parameter = resolve(document, parameter).unwrap_or(parameter);
        let kind = parameter.get("schema").map(kind).unwrap_or_default();
        let name = format!("<code>{}</code> ({})", escape(parameter.text("name")), parameter.text("in"));
        rows.push((name, kind, parameter.get("required") == Some(&Node::Flag(true)), parameter.text("description")));
    }
    let body = operation.get("requestBody").and_then(|body| media(body, "application/json"));
    if let Some(body) = body {
        let held = resolve(document, body).unwrap_or(body);
        rows.extend(properties(held));
    }
    table(page, rows);
    let answer = operation.get("responses").and_then(|responses| responses.get("200"));
    let answered = answer.and_then(|answer| media(answer, "application/json")).map(kind);
    let streamed = answer.and_then(|answer| answer.get("content")?.get("text/event-stream")?.get("x-event-schema"));
    let told = answered.unwrap_or_else(|| format!("events of {}", streamed.map(kind).unwrap_or_default()));
    let _infallible = writeln!(page, "<p>Answers {told}.</p>");
}

fn types(page: &mut String, document: &Node) {
    page.push_str("<h2 id=\"types\">Types</h2>\n");
    let schemas = document.get("components").and_then(|components| components.get("schemas"));
    for (name, schema) in schemas.map(Node::entries).unwrap_or_default() {
        let _infallible =
            writeln!(page, "<h3 id=\"{0}\">{0}</h3>\n{1}", escape(name), prose(schema.text("description")));
        table(page, properties(schema));
    }
}

/// Name, type, whether it is required, and description.
type Row<'a> = (String, String, bool, &'a str);

fn properties(schema: &Node) -> Vec<Row<'_>> {
    let required = schema.get("required").map(Node::items).unwrap_or_default();
    let entries = schema.get("properties").map(Node::entries).unwrap_or_default();
    let rows = entries.iter().map(|(name, property)| {
        let is_required = required.contains(&Node::from(name.as_str()));
        (format!("<code>{}</code>", escape(name)), kind(property), is_required, property.text("description"))
    });
    rows.collect()
}

fn table(page: &mut String, rows: Vec<Row<'_>>) {
    if rows.is_empty() {
        return;
    }
    page.push_str("<table>\n");
    for (name, kind, required, text) in rows {
        let required = if required { "<br>required" } else { "" };
        let _infallible = writeln!(page, "<tr><td>{name}<td>{kind}{required}<td>{}", prose(text));
    }
    page.push_str("</table>\n");
}

fn media<'a>(holder: &'a Node, media_type: &str) -> Option<&'a Node> {
    holder.get("content")?.get(media_type)?.get("schema")
}

/// What a local reference refers to.
fn resolve<'a>(document: &'a Node, node: &Node) -> Option<&'a Node> {
    let path = node.text("$ref").strip_prefix("#/")?;
    path.split('/').try_fold(document, |node, step| node.get(step))
}

/// A schema's type in a word, with a link where it has a name.
fn kind(schema: &Node) -> String {
    if let Some(name) = schema.text("$ref").strip_prefix("#/components/schemas/") {
        return format!("<a href=\"#{0}\">{0}</a>", escape(name));
    }
    match (schema.text("type"), schema.get("items")) {
        ("array", Some(items)) => format!("list of {}", kind(items)),
        (name, _) if schema.text("format").is_empty() => escape(name),
        (name, _) => format!("{} ({})", escape(name), escape(schema.text("format"))),
    }
}

/// Paragraphs, lists and `code` of a comment.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for block in text.split("\n\n").filter(|block| !block.is_empty()) {
        if block.starts_with("- ") {
            let items = block.lines().map(|line| format!("<li>{}", inline(line.trim_start_matches("- "))));
            let _infallible = write!(html, "<ul>{}</ul>", items.collect::<String>());
        } else {
            let _infallible = write!(html, "<p>{}</p>", inline(block));
        }
    }
    html
}

fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts =
        parts.map(|(index, part)| if index % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) });
    parts.collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
