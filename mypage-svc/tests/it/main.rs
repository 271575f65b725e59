//! The integration tests of mypage-svc, on real databases.

mod access;
mod as_of;
mod crowd;
mod databases;
mod logbook;
mod migration;
mod pages;
mod rebuild;
mod replicas;
mod schedules;
mod served;
mod store;
mod support;
mod taking_back;
mod visibility;
mod watch;
mod watching;
