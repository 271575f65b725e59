//! The delivery service's process.

use std::process::ExitCode;

use chassis::{Program, entry};

const PROGRAM: Program = Program::new(delivery_svc::NAME, "127.0.0.1:8083", "127.0.0.1:9083");

fn main() -> ExitCode {
    entry::<delivery_svc::Config, _, _>(PROGRAM, delivery_svc::run)
}
