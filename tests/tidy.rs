//! The walls of the house, in a binary of their own: they ask cargo and git about the repository, as whoever owns it, while
//! the others run as an unprivileged user where root starts them (`tests/dev/as-user`).
#![cfg(test)]

#[path = "suite/tidy/mod.rs"]
mod tidy;
