//! The integration tests of mypage-svc, on real SQLite.

mod access;
mod pages;
mod schedules;
mod store;
mod support;
mod visibility;
