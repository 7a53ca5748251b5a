//! A stand-in for GitHub's REST API over a real bare git repository, for tests and the demo.
//!
//! Commits, trees, blobs, branches and merges are made by git; issues, comments, labels, reviews and pull
//! requests are kept in memory. Requests and answers can be validated against GitHub's own OpenAPI
//! description. Branch protection (pull requests, approvals, their dismissal, status checks, up-to-date
//! branches, administrators) is enforced as GitHub documents it; a rule that is not implemented is refused.
//!
//! ```no_run
//! # fn main() -> Result<(), xp_forge::ForgeError> {
//! let forge = xp_forge::Forge::start(xp_forge::Options::default())?;
//! forge.seed_repo("acme", "shop", "main", &[("src/lib.rs", "pub fn one() -> u8 { 1 }\n".into())])?;
//! println!("{}/repos/acme/shop", forge.url);
//! # Ok(())
//! # }
//! ```
#![recursion_limit = "256"]

mod call;
mod clock;
mod dump;
mod forge;
mod git;
mod hooks;
mod openapi;
mod ops;
mod protection;
mod reply;
mod route;
mod rules;
mod server;
mod shape;
mod world;

pub use forge::{Forge, ForgeError, Options, Validation};
pub use git::{Entry, GitError};
pub use hooks::{Fault, Rule, When};
pub use openapi::SpecError;
pub use server::Logged;
pub use world::Effect;
