//! Which words mean what, where: what starts a member of which block, and what can carry a member over a line break.

/// What a stretch of tokens is, judged by its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    File,
    Use,
    Connector,
    Type,
    Action,
    Clause,
    Workflow,
    Roles,
    Separate,
    Step,
    Grant,
    Submit,
    Outcome,
    Prove,
    Finish,
    /// Starts with nothing that could start anything.
    Unknown,
}

impl Piece {
    /// It has a block of members after its head.
    pub(crate) fn has_block(self) -> bool {
        !self.starters().is_empty()
    }

    /// Words that start a member of its block.
    pub(crate) fn starters(self) -> &'static [&'static str] {
        match self {
            Self::File => &["use", "connector", "workflow"],
            Self::Connector => &["type", "action"],
            Self::Action => &[
                "effect",
                "irreversible",
                "reveals",
                "publishes",
                "attests",
                "touches",
                "about",
                "shows",
                "repeat",
            ],
            Self::Workflow => &["agent", "separate", "step", "prove", "finish"],
            Self::Step => &["may", "submit", "outcome"],
            _ => &[],
        }
    }

    /// The block it stands in.
    pub(crate) fn parent(self) -> Option<Self> {
        Some(match self {
            Self::File | Self::Unknown => return None,
            Self::Use | Self::Connector | Self::Workflow => Self::File,
            Self::Type | Self::Action => Self::Connector,
            Self::Clause => Self::Action,
            Self::Roles | Self::Separate | Self::Step | Self::Prove | Self::Finish => Self::Workflow,
            Self::Grant | Self::Submit | Self::Outcome => Self::Step,
        })
    }

    /// What a member of this block is that starts with the word.
    pub(crate) fn member(self, word: &str) -> Option<Self> {
        if !self.starters().contains(&word) {
            return None;
        }
        Some(match word {
            "use" => Self::Use,
            "connector" => Self::Connector,
            "workflow" => Self::Workflow,
            "type" => Self::Type,
            "action" => Self::Action,
            "agent" => Self::Roles,
            "separate" => Self::Separate,
            "step" => Self::Step,
            "prove" => Self::Prove,
            "finish" => Self::Finish,
            "may" => Self::Grant,
            "submit" => Self::Submit,
            "outcome" => Self::Outcome,
            _ => Self::Clause,
        })
    }

    /// How to speak of it.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Use => "`use`",
            Self::Connector => "connector",
            Self::Type => "type",
            Self::Action => "action",
            Self::Clause => "clause",
            Self::Workflow => "workflow",
            Self::Roles => "list of roles",
            Self::Separate => "`separate roles`",
            Self::Step => "step",
            Self::Grant => "grant",
            Self::Submit => "submission",
            Self::Outcome => "outcome",
            Self::Prove => "`prove`",
            Self::Finish => "`finish when`",
            Self::Unknown => "declaration",
        }
    }
}

/// Every word that cannot be a name. Held equal to `reserved` in the grammar by a test.
pub const RESERVED: &[&str] = &[
    "after",
    "agent",
    "and",
    "any",
    "as",
    "auto",
    "by",
    "connector",
    "content",
    "end",
    "false",
    "finish",
    "if",
    "may",
    "max",
    "not",
    "of",
    "once",
    "one",
    "only",
    "or",
    "outcome",
    "prove",
    "reopen",
    "separate",
    "step",
    "submit",
    "then",
    "true",
    "use",
    "vacuous",
    "when",
    "within",
    "with",
    "workflow",
];

/// After this, a member goes on: it cannot end here.
pub(crate) fn wants_more(last: &str) -> bool {
    matches!(
        last,
        "," | ":"
            | "."
            | "="
            | "|"
            | "("
            | "["
            | "->"
            | "and"
            | "or"
            | "not"
            | "after"
            | "agent"
            | "as"
            | "auto"
            | "by"
            | "connector"
            | "finish"
            | "if"
            | "may"
            | "max"
            | "of"
            | "once"
            | "one"
            | "only"
            | "outcome"
            | "prove"
            | "reopen"
            | "separate"
            | "step"
            | "submit"
            | "then"
            | "use"
            | "when"
            | "within"
            | "with"
            | "workflow"
            | "type"
            | "action"
            | "effect"
            | "reveals"
            | "touches"
            | "about"
            | "shows"
            | "repeat"
            | "fresh"
            | "roles"
            | "per"
            | "can"
            | "requires"
            | "never"
            | "most"
            | "reaches"
            | "through"
    )
}

/// A line that starts with this goes on with the member before it.
pub(crate) fn goes_on(first: &str) -> bool {
    matches!(
        first,
        "," | ":"
            | "."
            | "="
            | "|"
            | "("
            | ")"
            | "["
            | "]"
            | "{"
            | "->"
            | "and"
            | "or"
            | "after"
            | "as"
            | "auto"
            | "by"
            | "if"
            | "max"
            | "of"
            | "once"
            | "only"
            | "when"
            | "with"
            | "within"
            | "per"
            | "requires"
            | "at"
            | "most"
            | "through"
            | "reaches"
            | "text"
            | "can"
            | "role"
            | "principal"
            | "roles"
            | "fresh"
    )
}
