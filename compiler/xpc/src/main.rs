//! The compiler: `xpc check | build | verify | fmt | graph | explain | deploy`.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Err(problem) = xpc_proof::version::check_solver() {
        eprintln!("xpc: {problem}");
        return ExitCode::from(1);
    }
    println!("xpc {} (Z3 {})", env!("CARGO_PKG_VERSION"), xpc_proof::version::solver_version());
    ExitCode::SUCCESS
}
