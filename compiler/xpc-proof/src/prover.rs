//! The prover: one set of tables for a model, one verdict for each obligation.

use std::time::Instant;

use xp_artifact::question::Question;
use xpc_model::{Limits, Model, Obligation, Prover, Verdict};

use crate::answer;
use crate::facts::Facts;
use crate::questions::{self, Context};

/// Answers obligations with Z3 and the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Z3Prover;

impl Prover for Z3Prover {
    fn prove(&self, model: &Model, obligations: &[Obligation], limits: Limits) -> Vec<Verdict> {
        let facts = match Facts::of(model) {
            Ok(facts) => facts,
            Err(reason) => return obligations.iter().map(|_| answer::unknown(reason.clone())).collect(),
        };
        let context = Context::new(&facts, limits);
        obligations
            .iter()
            .map(|obligation| {
                let start = Instant::now();
                let verdict = answer(&context, obligation);
                let mut verdict = questions::occurs::or_unknown(&context, &obligation.question, verdict);
                verdict.took = start.elapsed();
                verdict
            })
            .collect()
    }
}

fn answer(context: &Context<'_, '_>, obligation: &Obligation) -> Verdict {
    match &obligation.question {
        Question::StepsOpen => questions::happen::steps_open(context),
        Question::OutcomesHappen => questions::happen::outcomes_happen(context),
        Question::NeverStuck => questions::stuck::ask(context),
        Question::Progress => questions::progress::ask(context),
        Question::AutomaticOutcomes => questions::automatic::ask(context),
        Question::NamesBound => questions::names::ask(context),
        Question::Scopes => questions::scope::ask(context),
        Question::FreshEvidence => questions::fresh::ask(context),
        Question::IrreversibleOnce => questions::once::ask(context),
        Question::ReviewedBeforeDeploy => questions::reviewed::ask(context),
        Question::Bounds => questions::bounds::ask(context),
        Question::NoRole(a, b) => questions::both::no_role(context, obligation, a, b),
        Question::NoPrincipal(a, b) => questions::both::no_principal(context, obligation, a, b),
        Question::Requires(uses, formula) => questions::requires::ask(context, obligation, uses, formula),
        Question::Never(uses) => questions::never::ask(context, obligation, uses),
        Question::OnlyWithin(uses, extent) => questions::within::ask(context, obligation, uses, extent),
        Question::AtMost(uses, most) => questions::at_most::ask(context, obligation, uses, *most),
        Question::Through(..) => answer::unknown("flow analysis comes with the verifier"),
    }
}
