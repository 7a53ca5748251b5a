//! Compiles the generated parser.

fn main() {
    let source = "../tree-sitter-xp/src";
    println!("cargo:rerun-if-changed={source}");
    cc::Build::new()
        .include(source)
        .file(format!("{source}/parser.c"))
        .warnings(false)
        .compile("tree_sitter_xp");
}
