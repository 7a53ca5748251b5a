//! What each property means.
//!
//! A safety question is a monitor: a fold over the facts of a run with concrete arguments, one file each in `questions`. What
//! enforces, explores, replays and audits tells the same monitors what happened. Beside the monitor stands the builder of the
//! question's [`obligation`], which says the same over live maps, so that the two can be held against each other and a checker
//! can build the obligation again. A use counts from its claim until it is given back; nothing is broken by a use that is not
//! decided.

mod breach;
mod evidence;
mod expected;
mod fact;
pub mod influence;
mod looked;
pub mod obligation;
pub mod questions;
mod same;
mod sight;
mod uses;
mod validity;
mod watch;

pub use breach::{Breach, UseNo};
pub use evidence::{Evidence, evidence};
pub use expected::asked;
pub use fact::{End, Fact, GrantAt, Use};
pub use looked::Looked;
pub use sight::{Concrete, Relation, Results, Sight};
pub use uses::means;
pub use watch::{Standing, Watch, Watched, is_guardable, is_safety, looks_at, spoken_of};
