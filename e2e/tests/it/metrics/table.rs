//! The table of docs/metrics.md, and the text that Prometheus reads.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use xtask::mesh::Service;

/// A metric as one service serves it.
#[derive(Clone, Debug)]
pub struct Family {
    pub name: String,
    /// counter, gauge or histogram.
    pub kind: String,
    pub help: String,
    pub labels: BTreeSet<String>,
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Row {
    name: String,
    kind: String,
    unit: &'static str,
    labels: String,
    from: String,
    pub meaning: String,
}

impl Row {
    pub fn new(family: &Family, services: &[Service]) -> Self {
        let from = if services == Service::ALL {
            "every service".to_owned()
        } else {
            services.iter().map(|service| service.name()).collect::<Vec<_>>().join(", ")
        };
        let labels: Vec<_> = family.labels.iter().map(|label| format!("`{label}`")).collect();
        Self {
            name: family.name.clone(),
            kind: family.kind.clone(),
            unit: unit(&family.name),
            labels: if labels.is_empty() { "–".to_owned() } else { labels.join(", ") },
            from,
            meaning: family.help.clone(),
        }
    }
}

/// The unit, which the name ends with.
fn unit(name: &str) -> &'static str {
    match name.trim_end_matches("_total").rsplit('_').next() {
        Some("seconds") => "seconds",
        Some("bytes") => "bytes",
        _ => "–",
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, kind, unit, labels, from, meaning } = self;
        write!(formatter, "| `{name}` | {kind} | {unit} | {labels} | {from} | {meaning} |")
    }
}

/// docs/metrics.md.
pub fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    std::fs::read_to_string(path).expect("docs/metrics.md")
}

/// The rows of the services' metrics, in the order of the page. Those of Envoy have fewer columns.
pub fn documented() -> Vec<String> {
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.matches(" | ").count() == 5);
    rows.map(str::to_owned).collect()
}

/// The metrics in a text that Prometheus reads.
pub fn families(text: &str) -> Vec<Family> {
    let mut found: Vec<Family> = Vec::new();
    let mut help = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ').map(|(_, help)| help.to_owned()).unwrap_or_default();
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            let help = std::mem::take(&mut help);
            found.push(Family { name: name.to_owned(), kind: kind.to_owned(), help, labels: BTreeSet::new() });
        } else if let (Some(family), Some((_, labels))) = (found.last_mut(), line.split_once('{')) {
            let names = labels.split("=\"").filter_map(|part| part.rsplit([',', '"', '{']).next());
            let own = names.filter(|name| is_label(name) && *name != "le").map(str::to_owned);
            family.labels.extend(own);
        }
    }
    found
}

fn is_label(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// A sample's value, by its name and labels as they are served.
pub fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.trim().parse().ok())
}
