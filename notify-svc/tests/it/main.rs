//! The integration tests of notify-svc, on real SQLite.

mod access;
mod pages;
mod schedules;
mod sending;
mod store;
mod support;
mod unrecorded;
mod visibility;
