//! The generated parser. Nothing outside this crate sees pest.

use crate::words::Piece;

#[derive(pest_derive::Parser)]
#[grammar = "xp.pest"]
pub(crate) struct Grammar;

/// The rule that reads a piece.
pub(crate) fn rule(piece: Piece) -> Option<Rule> {
    Some(match piece {
        Piece::File | Piece::Unknown => return None,
        Piece::Use => Rule::use_piece,
        Piece::Connector => Rule::connector_piece,
        Piece::Type => Rule::type_piece,
        Piece::Action => Rule::action_piece,
        Piece::Clause => Rule::clause_piece,
        Piece::Workflow => Rule::workflow_piece,
        Piece::Roles => Rule::roles_piece,
        Piece::Separate => Rule::separate_piece,
        Piece::Step => Rule::step_piece,
        Piece::Grant => Rule::grant_piece,
        Piece::Submit => Rule::submit_piece,
        Piece::Outcome => Rule::outcome_piece,
        Piece::Prove => Rule::prove_piece,
        Piece::Finish => Rule::finish_piece,
    })
}
