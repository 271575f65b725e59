//! Spans and how they hang together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;

/// A span as it was received.
#[derive(Clone, PartialEq, Eq)]
pub struct Told {
    pub service: String,
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty for none.
    pub parent: String,
    pub links: Vec<String>,
    pub attributes: BTreeMap<String, String>,
}

/// Some spans.
#[derive(Clone)]
pub struct Spans(pub Vec<Told>);

impl Told {
    pub fn new(resource: &[KeyValue], span: Span) -> Self {
        Self {
            service: texts(resource).remove("service.name").unwrap_or_default(),
            name: span.name,
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
            attributes: texts(&span.attributes),
        }
    }

    /// An attribute as text; empty where there is none.
    pub fn attribute(&self, key: &str) -> &str {
        self.attributes.get(key).map_or("", String::as_str)
    }
}

impl Spans {
    /// Those of the trace that published an event of an aggregate.
    ///
    /// # Errors
    /// It has not come yet.
    pub fn of(&self, event: &str, aggregate_id: &str) -> Result<Self, String> {
        let is = |span: &&Told| {
            span.name == format!("publish {event}") && span.attribute("tword.aggregate_id") == aggregate_id
        };
        let found = self.0.iter().find(is).ok_or_else(|| format!("nobody published {event} of {aggregate_id}"))?;
        Ok(Self(self.0.iter().filter(|span| span.trace == found.trace).cloned().collect()))
    }

    /// The trace's id.
    pub fn trace(&self) -> &str {
        &self.0[0].trace
    }

    /// The one span of a service and a name.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn one(&self, service: &str, name: &str) -> Result<&Told, String> {
        match self.all(service, name)[..] {
            [span] => Ok(span),
            ref spans => Err(format!("{} spans {name:?} of {service}: {self}", spans.len())),
        }
    }

    /// Every span of a service and a name.
    pub fn all(&self, service: &str, name: &str) -> Vec<&Told> {
        self.0.iter().filter(|span| span.service == service && span.name == name).collect()
    }

    /// Whether `above` is the parent of a span, or its parent's parent, and so on.
    pub fn is_above(&self, above: &Told, span: &Told) -> bool {
        let mut at = span;
        for _ in 0..self.0.len() {
            match self.0.iter().find(|span| span.id == at.parent) {
                Some(parent) if parent.id == above.id => return true,
                Some(parent) => at = parent,
                None => return false,
            }
        }
        false
    }

    /// Asserts that every span is known by one id and hangs on another one, but for one root.
    ///
    /// # Errors
    /// The parent of some has not come yet.
    pub fn whole(&self) -> Result<&Told, String> {
        let ids: BTreeSet<_> = self.0.iter().map(|span| &span.id).collect();
        let orphans: Vec<_> =
            self.0.iter().filter(|span| !span.parent.is_empty() && !ids.contains(&span.parent)).collect();
        if !orphans.is_empty() {
            return Err(format!("{orphans:?} in {self}"));
        }
        let roots: Vec<_> = self.0.iter().filter(|span| span.parent.is_empty()).collect();
        assert_eq!(ids.len(), self.0.len(), "two spans have one id: {self}");
        match roots[..] {
            [root] => Ok(root),
            _ => Err(format!("roots {roots:?} in {self}")),
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {:?} {} < {}", self.service, self.name, self.id, self.parent)
    }
}

impl fmt::Display for Spans {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|span| write!(formatter, "\n  {span:?}"))
    }
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: Option<&AnyValue>| match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(yes)) => yes.to_string(),
        _ => String::new(),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), text(attribute.value.as_ref()))).collect()
}

fn hex(id: &[u8]) -> String {
    id.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
