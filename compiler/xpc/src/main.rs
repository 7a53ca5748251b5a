//! The compiler: `xpc check | build | verify | fmt | graph | explain | deploy`.

fn main() {}
