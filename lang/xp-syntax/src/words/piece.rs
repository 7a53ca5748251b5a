//! The parts that a file is cut into.

use crate::grammar::Rule;

/// What a stretch of tokens is, judged by its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    File,
    Use,
    Connector,
    Resource,
    Type,
    Action,
    Clause,
    Workflow,
    Roles,
    Separate,
    Assume,
    Lease,
    Secret,
    Allow,
    Step,
    Grant,
    Submit,
    Within,
    Outcome,
    Prove,
    Guard,
    Finish,
    /// Starts with nothing that could start anything.
    Unknown,
}

impl Piece {
    /// Those that have a block of members after their head, outermost first.
    pub(crate) const BLOCKS: [Self; 5] =
        [Self::File, Self::Connector, Self::Action, Self::Workflow, Self::Step];

    pub(crate) fn has_block(self) -> bool {
        Self::BLOCKS.contains(&self)
    }

    /// Its braces hold fields, not members.
    pub(crate) fn is_record(self) -> bool {
        matches!(self, Self::Type | Self::Resource)
    }

    /// A member tells by its first word that it belongs in such a block, wherever it is met. The words of an action's
    /// clauses are too common as names for that.
    pub(crate) fn is_told_by_members(self) -> bool {
        matches!(self, Self::Connector | Self::Workflow | Self::Step)
    }

    /// How to speak of it.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Use => "`use`",
            Self::Connector => "connector",
            Self::Resource => "resource",
            Self::Type => "type",
            Self::Action => "action",
            Self::Clause => "clause",
            Self::Workflow => "workflow",
            Self::Roles => "list of roles",
            Self::Separate => "`separate roles`",
            Self::Assume => "`assume`",
            Self::Lease => "`lease`",
            Self::Secret => "`secret`",
            Self::Allow => "`allow`",
            Self::Step => "step",
            Self::Grant => "grant",
            Self::Submit => "submission",
            Self::Within => "time limit",
            Self::Outcome => "outcome",
            Self::Prove => "`prove`",
            Self::Guard => "`guard`",
            Self::Finish => "`finish when`",
            Self::Unknown => "declaration",
        }
    }

    /// The rule of the grammar that reads it, or its head when it has a block.
    pub(crate) fn rule(self) -> Option<Rule> {
        Some(match self {
            Self::File | Self::Unknown => return None,
            Self::Use => Rule::use_piece,
            Self::Connector => Rule::connector_piece,
            Self::Resource => Rule::resource_piece,
            Self::Type => Rule::type_piece,
            Self::Action => Rule::action_piece,
            Self::Clause => Rule::clause_piece,
            Self::Workflow => Rule::workflow_piece,
            Self::Roles => Rule::roles_piece,
            Self::Separate => Rule::separate_piece,
            Self::Assume => Rule::assume_piece,
            Self::Lease => Rule::lease_piece,
            Self::Secret => Rule::secret_piece,
            Self::Allow => Rule::allow_piece,
            Self::Step => Rule::step_piece,
            Self::Grant => Rule::grant_piece,
            Self::Submit => Rule::submit_piece,
            Self::Within => Rule::within_piece,
            Self::Outcome => Rule::outcome_piece,
            Self::Prove => Rule::prove_piece,
            Self::Guard => Rule::guard_piece,
            Self::Finish => Rule::finish_piece,
        })
    }
}
