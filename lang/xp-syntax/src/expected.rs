//! How to speak of what the grammar expected.

use crate::grammar::Rule;
use crate::words;

/// Something the grammar could have gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A word or mark, as it is written.
    Exactly(&'static str),
    /// Something to be chosen.
    Choice(&'static str),
    /// The end of the piece.
    End,
    /// Not worth saying.
    Hidden,
}

/// How a number is spoken of.
pub(crate) const NUMBER: &str = "a number";

/// What a rule stands for.
pub(crate) fn wanted(rule: Rule) -> Wanted {
    use Wanted::{Choice, End, Exactly, Hidden};
    match rule {
        Rule::EOI => End,
        Rule::string => Choice("a string"),
        Rule::int => Choice(NUMBER),
        Rule::duration | Rule::decimal | Rule::fraction => Hidden,
        Rule::unit_name => Hidden,
        Rule::action_name | Rule::action_path => Choice("an action"),
        Rule::binder_name => Choice("a name for the result"),
        Rule::connector_name => Choice("a connector name"),
        Rule::datum_name | Rule::datum => Choice("a name"),
        Rule::effect_name => Choice("an effect"),
        Rule::module_name | Rule::module => Choice("a module"),
        Rule::outcome_name | Rule::result_outcome => Choice("an outcome name"),
        Rule::param_name | Rule::param => Choice("a parameter name"),
        Rule::role_name => Choice("a role name"),
        Rule::step_name | Rule::atom => Choice("a step name"),
        Rule::submission_name => Choice("a submission name"),
        Rule::type_name => Choice("a type name"),
        Rule::kind => Choice("a kind of thing"),
        Rule::key_part => Choice("a part of the key"),
        Rule::readers => Choice("a group of readers"),
        Rule::thing | Rule::one_thing => Choice("a thing, as `Kind(key)`"),
        Rule::thing_key => Choice("a key"),
        Rule::source => Choice("an argument, `result.field` or a thing"),
        Rule::result_about => Exactly("about"),
        Rule::http_line | Rule::http_word_name | Rule::http_look => {
            Choice("a method with a path, `query`, `header`, `json` or `form`")
        }
        Rule::http_place_name | Rule::http_pair => Choice("`query`, `header`, `json` or `form`"),
        Rule::http_form => Exactly("as"),
        Rule::http_result | Rule::mcp_result => Exactly("result"),
        Rule::workflow_name => Choice("a workflow name"),
        Rule::label_name | Rule::action_param => Choice("a parameter name"),
        Rule::field_name | Rule::field => Choice("a field name"),
        Rule::member_name => Choice("a name after the dot"),
        Rule::enum_word => Choice("a word"),
        Rule::arg_name => Hidden,
        Rule::type_expr => Choice("a type"),
        Rule::enum_type | Rule::named_type => Choice("a type"),
        Rule::boolean => Hidden,
        Rule::expr => Choice("a value"),
        Rule::uses_arg => Choice("an argument"),
        Rule::pin | Rule::arg => Choice("an argument (a value, `one of`, `within`, `content` or `any`)"),
        Rule::formula | Rule::formula_group => Choice("`step.outcome`"),
        Rule::condition | Rule::condition_group | Rule::evidence | Rule::comparison => {
            Choice("the name of a result of this step, or a comparison")
        }
        Rule::relation => Choice("a comparison"),
        Rule::uses => Choice("`effect` or an action"),
        Rule::action_uses => Choice("an action"),
        Rule::claim => Choice(
            "`no role can`, `no principal can`, `never`, `untrusted text reaches`, `private T never reaches`, `effect` or an action",
        ),
        Rule::about_uses => Choice("`effect` or an action"),
        Rule::at_most => Exactly("at most"),
        Rule::only_within => Exactly("only within"),
        other => match words::phrase(other) {
            None | Some("") => Hidden,
            Some(phrase) => Exactly(phrase),
        },
    }
}
