//! The tidy tests, in a binary of their own: they run cargo and git on the repository as its owner, while
//! other tests run as an unprivileged user if started by root (`tests/dev/as-user`).
#![cfg(test)]

#[path = "suite/tidy/mod.rs"]
mod tidy;
