//! Envoy: for each thing that it does one test that fails without it.

mod circuit;
mod grpc;
mod health;
mod headers;
mod jwt;
mod limits;
mod logs;
mod refusals;
mod retries;
mod routing;
mod timeouts;
mod transcoding;
