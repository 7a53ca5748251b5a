//! The tests that need two rooms, in one binary; one folder or file per subject.
#![cfg(test)]

mod cli;
mod crash;
mod differential;
mod leases;
mod natural;
mod oversight;
mod sources;
mod verdicts;
