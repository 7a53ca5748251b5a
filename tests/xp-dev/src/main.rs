//! `cargo dev setup | test | demo | bench | bless | mutate`.

fn main() {}
