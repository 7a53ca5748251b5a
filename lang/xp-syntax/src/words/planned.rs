//! Words of constructs that the language is going to have: met where they would stand, they are named as such.
//! The page of XP0113 lists the constructs with what to write today; a test holds the two together.

use xp_diagnostics::{Diagnostic, Span, codes};

use super::Piece;
use crate::number;

/// A construct that is planned.
#[derive(Debug)]
pub(crate) struct Planned {
    word: &'static str,
    place: Place,
    /// What is not supported, for the message.
    what: &'static str,
    /// What to write today; empty when there is nothing.
    instead: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// It would start a member.
    Start,
    /// It would stand inside such a piece, right after the word; after anything when that is empty.
    Inside(Piece, &'static str),
}

const fn planned(word: &'static str, place: Place, what: &'static str, instead: &'static str) -> Planned {
    Planned { word, place, what, instead }
}

const ROLE: &str = "declare the role with `agent`, or with `human` where people take it";

const WITHIN: &str = "write it as a line of the step: `within 2h else late -> end`";

const EACH: &str = "let one step act on all of them: `one of LIST` pins an argument to its elements, and `max N` bounds the uses";

static PLANNED: &[Planned] = &[
    planned("service", Place::Start, "roles for services (`service`)", ROLE),
    planned("service", Place::Inside(Piece::Step, "by"), "roles for services (`service`)", ROLE),
    planned("for", Place::Start, "steps for each element (`for`)", EACH),
    planned("foreach", Place::Start, "steps for each element (`foreach`)", EACH),
    planned("timeout", Place::Start, "time limits (`timeout`)", WITHIN),
    planned("deadline", Place::Start, "time limits (`deadline`)", WITHIN),
    planned(
        "budget",
        Place::Start,
        "bounds over several runs (`budget`)",
        "`max_per_day` of the roster bounds how many runs are started",
    ),
    planned("optional", Place::Start, "optional steps (`optional`)", ""),
    planned("scenario", Place::Start, "tests of workflows (`scenario`)", ""),
    planned("template", Place::Start, "templates of steps (`template`)", "write each step out"),
    planned("rules", Place::Start, "packs of properties (`rules`)", "write each `prove` in the workflow"),
    planned("apply", Place::Start, "packs of properties (`apply`)", "write each `prove` in the workflow"),
    planned("for", Place::Inside(Piece::Grant, ""), "grants that expire (`for 30s`)", ""),
    planned("within", Place::Inside(Piece::Step, ""), "time limits in the head of a step", WITHIN),
    planned("within", Place::Inside(Piece::Outcome, ""), "time limits of outcomes", WITHIN),
];

/// Units of time, as they may follow a number.
const UNITS: [&str; 12] = ["ms", "s", "sec", "m", "min", "h", "hour", "hours", "d", "day", "days", "w"];

/// The construct that the word would start a member with.
pub(crate) fn starting(word: &str) -> Option<&'static Planned> {
    PLANNED.iter().find(|one| one.word == word && matches!(one.place, Place::Start))
}

/// The construct that the word after another would belong to, inside a piece.
pub(crate) fn inside(piece: Piece, before: &str, word: &str) -> Option<&'static Planned> {
    PLANNED.iter().find(|one| {
        one.word == word
            && matches!(one.place, Place::Inside(home, after) if home == piece && (after.is_empty() || after == before))
    })
}

impl Planned {
    /// It stands after a certain word only.
    pub(crate) fn needs_word_before(&self) -> bool {
        matches!(self.place, Place::Inside(_, after) if !after.is_empty())
    }

    pub(crate) fn fault(&self, span: Span) -> Diagnostic {
        let fault = unsupported(self.what).at(span);
        if self.instead.is_empty() { fault } else { fault.help(self.instead) }
    }
}

/// A number with a unit of time, where it would be a limit of time, or with a unit that no duration has.
pub(crate) fn time_limit(written: &str, before: &str) -> Option<Diagnostic> {
    let unit = written.trim_start_matches(|c: char| c.is_ascii_digit());
    if unit.len() == written.len() || !UNITS.contains(&unit) {
        return None;
    }
    match before {
        "for" => Some(unsupported("grants that expire (`for 30s`)")),
        _ if number::is_duration(written) => None,
        _ => Some(
            Diagnostic::error(codes::BAD_NUMBER, format!("`{written}` is no duration"))
                .help("a duration is written in seconds, minutes, hours or days: `30s`, `15m`, `2h`, `7d`"),
        ),
    }
}

/// A parameter of a workflow with `= value` behind its type.
pub(crate) fn default_value() -> Diagnostic {
    unsupported("defaults of parameters (`= value`)")
        .help("pin the value in the `params` of the roster's start rule, or write it where it is used")
}

/// `2 of (a, b, c)` in a formula.
pub(crate) fn quorum() -> Diagnostic {
    unsupported("so many of several outcomes (`2 of (a, b, c)`)")
        .help("write each combination: `(a and b) or (a and c) or (b and c)`")
}

/// `max n`.
pub(crate) fn limit_of_data() -> Diagnostic {
    unsupported("limits that are given when a run starts (`max n`)").help("write the number, as in `max 5`")
}

fn unsupported(what: &str) -> Diagnostic {
    Diagnostic::error(codes::UNSUPPORTED, format!("not supported yet: {what}"))
        .because("`xpc explain XP0113` lists what is planned, and what can be written today")
}
