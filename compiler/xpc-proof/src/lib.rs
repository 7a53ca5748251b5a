//! Questions that need a solver: encode, solve, decode, replay.
//!
//! What is proved is about the artifact's own workflow, the value that the machine runs. A state question is one query
//! over live maps (`encode`); a question about two moments of a run takes two maps and the loops between (`history`);
//! "refuted" always comes from a trace that the machine itself has accepted (`refute`). The meaning of every question is
//! written down at the top of its file in `questions`.

mod answer;
pub mod codes;
mod counts;
mod cover;
mod encode;
mod evidence;
mod facts;
mod history;
mod map;
mod names;
mod need;
mod pins;
mod plan;
mod prover;
mod questions;
mod refute;
mod replay;
mod scopes;
mod search;
mod session;
mod support;
mod values;
pub mod version;
mod violation;

pub use prover::Z3Prover;
pub use replay::replay;
