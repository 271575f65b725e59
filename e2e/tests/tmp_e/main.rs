//! Temporary.
#[path = "../it/accept.rs"]
mod accept;
#[path = "../it/stuck.rs"]
mod stuck;
