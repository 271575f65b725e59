//! A real server on loopback ports: health, limits, panics, admin HTTP, and how it starts and stops.

mod admin;
mod calls;
mod keys;
mod stopping;
mod trial;
mod world;
