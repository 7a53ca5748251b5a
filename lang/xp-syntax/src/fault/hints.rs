//! Cures in words, where no single edit is known to be meant.

use xp_diagnostics::Diagnostic;

use super::Slice;
use crate::expected::Wanted;
use crate::words::Piece;

const PRIVATE: &str = "what is private is the content of things: `prove private every connector.Kind never reaches effect publish`, \
     `prove private connector.Kind(key) reaches outsiders only through ROLE`";
const UNTRUSTED: &str = "what strangers wrote may reach a use through a judgement: \
                         `prove untrusted text reaches USE only through ROLE`, or `only through unexposed ROLE`, with one role";

pub(super) fn hints(slice: &Slice<'_, '_>, wants: &[Wanted], word: &str, fault: Diagnostic) -> Diagnostic {
    let wants = |word| wants.contains(&Wanted::Exactly(word));
    if word == "," && wants("and") {
        return fault.help("write `and` where all must hold, `or` where one is enough");
    }
    if slice.piece == Piece::Assume {
        return fault.help("an assumption is written `assume nobody else changes Kind(key) because \"…\"`");
    }
    match slice.piece {
        Piece::Step if wants("by") || word == "after" => {
            fault.help("a step is written `step NAME by ROLE { … }`, or `step NAME by ROLE after FORMULA { … }`")
        }
        Piece::Grant if wants("per") => {
            fault.help("`once` says of what: `once per opening` or `once per run`")
        }
        Piece::Prove | Piece::Guard if wants("per") => {
            let fault = fault.help("a count is over the run: `at most N per run`");
            let end = slice.text.len();
            if word.is_empty() && slice.reads_with(end, 0, " per run") {
                return fault.fix(slice.span(end, 0), " per run", "insert `per run`");
            }
            fault
        }
        Piece::Prove | Piece::Guard if slice.says("private") => fault.help(PRIVATE),
        Piece::Prove | Piece::Guard if slice.says("untrusted") => fault.help(UNTRUSTED),
        Piece::Guard if word == "or" => {
            fault.help("a guard is kept, not proved: there is nothing to accept as vacuous")
        }
        Piece::Clause if slice.text == "version" => {
            fault.help("which version a thing must have follows `at`: `expects Kind(key) at version`")
        }
        Piece::Clause if wants("nothing") => {
            fault.help("name the things, as `Kind(key)`, with commas; `nothing` and `anything` stand alone")
        }
        Piece::Clause if wants("(") => fault.help("a thing is written with its key: `Kind(key)`"),
        Piece::Clause if wants("in") && !word.is_empty() => {
            fault.help("what a thing lies in follows `in`: `every Kind in Outer(key)`")
        }
        Piece::Clause if word == "," => fault.help("`nothing` stands alone"),
        Piece::Resource if wants("in") => {
            fault.help("a resource has a key: `resource Name { id: text }`, or `resource Name in Outer { id: text }`")
        }
        Piece::Resource if word == "," && wants("{") => {
            fault.help("kinds that may enclose it are separated by `|`")
        }
        Piece::Outcome if word == "when" => {
            fault.help("an outcome that comes by itself: `auto when CONDITION`; one that the agent may choose: `if CONDITION`")
        }
        Piece::Within if wants("end") && word == "reopen" => fault.help(
            "what comes after a time limit stands in an outcome of its own: `within 2h else NAME` and \
             `outcome NAME -> reopen STEP (max N, then OUTCOME)`",
        ),
        Piece::Outcome if wants("end") && !word.is_empty() => {
            fault.help("an outcome goes on with `-> end` or `-> reopen STEP (max N, then OUTCOME)`")
        }
        Piece::Outcome if slice.text.contains("reopen") => {
            fault.help("a loop has a bound and an end: `-> reopen STEP (max N, then OUTCOME)`")
        }
        _ => fault,
    }
}
