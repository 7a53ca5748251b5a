//! Codes of what questions answer; each has a page in `lang/reference/errors`.

/// A step can never open.
pub const NEVER_OPENS: &str = "XP0601";
/// An outcome can never happen.
pub const NEVER_HAPPENS: &str = "XP0602";
/// A run can get stuck.
pub const STUCK: &str = "XP0603";
/// An open step can be left without a way to settle.
pub const STRANDED: &str = "XP0604";
/// Two automatic outcomes can be due at once.
pub const BOTH_DUE: &str = "XP0605";
/// Some evidence leads to no automatic outcome.
pub const NONE_DUE: &str = "XP0606";
/// A name may have no value when it is used.
pub const UNBOUND: &str = "XP0607";
/// A scope lets nothing through.
pub const EMPTY_SCOPE: &str = "XP0608";
/// A scope is wider than what it narrows.
pub const WIDER_SCOPE: &str = "XP0609";
/// Evidence or approval can be outdated by a write.
pub const STALE: &str = "XP0610";
/// An irreversible effect can be repeated by a loop.
pub const REPEATED: &str = "XP0611";
/// Content can be put to use before anybody judged it.
pub const UNREVIEWED: &str = "XP0612";
/// A use is possible without what the property requires.
pub const REQUIRES: &str = "XP0620";
/// One role can do both.
pub const NO_ROLE: &str = "XP0621";
/// One principal can do both.
pub const NO_PRINCIPAL: &str = "XP0622";
/// A use is possible that must never be.
pub const NEVER: &str = "XP0623";
/// A path can be outside.
pub const ONLY_WITHIN: &str = "XP0624";
/// More uses are possible than allowed.
pub const AT_MOST: &str = "XP0625";
/// The situation a property speaks of cannot occur.
pub const VACUOUS: &str = "XP0630";
/// A property holds only given something the workflow does not ensure.
pub const CONDITIONAL: &str = "XP0631";
/// No answer.
pub const UNKNOWN: &str = "XP0632";
