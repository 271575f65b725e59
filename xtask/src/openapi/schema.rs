//! Messages and enums as JSON schemas, as Envoy's transcoder reads and writes them.

use std::fmt::Write;

use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::comments::Comments;
use super::yaml::Node;

/// The value of `google.api.field_behavior` for a field that a request needs.
const REQUIRED: i32 = 2;

/// Schemas of everything that was referred to so far.
#[derive(Default)]
pub struct Schemas {
    found: Vec<(String, Node)>,
}

impl Schemas {
    /// A reference to a message's schema, or the schema of a well-known type.
    pub fn message(&mut self, comments: &Comments, message: &MessageDescriptor) -> Node {
        if let Some(known) = well_known(message.full_name()) {
            return known;
        }
        let name = message.full_name().to_owned();
        if self.begin(&name) {
            let schema = self.object(comments, message, &[]);
            self.end(&name, schema);
        }
        reference(&name)
    }

    /// A message's schema without some of its fields, by their proto names.
    pub fn object(&mut self, comments: &Comments, message: &MessageDescriptor, without: &[&str]) -> Node {
        let fields: Vec<_> = message.fields().filter(|field| !without.contains(&field.name())).collect();
        let properties = fields.iter().map(|field| {
            let schema = self.field(comments, field);
            (field.json_name().to_owned(), schema)
        });
        let properties = Node::Map(properties.collect());
        let required = fields.iter().filter(|field| is_required(field)).map(FieldDescriptor::json_name);
        Node::map([("type", "object".into())])
            .with("description", described(comments, message, without))
            .with("required", Node::list(required))
            .with("properties", properties)
    }

    /// The schema of a field's value with the field's own description.
    pub fn field(&mut self, comments: &Comments, field: &FieldDescriptor) -> Node {
        let text = comments.of(&field.parent_file(), field.path());
        if field.is_map() {
            let Kind::Message(entry) = field.kind() else { return Node::map([]) };
            let value = self.kind(comments, &entry.map_entry_value_field().kind());
            return Node::map([("type", "object".into()), ("additionalProperties", value)]).with("description", text);
        }
        let value = self.kind(comments, &field.kind());
        if field.cardinality() == Cardinality::Repeated {
            return Node::map([("type", "array".into()), ("items", value)]).with("description", text);
        }
        value.with("description", text)
    }

    /// The schemas, by name.
    pub fn into_node(mut self) -> Node {
        self.found.sort_by(|one, other| one.0.cmp(&other.0));
        Node::Map(self.found)
    }

    fn kind(&mut self, comments: &Comments, kind: &Kind) -> Node {
        let of = |name: &str| Node::map([("type", name.into())]);
        match kind {
            Kind::Message(message) => self.message(comments, message),
            Kind::Enum(found) => self.enumeration(comments, found),
            Kind::String => of("string"),
            Kind::Bool => of("boolean"),
            Kind::Bytes => of("string").with("contentEncoding", "base64"),
            Kind::Double | Kind::Float => of("number"),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => of("integer").with("format", "int32"),
            Kind::Uint32 | Kind::Fixed32 => of("integer").with("format", "uint32"),
            // JSON numbers do not hold 64 bits.
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => of("string").with("format", "int64"),
            Kind::Uint64 | Kind::Fixed64 => of("string").with("format", "uint64"),
        }
    }

    fn enumeration(&mut self, comments: &Comments, found: &EnumDescriptor) -> Node {
        let name = found.full_name().to_owned();
        if self.begin(&name) {
            let own = comments.of(&found.parent_file(), found.path());
            let values = found.values().map(|value| {
                let text = comments.of(&found.parent_file(), value.path()).replace('\n', " ");
                format!("- `{}`: {text}", value.name())
            });
            let text = format!("{own}\n\n{}", values.collect::<Vec<_>>().join("\n"));
            let names: Vec<_> = found.values().map(|value| Node::from(value.name())).collect();
            let schema = Node::map([("type", "string".into())]).with("description", text).with("enum", names);
            self.end(&name, schema);
        }
        reference(&name)
    }

    /// Whether a name is new; it is taken from then on, so that a message may hold itself.
    fn begin(&mut self, name: &str) -> bool {
        let new = !self.found.iter().any(|(known, _)| known == name);
        if new {
            self.found.push((name.to_owned(), Node::map([])));
        }
        new
    }

    fn end(&mut self, name: &str, schema: Node) {
        self.found.retain(|(known, _)| known != name);
        self.found.push((name.to_owned(), schema));
    }
}

/// Whether a request has to have the field.
pub fn is_required(field: &FieldDescriptor) -> bool {
    let extension = field.parent_pool().get_extension_by_name("google.api.field_behavior");
    let behaviour = extension.map(|extension| field.options().get_extension(&extension).into_owned());
    matches!(behaviour, Some(Value::List(values)) if values.contains(&Value::EnumNumber(REQUIRED)))
}

fn reference(name: &str) -> Node {
    Node::map([("$ref", format!("#/components/schemas/{name}").into())])
}

/// The message's comment, and which of its fields exclude each other.
fn described(comments: &Comments, message: &MessageDescriptor, without: &[&str]) -> String {
    let mut text = comments.of(&message.parent_file(), message.path());
    for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        let names = oneof.fields().filter(|field| !without.contains(&field.name()));
        let names: Vec<_> = names.map(|field| format!("`{}`", field.json_name())).collect();
        let _infallible = write!(text, "\n\nAt most one of {} is set.", names.join(", "));
    }
    text.trim().to_owned()
}

/// What protobuf's JSON mapping makes of its own types.
fn well_known(name: &str) -> Option<Node> {
    let of = |name: &str| Node::map([("type", name.into())]);
    Some(match name {
        "google.protobuf.Timestamp" => of("string").with("format", "date-time"),
        "google.protobuf.Duration" => of("string").with("pattern", r"^-?[0-9]+(\.[0-9]+)?s$"),
        "google.protobuf.Struct" => of("object").with("additionalProperties", true),
        "google.protobuf.Any" => of("object")
            .with("required", Node::list(["@type"]))
            .with("properties", Node::map([("@type", of("string"))]))
            .with("additionalProperties", true),
        "google.protobuf.FieldMask" => of("string"),
        "google.protobuf.Empty" => of("object"),
        _ => return None,
    })
}
