//! What the walk looks at beyond the eight requirements, the same for both ways there.

use futures::stream::BoxStream;
use serde::{Deserialize, Deserializer};

use crate::demo::api::Answer;
use crate::demo::things::{MyOrder, bare, number, status};

/// A watch under way.
pub type Updates = BoxStream<'static, Answer<Update>>;

#[derive(Deserialize)]
pub struct Contact {
    pub language: String,
}

/// One update of a watch.
#[derive(Deserialize)]
pub struct Update {
    /// `ORDER`, `CURRENT`, `HEARTBEAT` or `RESTART`.
    #[serde(deserialize_with = "kind")]
    pub kind: String,
    pub order: Option<MyOrder>,
}

#[derive(Deserialize)]
pub struct Unit {
    pub serial: String,
}

/// An entry of a unit's history.
#[derive(Deserialize)]
pub struct UnitEvent {
    #[serde(deserialize_with = "kind")]
    pub kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stuck {
    pub waits_for: String,
}

/// How far one service is behind one of its producers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consumer {
    pub producer: String,
    #[serde(deserialize_with = "number")]
    pub missing: i64,
    pub producer_answers: bool,
}

/// What a person changed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub actor_role: String,
    pub action: String,
}

#[derive(Deserialize)]
pub struct Rebuild {
    #[serde(deserialize_with = "status")]
    pub status: String,
    pub progress: Vec<Progress>,
}

/// How far a rebuild has come with one producer.
#[derive(Deserialize)]
pub struct Progress {
    pub producer: String,
    #[serde(deserialize_with = "number")]
    pub handled: i64,
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|name| bare(&name, "KIND_"))
}
