//! How long a question takes. Run by hand: `cargo test --release -p xp-scope --test speed -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Instant;

use xp_scope::PatternSet;

#[test]
#[ignore = "measures, asserts nothing"]
fn figures() {
    let set = |patterns: &[&str]| PatternSet::parse(patterns).unwrap();
    let pairs = [
        (set(&["src/**/*.rs"]), set(&["src/**"])),
        (set(&["lib/**", "tests/**"]), set(&["docs/**", "*.md"])),
        (set(&["Makefil?"]), set(&["?akefile"])),
        (set(&["*.mk/*"]), set(&["*é*", "**/*a*b*c*"])),
        (set(&["**/*a*b*c*"]), set(&["**/*c*b*a*", "**/*.rs"])),
    ];
    for (a, b) in pairs {
        let time = |question: &dyn Fn()| {
            let start = Instant::now();
            for _ in 0..100 {
                question();
            }
            start.elapsed() / 100
        };
        let within = time(&|| drop(a.within(&b)));
        let disjoint = time(&|| drop(a.disjoint(&b)));
        let matching = time(&|| assert!(!a.matches("src/a/b/c/main.py")));
        println!("{a} {b}: within {within:?}, disjoint {disjoint:?}, one match {matching:?}");
    }
}
