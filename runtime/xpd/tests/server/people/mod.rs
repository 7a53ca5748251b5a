//! The people's door: in Chromium with a virtual authenticator, and over bare HTTP.

mod approvals;
mod bare;
mod browser;
mod enrolment;
mod house;
