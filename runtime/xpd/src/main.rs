//! The runtime: `xpd serve | audit verify | evidence | kill | doctor`.

fn main() {}
