//! The process of twordctl.

fn main() -> std::process::ExitCode {
    twordctl::main()
}
