//! The service as a whole, on real databases.

mod access;
mod booking;
mod database;
mod events;
mod grpc;
mod plans;
mod race;
mod replicas;
mod samples;
mod schedules;
mod store;
mod taking_back;
mod void;
mod world;
