//! The prover: one set of tables for a model, one verdict for each obligation.

use std::ops::ControlFlow;
use std::time::Instant;

use xp_artifact::question::{Question, Status};
use xpc_model::{Limits, Model, ProofObligation, Verdict};

use crate::answer;
use crate::facts::Facts;
use crate::questions::{self, Context};

/// Answers obligations with Z3 and the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Z3Prover;

impl Z3Prover {
    /// One verdict for each obligation, in order.
    #[must_use]
    pub fn prove(&self, model: &Model, obligations: &[ProofObligation], limits: Limits) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(obligations.len());
        self.each(model, obligations, limits, |verdict| {
            verdicts.push(verdict);
            ControlFlow::Continue(())
        });
        verdicts
    }

    /// As [`Self::prove`], each verdict handed on as soon as it is known; stops when told to.
    pub fn each(
        &self,
        model: &Model,
        obligations: &[ProofObligation],
        limits: Limits,
        mut answered: impl FnMut(Verdict) -> ControlFlow<()>,
    ) {
        let facts = Facts::of(model, obligations);
        let context = facts.as_ref().map(|facts| Context::new(facts, limits));
        for obligation in obligations {
            let start = Instant::now();
            let mut verdict = match &context {
                Ok(context) if context.facts.is_guard(obligation) => Verdict::new(Status::Enforced),
                Ok(context) if xp_artifact::has_ids(context.facts.w, &obligation.question) => {
                    let verdict = answer(context, obligation);
                    let verdict = questions::occurs::or_unknown(context, &obligation.question, verdict);
                    questions::spelled::or_conditional(context.facts, &obligation.question, verdict)
                }
                Ok(_) => answer::unknown("the question names what the workflow does not have"),
                Err(reason) => answer::unknown((*reason).clone()),
            };
            verdict.took = start.elapsed();
            if answered(verdict).is_break() {
                return;
            }
        }
    }
}

fn answer(context: &Context<'_, '_>, obligation: &ProofObligation) -> Verdict {
    match &obligation.question {
        Question::StepsOpen => questions::happen::steps_open(context),
        Question::OutcomesHappen => questions::happen::outcomes_happen(context),
        Question::NeverStuck => questions::stuck::ask(context),
        Question::Progress => questions::progress::ask(context),
        Question::AutomaticOutcomes => questions::automatic::ask(context),
        Question::NamesBound => questions::names::ask(context),
        Question::Scopes => questions::scope::ask(context),
        Question::StartRights => answer::unknown("it is asked of a roster"),
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
        Question::Through(uses, role) => questions::flow::through(context, obligation, uses, *role),
        Question::Unexposed(uses, role) => questions::flow::unexposed(context, obligation, uses, *role),
        Question::Private(secret, sinks, role) => {
            questions::flow::private(context, obligation, secret, sinks, *role)
        }
    }
}
