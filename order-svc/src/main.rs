//! The process of order-svc.

use std::process::ExitCode;

use chassis::{Program, entry};

fn main() -> ExitCode {
    entry(Program::new("order-svc", "127.0.0.1:8082", "127.0.0.1:9082"), order_svc::run)
}
