//! Influence: where content and knowledge can travel in a run.
//!
//! [`Graph`] has the edges of a workflow, followed backwards from uses; [`Taint`] carries the same along a concrete run. Content
//! passes from arguments, handed in text and things into results and things, as declarations say. Knowledge passes from what a
//! controller was shown (results, offers, views, notes) to what it then chooses. Roles that are not declared separate may be of
//! one controller and know one thing. That and when something was decided is not counted.

mod altering;
mod copied;
mod edge;
mod edges;
mod graph;
mod judged;
mod leaving;
mod listed;
mod mere;
mod named;
mod shown;
mod stranger;
mod taint;

pub use edge::{Edge, Node};
pub use graph::{Graph, Origin};
pub use judged::judging;
pub use stranger::is_strangers;
pub(crate) use taint::{Claimed, Setting, Taint};
