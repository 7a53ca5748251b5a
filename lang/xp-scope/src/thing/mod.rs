//! Things: what actions change, read and make, and how two of them relate.
//!
//! A thing is a realm, the kinds that enclose it with their keys, its own kind and its own key. A [`Term`] stands for one
//! or several things by what is known of their keys; [`relate`] says how two terms relate, and why. Verifier, machine and
//! leases ask here and nowhere else; [`Thing`] is the concrete form that a running machine has.

mod audience;
mod chooser;
mod concrete;
mod equation;
mod joint;
mod key;
mod kind;
mod language;
mod meeting;
mod readers;
mod relate;
mod term;

pub use audience::audience_within;
pub use chooser::{Chooser, Class};
pub use concrete::{Canonical, Thing, ThingError};
pub use key::{can_equal, canonical};
pub use kind::{Immutable, KeyDecl, Kind, KindError, KindIx, Kinds};
pub use meeting::{Assignment, Because, Meeting, Side};
pub use readers::{Audience, Readers};
pub use relate::{covers, is_several, relate};
pub use term::{Key, Level, MadeBy, MintId, Piece, Symbol, SymbolId, Term};
