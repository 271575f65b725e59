//! The integration tests of notify-svc, on real databases.

mod access;
mod cancelling;
mod contacts;
mod databases;
mod erasing;
mod moving;
mod pages;
mod redriving;
mod replicas;
mod schedules;
mod sending;
mod store;
mod support;
mod taking;
mod taking_back;
mod unrecorded;
mod visibility;
mod waking;
mod webhooks;
