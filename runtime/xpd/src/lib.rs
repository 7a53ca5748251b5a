//! A server: its configuration, what is put together out of it, and the check of an installation.

mod admin;
pub mod check;
pub mod config;
pub mod reload;
pub mod serve;
mod settled;
