//! The phases of a grant, and which may follow which.

/// Where a grant stands. Its row is the only place that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// A token was cut and not used.
    Issued,
    /// Its use was won; whoever won it acts.
    Claimed,
    /// Whether the action happened is not known.
    InDoubt,
    /// The action was carried out.
    Done,
    /// The action was not carried out.
    Failed,
    /// The token ran out unused.
    Expired,
    /// The token was withdrawn unused.
    Revoked,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 7] =
        [Self::Issued, Self::Claimed, Self::InDoubt, Self::Done, Self::Failed, Self::Expired, Self::Revoked];

    /// As it is stored.
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

    /// From how it is stored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text)
    }

    /// Whether a grant may go from this phase to another: `issued → claimed → done | failed | in_doubt`, a doubt ends as
    /// done or failed, an unused token expires or is revoked.
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
