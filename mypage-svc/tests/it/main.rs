//! The integration tests of mypage-svc, on real SQLite.

mod access;
mod as_of;
mod crowd;
mod logbook;
mod migration;
mod pages;
mod rebuild;
mod schedules;
mod served;
mod store;
mod support;
mod visibility;
mod watch;
mod watching;
