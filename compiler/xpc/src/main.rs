//! The compiler: `xpc check | build | verify | fmt | graph | explain | deploy`.

fn main() {
    println!("xpc {} ({})", env!("CARGO_PKG_VERSION"), xpc_proof::version::solver_version());
}
