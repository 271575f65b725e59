//! The process of mypage-svc.

fn main() -> std::process::ExitCode {
    chassis::entry::<mypage_svc::Config, _, _>(mypage_svc::PROGRAM, mypage_svc::run)
}
