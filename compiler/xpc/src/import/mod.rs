//! What drafts of connectors from texts of others have in common.
//!
//! Such a text decides neither what an action does nor what the text of the draft is: names are cleaned or quoted, and
//! descriptions are not copied.

pub mod document;
pub mod members;
pub mod names;
pub mod same;
pub mod schema;
pub mod text;
pub mod why;

use std::collections::BTreeMap;

use same::Parts;
use why::{Left, Why};

/// Most parameters of an action, and most fields of its result.
pub const MAX_PARAMS: usize = 200;

/// A draft.
pub struct Drafted {
    /// Its text.
    pub text: String,
    /// What actions are drafted from.
    pub of: &'static str,
    /// Actions in it.
    pub actions: usize,
    /// What is not drafted at all.
    pub left_out: Vec<String>,
    /// Parts of actions that are left out, by reason.
    pub parts: BTreeMap<Why, usize>,
    /// What a person is asked to confirm.
    pub to_confirm: Vec<String>,
}

/// Why there is no draft.
pub enum Failure {
    /// The text is not accepted.
    Rejected(String),
    /// The draft is not what was meant.
    Ours(&'static str),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Rejected(message)
    }
}

/// The text in its canonical form, once it was read as these actions of a connector of this name.
///
/// # Errors
/// If it is too long, which the cure helps against, or does not say what was meant.
pub fn finished(name: &str, actions: &[Parts], text: &str, cure: &str) -> Result<String, Failure> {
    if text.len() > xp_syntax::MAX_BYTES {
        let most = xp_syntax::MAX_BYTES >> 20;
        return Err(Failure::Rejected(format!(
            "has a draft of more than {most} MiB, which is more than a source may have; {cure}"
        )));
    }
    let text = xp_syntax::format(text).map_err(|_| Failure::Ours("the draft has a syntax error"))?;
    if text.len() > xp_syntax::MAX_BYTES || !same::is(name, actions, &text) {
        return Err(Failure::Ours("the draft does not say what was meant"));
    }
    Ok(text)
}

/// How often each reason is one.
pub fn parts<'a>(left_out: impl Iterator<Item = &'a Left>) -> BTreeMap<Why, usize> {
    let mut parts = BTreeMap::new();
    for left in left_out {
        *parts.entry(left.why).or_default() += 1;
    }
    parts
}
