//! The rows.

use super::Break::{Anywhere, OutsideBrackets, OutsideBracketsOf};
use super::{Break, Piece, Word};
use crate::grammar::Rule;

const CLAUSE: &[(Piece, Piece)] = &[(Piece::Action, Piece::Clause)];

pub(super) static WORDS: &[Word] = &[
    // In a file.
    reserved("use", Rule::k_use).starts(&[(Piece::File, Piece::Use)]).needs_more(),
    reserved("connector", Rule::k_connector).starts(&[(Piece::File, Piece::Connector)]).needs_more(),
    reserved("workflow", Rule::k_workflow).starts(&[(Piece::File, Piece::Workflow)]).needs_more(),
    // In a connector.
    free("resource", Rule::k_resource).starts(&[(Piece::Connector, Piece::Resource)]).needs_more(),
    free("type", Rule::k_type).starts(&[(Piece::Connector, Piece::Type)]).needs_more(),
    free("action", Rule::k_action).starts(&[(Piece::Connector, Piece::Action)]).needs_more(),
    // In an action.
    free("effect", Rule::k_effect).starts(CLAUSE).forms(&[Rule::effect, Rule::effect_uses]).needs_more(),
    free("irreversible", Rule::k_irreversible).starts(CLAUSE).forms(&[Rule::irreversible]),
    free("reveals", Rule::k_reveals).starts(CLAUSE).forms(&[Rule::reveals]).needs_more(),
    free("publishes", Rule::k_publishes).starts(CLAUSE).forms(&[Rule::publishes]),
    free("attests", Rule::k_attests).starts(CLAUSE).forms(&[Rule::attests]),
    free("changes", Rule::k_changes).starts(CLAUSE).forms(&[Rule::changes]).needs_more(),
    free("reads", Rule::k_reads).starts(CLAUSE).forms(&[Rule::reads]).needs_more(),
    free("makes", Rule::k_makes).starts(CLAUSE).forms(&[Rule::makes]).needs_more(),
    free("removes", Rule::k_removes).starts(CLAUSE).forms(&[Rule::removes]).needs_more(),
    free("final", Rule::k_final).starts(CLAUSE).forms(&[Rule::finals]).needs_more(),
    free("expects", Rule::k_expects).starts(CLAUSE).forms(&[Rule::expects]).needs_more(),
    free("version", Rule::k_version).phrase("version of").starts(CLAUSE).forms(&[Rule::version]).needs_more(),
    free("measured", Rule::k_measured)
        .phrase("measured by")
        .starts(CLAUSE)
        .forms(&[Rule::measured])
        .needs_more(),
    free("result", Rule::k_result).starts(CLAUSE).forms(&[Rule::result_clause]),
    free("about", Rule::k_about).starts(CLAUSE).forms(&[Rule::about]).needs_more(),
    free("http", Rule::k_http).starts(CLAUSE).forms(&[Rule::http]).needs_more(),
    free("mcp", Rule::k_mcp).starts(CLAUSE).forms(&[Rule::mcp]).needs_more(),
    free("shows", Rule::k_shows).starts(CLAUSE).forms(&[Rule::shows]).needs_more(),
    free("repeat", Rule::k_repeat).starts(CLAUSE).forms(&[Rule::repeat]).needs_more(),
    // In a workflow.
    reserved("agent", Rule::k_agent).starts(&[(Piece::Workflow, Piece::Roles)]).needs_more(),
    reserved("human", Rule::k_human).starts(&[(Piece::Workflow, Piece::Roles)]).needs_more(),
    reserved("separate", Rule::k_separate).starts(&[(Piece::Workflow, Piece::Separate)]).needs_more(),
    free("assume", Rule::k_assume).starts(&[(Piece::Workflow, Piece::Assume)]).needs_more(),
    free("lease", Rule::k_lease).starts(&[(Piece::Workflow, Piece::Lease)]).needs_more(),
    free("secret", Rule::k_secret).starts(&[(Piece::Workflow, Piece::Secret)]).needs_more(),
    free("allow", Rule::k_allow).starts(&[(Piece::Workflow, Piece::Allow)]).needs_more(),
    reserved("step", Rule::k_step).starts(&[(Piece::Workflow, Piece::Step)]).needs_more(),
    reserved("prove", Rule::k_prove).starts(&[(Piece::Workflow, Piece::Prove)]).needs_more(),
    reserved("guard", Rule::k_guard).starts(&[(Piece::Workflow, Piece::Guard)]).needs_more(),
    reserved("finish", Rule::k_finish).starts(&[(Piece::Workflow, Piece::Finish)]).needs_more(),
    // In a step.
    reserved("may", Rule::k_may).starts(&[(Piece::Step, Piece::Grant)]).needs_more(),
    reserved("submit", Rule::k_submit).starts(&[(Piece::Step, Piece::Submit)]).needs_more(),
    reserved("outcome", Rule::k_outcome).starts(&[(Piece::Step, Piece::Outcome)]).needs_more(),
    // Inside a piece.
    reserved("after", Rule::k_after)
        .forms(&[Rule::after])
        .needs_more()
        .continues()
        .spaced_group()
        .breaks(OutsideBrackets),
    reserved("and", Rule::k_and).needs_more().continues().spaced_group().breaks(Anywhere),
    free("anything", Rule::k_anything).forms(&[Rule::anything]),
    free("audience", Rule::k_audience).forms(&[Rule::audience]).needs_more().continues().after_type(),
    reserved("any", Rule::k_any).forms(&[Rule::any_pin]),
    reserved("as", Rule::k_as).forms(&[Rule::binder]).needs_more().continues(),
    free("at", Rule::k_at).needs_more().continues(),
    reserved("auto", Rule::k_auto)
        .phrase("auto when")
        .forms(&[Rule::auto_when])
        .needs_more()
        .continues()
        .breaks(OutsideBrackets),
    free("because", Rule::k_because).needs_more().continues(),
    reserved("by", Rule::k_by).forms(&[Rule::distinct]).needs_more().continues(),
    free("can", Rule::k_can).needs_more().continues(),
    reserved("content", Rule::k_content).forms(&[Rule::content]),
    free("counts", Rule::k_counts)
        .phrase("counts as judgement")
        .forms(&[Rule::counts])
        .needs_more()
        .continues()
        .breaks(OutsideBrackets),
    free("distinct", Rule::k_distinct).continues(),
    free("else", Rule::k_else).needs_more().continues(),
    reserved("end", Rule::k_end).forms(&[Rule::end]),
    free("every", Rule::k_every).forms(&[Rule::every]).needs_more(),
    free("exact", Rule::k_exact).forms(&[Rule::exact]),
    reserved("false", Rule::k_false),
    free("fold", Rule::k_fold).forms(&[Rule::fold]),
    free("from", Rule::k_from)
        .forms(&[Rule::made_from, Rule::result_from])
        .needs_more()
        .continues()
        .breaks(OutsideBrackets),
    free("immutable", Rule::k_immutable).forms(&[Rule::immutable]).continues().after_type(),
    free("in", Rule::k_in).forms(&[Rule::parents]).needs_more().continues(),
    free("is", Rule::k_is).forms(&[Rule::result_is]).needs_more().continues(),
    reserved("if", Rule::k_if)
        .forms(&[Rule::if_evidence])
        .needs_more()
        .continues()
        .spaced_group()
        .breaks(OutsideBrackets),
    free("judgement", Rule::k_judgement).needs_more().continues(),
    free("kept", Rule::k_kept).needs_more().continues(),
    free("key", Rule::k_key).forms(&[Rule::http_key]).needs_more(),
    free("marker", Rule::k_marker).forms(&[Rule::http_marker]).needs_more().continues(),
    free("probe", Rule::k_probe).forms(&[Rule::http_probe]).needs_more(),
    free("success", Rule::k_success).forms(&[Rule::http_success, Rule::mcp_success]).needs_more(),
    free("where", Rule::k_where).needs_more().continues(),
    free("decimal", Rule::k_decimal).forms(&[Rule::decimal_type]),
    free("list", Rule::k_list).forms(&[Rule::list_type]).continues(),
    reserved("max", Rule::k_max)
        .forms(&[Rule::max, Rule::max_limit])
        .needs_more()
        .continues()
        .after_type()
        .breaks(OutsideBracketsOf(Piece::Grant)),
    free("minted", Rule::k_minted).forms(&[Rule::minted]).continues(),
    free("most", Rule::k_most).needs_more().continues(),
    free("never", Rule::k_never).forms(&[Rule::never]).needs_more().continues(),
    free("no", Rule::k_no).forms(&[Rule::no_role, Rule::no_principal]),
    free("nobody", Rule::k_nobody).needs_more(),
    reserved("not", Rule::k_not).forms(&[Rule::negated]).needs_more().spaced_group(),
    free("notes", Rule::k_notes),
    free("nothing", Rule::k_nothing).forms(&[Rule::nothing]),
    reserved("of", Rule::k_of)
        .forms(&[Rule::of])
        .needs_more()
        .continues()
        .before_type()
        .breaks(OutsideBracketsOf(Piece::Outcome)),
    reserved("once", Rule::k_once).forms(&[Rule::once]).needs_more().continues().breaks(OutsideBrackets),
    reserved("one", Rule::k_one).phrase("one of").forms(&[Rule::one_of]).needs_more(),
    reserved("only", Rule::k_only).needs_more().continues().breaks(OutsideBrackets),
    free("opening", Rule::k_opening),
    free("optional", Rule::k_optional).forms(&[Rule::optional_type]).needs_more().before_type(),
    reserved("or", Rule::k_or).forms(&[Rule::or_op]).needs_more().continues().spaced_group().breaks(Anywhere),
    free("per", Rule::k_per).needs_more().continues(),
    free("principal", Rule::k_principal).continues(),
    free("public", Rule::k_public).forms(&[Rule::public]),
    free("outsiders", Rule::k_outsiders),
    free("private", Rule::k_private).forms(&[Rule::private]).needs_more(),
    free("reaches", Rule::k_reaches).needs_more().continues(),
    reserved("reopen", Rule::k_reopen).forms(&[Rule::reopen]).needs_more(),
    free("reports", Rule::k_reports).phrase("or reports").forms(&[Rule::reports]).needs_more().continues(),
    free("requires", Rule::k_requires)
        .forms(&[Rule::requires])
        .needs_more()
        .continues()
        .spaced_group()
        .breaks(OutsideBrackets),
    free("role", Rule::k_role).continues(),
    free("roles", Rule::k_roles).needs_more().continues(),
    free("run", Rule::k_run),
    free("set", Rule::k_set).forms(&[Rule::set_type]),
    free("some", Rule::k_some).forms(&[Rule::some]).needs_more(),
    free("text", Rule::k_text).continues(),
    reserved("then", Rule::k_then).needs_more(),
    free("through", Rule::k_through).needs_more().continues(),
    reserved("true", Rule::k_true),
    free("unexposed", Rule::k_unexposed).forms(&[Rule::unexposed]).needs_more().continues(),
    free("untrusted", Rule::k_untrusted).forms(&[Rule::through]),
    free("valid", Rule::k_valid)
        .phrase("valid while")
        .forms(&[Rule::valid_while])
        .needs_more()
        .continues()
        .breaks(OutsideBrackets),
    reserved("vacuous", Rule::k_vacuous).phrase("or vacuous").forms(&[Rule::vacuous]),
    reserved("when", Rule::k_when)
        .forms(&[Rule::when])
        .needs_more()
        .continues()
        .spaced_group()
        .breaks(OutsideBracketsOf(Piece::Step)),
    free("while", Rule::k_while).needs_more().continues(),
    reserved("with", Rule::k_with).phrase("with notes").forms(&[Rule::notes]).needs_more().continues(),
    reserved("within", Rule::k_within)
        .starts(&[(Piece::Step, Piece::Within)])
        .forms(&[Rule::within])
        .needs_more()
        .continues()
        .after_type()
        .breaks(OutsideBracketsOf(Piece::Submit)),
    // Marks. A path, or a word of an enumeration, may always go on: nobody forgets that.
    free(",", Rule::comma).needs_more().continues().after_type(),
    free(":", Rule::colon).needs_more().continues().before_type(),
    free(".", Rule::dot).phrase("").needs_more().continues(),
    free("=", Rule::equals).needs_more().continues().after_type(),
    free("|", Rule::bar).phrase("").needs_more().continues(),
    free("<", Rule::less).phrase("").needs_more().continues(),
    free("<=", Rule::at_most_sign).phrase("").needs_more().continues(),
    free(">", Rule::more).phrase("").needs_more().continues(),
    free(">=", Rule::at_least).phrase("").needs_more().continues(),
    free("->", Rule::arrow)
        .forms(&[Rule::then, Rule::ends])
        .needs_more()
        .continues()
        .before_type()
        .breaks(OutsideBrackets),
    free("(", Rule::lparen).forms(&[Rule::params]).needs_more().continues(),
    free(")", Rule::rparen).continues().after_type(),
    free("[", Rule::lbracket).forms(&[Rule::patterns]).needs_more().continues(),
    free("]", Rule::rbracket).continues(),
    free("{", Rule::lbrace).forms(&[Rule::record_type]).continues().after_type(),
    free("}", Rule::rbrace).after_type(),
];

