//! The process of notify-svc.

fn main() -> std::process::ExitCode {
    chassis::entry::<notify_svc::Config, _, _>(notify_svc::PROGRAM, notify_svc::run)
}
