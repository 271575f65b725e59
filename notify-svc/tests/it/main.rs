//! The integration tests of notify-svc, on real SQLite.

mod access;
mod cancelling;
mod contacts;
mod erasing;
mod moving;
mod pages;
mod redriving;
mod schedules;
mod sending;
mod store;
mod support;
mod unrecorded;
mod visibility;
mod waking;
mod webhooks;