/// A word that cannot be a name.
const fn reserved(text: &'static str, rule: Rule) -> Word {
    let mut word = Word::new(text, rule);
    word.reserved = true;
    word
}

/// A mark, or a word that can be a name as well: only its place says what it is.
const fn free(text: &'static str, rule: Rule) -> Word {
    Word::new(text, rule)
}

/// What a row says beyond its spelling.
impl Word {
    const fn phrase(mut self, phrase: &'static str) -> Self {
        self.phrase = phrase;
        self
    }

    const fn forms(mut self, forms: &'static [Rule]) -> Self {
        self.forms = forms;
        self
    }

    const fn starts(mut self, starts: &'static [(Piece, Piece)]) -> Self {
        self.starts = starts;
        self
    }

    const fn needs_more(mut self) -> Self {
        self.needs_more = true;
        self
    }

    const fn continues(mut self) -> Self {
        self.continues = true;
        self
    }

    const fn before_type(mut self) -> Self {
        self.before_type = true;
        self
    }

    const fn after_type(mut self) -> Self {
        self.after_type = true;
        self
    }

    const fn spaced_group(mut self) -> Self {
        self.spaced_group = true;
        self
    }

    const fn breaks(mut self, breaks: Break) -> Self {
        self.breaks = breaks;
        self
    }
}
