//! Tests that span several crates, in one binary; one module per subject.
#![cfg(test)]

mod chats;
mod cli;
mod crash;
mod declared;
mod differential;
mod leases;
mod natural;
mod oversight;
mod sources;
mod verdicts;
