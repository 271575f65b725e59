//! The process of shop-svc.

fn main() -> std::process::ExitCode {
    chassis::entry::<shop_svc::Config, _, _>(shop_svc::PROGRAM, shop_svc::run)
}
