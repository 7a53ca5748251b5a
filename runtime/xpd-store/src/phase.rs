//! The phases of a grant and the transitions between them.

/// Phase of a grant. The grant's row is the only record of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The token was issued and has not been used.
    Issued,
    /// The grant was claimed; the claimant performs the action.
    Claimed,
    /// It is unknown whether the action was performed.
    InDoubt,
    /// The action was performed.
    Done,
    /// The action was not performed.
    Failed,
    /// The token expired unused.
    Expired,
    /// The token was revoked unused.
    Revoked,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 7] =
        [Self::Issued, Self::Claimed, Self::InDoubt, Self::Done, Self::Failed, Self::Expired, Self::Revoked];

    /// Text form in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Claimed => "claimed",
            Self::InDoubt => "in_doubt",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// Parses the text form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }

    /// Whether a grant may pass from this phase to `to`: `issued → claimed | expired | revoked`, `claimed →
    /// done | failed | in_doubt`, `in_doubt → done | failed`.
    #[must_use]
    pub const fn may_become(self, to: Self) -> bool {
        matches!(
            (self, to),
            (Self::Issued, Self::Claimed | Self::Expired | Self::Revoked)
                | (Self::Claimed, Self::Done | Self::Failed | Self::InDoubt)
                | (Self::InDoubt, Self::Done | Self::Failed)
        )
    }
}
