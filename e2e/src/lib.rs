//! What the end-to-end tests share: a mesh of real processes, clients of it, and an independent checker.
//!
//! Everything here panics where a test could not go on, and says what it saw.

pub mod chaos;
pub mod checker;
pub mod db;
pub mod envoy;
pub mod faults;
pub mod flow;
pub mod grpc;
pub mod mail;
pub mod receiver;
pub mod rest;
pub mod sse;
pub mod tls;
pub mod twordctl;
pub mod wait;
pub mod world;
