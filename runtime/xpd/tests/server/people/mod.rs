//! The people's door: in Chromium with a virtual authenticator, and over bare HTTP, with a passkey in memory.

mod approvals;
mod bare;
mod enrolment;
pub mod house;
pub mod person;
mod shadow;
