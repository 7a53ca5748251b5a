//! How long questions about patterns take: `cargo run --release -p xp-scope --example patterns`.

#![allow(clippy::unwrap_used, reason = "the patterns are written here")]

use std::time::Instant;

use xp_scope::PatternSet;

fn main() {
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
