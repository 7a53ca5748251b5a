//! Uses of a run, and what would break a question.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::fact::Use;

/// Number of a use; numbers of uses that nothing speaks of any more are given again.
pub type UseNo = u32;

/// A question is broken if all of these uses happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Breach(pub BTreeSet<UseNo>);

impl Breach {
    pub(crate) fn of(uses: impl IntoIterator<Item = UseNo>) -> Self {
        Self(uses.into_iter().collect())
    }
}

/// Uses of a run that something speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Granted, not claimed.
    pub(crate) granted: BTreeMap<String, Use>,
    /// Claimed and not over.
    pub(crate) under_way: BTreeMap<String, (UseNo, Use)>,
}

impl Live {
    pub(crate) fn under_way(&self) -> impl Iterator<Item = (UseNo, &Use)> {
        self.under_way.values().map(|(number, used)| (*number, used))
    }
}
