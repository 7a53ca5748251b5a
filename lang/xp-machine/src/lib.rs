//! What an artifact means: `(machine, state, input) -> decision`, pure.
//!
//! No I/O, no clock (time is in the input), no randomness, no solver, no parser. A refusal is a value and leaves the state
//! untouched. The semantics is that of `lang/decisions/0001-semantics.md`; the same crate serves the verifier's replay, the
//! differential tests and the server. Cost per event depends on the steps it touches, not on the size of the workflow: a
//! reopening costs what lies downstream of its target, a settling what directly waits for it.

mod check;
mod data;
pub mod event;
mod facts;
mod guard;
mod index;
mod machine;
mod offer;
mod pin;
mod refusal;
mod run;
pub mod state;
mod things;
mod transition;

pub use check::Malformed;
pub use event::{Accepted, Actor, Change, Event, Input, Start};
pub use facts::Seen;
pub use machine::Machine;
pub use offer::{Offer, OfferedGrant, OfferedOutcome};
pub use refusal::{Clause, Refusal};
pub use state::{Hold, Phase, State, Status};
pub use things::{Concern, What};
pub use xp_wire::RefusalCode;
