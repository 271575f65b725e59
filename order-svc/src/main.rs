//! The process of order-svc.

fn main() -> std::process::ExitCode {
    chassis::entry::<order_svc::Config, _, _>(order_svc::PROGRAM, order_svc::run)
}
