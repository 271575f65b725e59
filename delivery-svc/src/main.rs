//! The process of delivery-svc.

fn main() -> std::process::ExitCode {
    chassis::entry::<delivery_svc::Config, _, _>(delivery_svc::PROGRAM, delivery_svc::run)
}
