//! Things: what actions change, read and make, and how two of them relate.
//!
//! A thing is a realm, the kinds that enclose it with their keys, its own kind and its own key. A [`Term`] stands for one
//! or several things by what is known of their keys; [`relate`] says how two terms relate, and why. Verifier, machine and
//! leases ask here and nowhere else; [`Thing`] is the concrete form that a running machine has.

mod audience;
mod concrete;
mod key;
mod kind;
mod relate;
mod template;
mod term;

pub use audience::{Audience, Readers, audience_within};
pub use concrete::{Canonical, Thing, ThingError};
pub use kind::{Immutable, KeyDecl, Kind, KindError, KindIx, Kinds};
pub use relate::{Assignment, Because, Chooser, Class, Meeting, Side, relate};
pub use term::{Key, Level, MintId, Piece, Symbol, SymbolId, Term};
