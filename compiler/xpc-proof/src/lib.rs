//! Questions that need a solver: encode, solve, decode, replay.
//!
//! What is proved is about the artifact's own workflow, the value that the machine runs. A state question is one query
//! over live maps (`encode`); a question about two moments of a run takes two maps and the loops between (`history`);
//! "refuted" always comes from a trace that the machine itself has accepted (`refute`). The meaning of every question is
//! written down at the top of its file in `questions`.

mod answer;
mod asked;
mod compared;
mod counts;
mod cover;
mod encode;
mod evidence;
mod example;
mod facts;
mod guarding;
mod history;
mod implied;
mod live;
mod map;
mod moments;
mod names;
mod naming;
mod need;
mod needed;
mod pins;
mod plain;
mod plan;
mod prover;
mod questions;
mod refused;
mod refute;
mod renaming;
mod replay;
mod rounds;
mod route;
mod scarce;
mod scopes;
mod search;
pub mod serve;
mod session;
mod showing;
mod steering;
mod support;
mod sure;
mod taken;
mod template;
mod told;
mod values;
pub mod version;
mod violation;
mod walk;
mod watching;
mod way;

pub use prover::Z3Prover;
pub use replay::{breaks, replay};
