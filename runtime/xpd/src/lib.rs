//! A server: its configuration, what is put together out of it, and the check of an installation.

pub mod check;
pub mod config;
pub mod serve;
