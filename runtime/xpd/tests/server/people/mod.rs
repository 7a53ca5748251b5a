//! The people's door: in Chromium with a virtual authenticator, and over bare HTTP, with a passkey in memory.

mod approvals;
mod bare;
mod bounds;
mod chat;
mod enrolment;
mod floods;
mod forged;
mod github;
pub mod house;
mod logins;
pub mod person;
mod shadow;
pub mod stand_in;
mod visitor;
