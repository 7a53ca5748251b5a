//! The transition function, seen from outside.

mod closing;
mod fixture;
mod judging;
mod loops;
mod malformed;
mod tokens;
