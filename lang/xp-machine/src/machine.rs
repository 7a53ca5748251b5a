//! The machine: a checked workflow with its lookup tables.

use std::sync::OnceLock;

use xp_artifact::RecordTable;
use xp_artifact::declaration::ThingExpr;
use xp_artifact::workflow::{
    ActionId, Atom, Datum, Expr, GrantIx, Outcome, Pin, Step, StepId, SubmissionIx, Workflow,
};
use xp_scope::{Type, Value};

use crate::check::{self, Malformed};
use crate::data;
use crate::index::Index;
use crate::pin;
use crate::state::State;

/// A workflow that can be run.
#[derive(Debug)]
pub struct Machine {
    pub(crate) workflow: Workflow,
    pub(crate) index: Index,
    pub(crate) records: RecordTable,
    /// By action: the digest of its declaration.
    pub(crate) declarations: Vec<xp_scope::Digest>,
    /// By action: what evidence that some use of it gives is about, where a change could mislead somebody. Made when asked for.
    evident: OnceLock<Vec<Vec<ThingExpr>>>,
}

impl Machine {
    /// Checks a workflow and makes a machine of it.
    ///
    /// # Errors
    /// The workflow contradicts itself: missing ids, cycles, free arguments, loops that do not lead upstream.
    pub fn new(workflow: Workflow) -> Result<Self, Malformed> {
        check::check(&workflow)?;
        let index = Index::of(&workflow)?;
        let records = RecordTable::of(&workflow.records);
        let declarations = workflow
            .actions
            .iter()
            .map(|action| xp_artifact::action_digest(action, &workflow.records, &workflow.kinds))
            .collect();
        Ok(Self { workflow, index, records, declarations, evident: OnceLock::new() })
    }

    /// What evidence that some use of the action gives is about, where a change could mislead somebody.
    pub(crate) fn evident(&self, action: ActionId) -> &[ThingExpr] {
        let by_action = self.evident.get_or_init(|| {
            let mut by_action: Vec<Vec<ThingExpr>> = vec![Vec::new(); self.workflow.actions.len()];
            for (at, expr) in xp_monitor::asked(&self.workflow).into_iter().flat_map(|one| one.about) {
                let action = self.workflow.granted(at).map(|(grant, _)| grant.action.index());
                let of = action.and_then(|action| by_action.get_mut(action));
                if let Some(of) = of.filter(|of| !of.contains(&expr)) {
                    of.push(expr);
                }
            }
            by_action
        });
        by_action.get(action.index()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The workflow it runs.
    #[must_use]
    pub fn workflow(&self) -> &Workflow {
        &self.workflow
    }

    /// The fields of each record type, by its qualified name: what [`xp_scope::check`] looks types up in.
    #[must_use]
    pub fn records(&self) -> &RecordTable {
        &self.records
    }

    /// A datum by its dotted name, `propose.files` or `triage.ticket.number` or `repo.name`.
    #[must_use]
    pub fn datum_named(&self, name: &str) -> Option<Datum> {
        use xp_artifact::workflow::{ParamId, Root};
        let mut parts = name.split('.').map(str::to_owned);
        let first = parts.next()?;
        if let Some(param) = self.workflow.params.iter().position(|param| param.name == first) {
            return Some(Datum { root: Root::Param(ParamId::of(param)), fields: parts.collect() });
        }
        let step = *self.index.by_name.get(&first)?;
        let second = parts.next()?;
        let declared = self.step(step)?;
        let grant = declared.grants.iter().position(|grant| grant.binder.as_ref() == Some(&second));
        let submission = declared.submissions.iter().position(|submission| submission.name == second);
        let root = match (grant, submission) {
            (Some(grant), _) => Root::Result { step, grant: GrantIx::of(grant) },
            (None, Some(submission)) => Root::Submission { step, submission: SubmissionIx::of(submission) },
            (None, None) => return None,
        };
        Some(Datum { root, fields: parts.collect() })
    }

    /// The value of a datum now, for the server's own use (never for an agent: that is `View`).
    #[must_use]
    pub fn value<'s>(&self, state: &'s State, datum: &Datum) -> Option<&'s Value> {
        data::datum(state, datum)
    }

    /// The value of an expression now, if everything it names has one; as [`Self::value`], for the server's own use.
    #[must_use]
    pub fn evaluate(&self, state: &State, expr: &Expr) -> Option<Value> {
        data::expr(state, expr)
    }

    /// Whether a pin admits a value now; one that names what has no value admits none.
    #[must_use]
    pub fn admits(&self, state: &State, pin: &Pin, value: &Value) -> bool {
        pin::admits(state, pin, value).is_ok()
    }

    /// Whether a use may have no argument where a pin is, of an optional parameter.
    #[must_use]
    pub fn admits_absence(&self, state: &State, pin: &Pin) -> bool {
        pin::admits_absence(state, pin)
    }

    /// The value with the elements of every set in it in canonical order, for what comes from outside.
    #[must_use]
    pub fn in_order(&self, value: Value, ty: &Type) -> Value {
        xp_scope::in_order(value, ty, &self.records)
    }

    /// The digest of an action's declaration.
    #[must_use]
    pub fn declaration(&self, action: ActionId) -> Option<&xp_scope::Digest> {
        self.declarations.get(action.index())
    }

    /// A step by its name.
    #[must_use]
    pub fn step_named(&self, name: &str) -> Option<StepId> {
        self.index.by_name.get(name).copied()
    }

    pub(crate) fn step(&self, id: StepId) -> Option<&Step> {
        self.workflow.steps.get(id.index())
    }

    pub(crate) fn outcome(&self, atom: Atom) -> Option<&Outcome> {
        self.step(atom.step)?.outcomes.get(atom.outcome.index())
    }
}
