//! The service as a whole, on real databases.

mod access;
mod booking;
mod events;
mod grpc;
mod race;
mod samples;
mod store;
mod void;
mod world;
