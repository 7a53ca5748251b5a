//! Pairs of the generated parser to nodes of the tree. A builder answers `None` only where grammar and builder disagree, which the
//! tests rule out; the piece is then left out like one that was not understood.

mod claims;
mod connectors;
mod cx;
mod logic;
mod members;
mod strings;
mod things;
mod transport;
mod values;

pub(crate) use claims::prove;
pub(crate) use connectors::{action, clause, connector, type_decl};
pub(crate) use cx::Cx;
pub(crate) use members::{
    allowance, assumption, finish, grant, lease, outcome, roles, secret, separation, step, submission,
    use_line, within, workflow,
};
pub(crate) use things::resource;
