//! The people's door: in Chromium with a virtual authenticator, and over bare HTTP, with a passkey in memory.

mod approvals;
mod bare;
mod enrolment;
mod forged;
mod github;
pub mod house;
mod logins;
pub mod person;
mod shadow;
pub mod stand_in;
mod visitor;
