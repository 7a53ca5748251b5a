//! What people sent back is not asked of them again in the run: the data of a request in a step are kept by their digests.

use std::collections::BTreeMap;

use serde_json::json;
use xp_artifact::print;
use xp_artifact::workflow::{Datum, How, Root, StepId};
use xp_machine::{Event, Input, Machine, State};
use xp_scope::Type;
use xp_wire::RefusalCode;
use xpd_proxy::Refused;
use xpd_store::StoreError;

use super::peoples::{has_people, is_peoples};
use crate::memory::Tx;

/// What a step asks people about, as the name of what is kept. None while something is missing, and where every value is a truth or a word
/// of a few: there may be no other one to hand in.
fn asked(machine: &Machine, state: &State, step: StepId) -> Option<String> {
    let workflow = machine.workflow();
    let declared = workflow.steps.get(step.index())?;
    let judged = declared.outcomes.iter().filter(|one| matches!(one.how, How::Judged | How::JudgedIf(_)));
    let about: Vec<&Datum> = judged.filter_map(|one| one.of.as_ref()).collect();
    let few = |datum: &&Datum| matches!(workflow.type_of(datum), Some(Type::Bool | Type::Enum(_)));
    if about.iter().all(few) {
        return None;
    }
    let digest = |datum: &Datum| {
        let value = match datum.root {
            // What is handed in has no value for others before its step is settled.
            Root::Submission { step, submission } => {
                let handed_in = state.step(step)?.submissions.get(submission.index())?.as_ref()?;
                handed_in.at(&datum.fields)?
            }
            Root::Param(_) | Root::Result { .. } => machine.value(state, datum)?,
        };
        Some((print::datum(workflow, datum), value.digest().to_string()))
    };
    let digests: BTreeMap<String, String> = about.into_iter().map(digest).collect::<Option<_>>()?;
    Some(json!(["declined", declared.name, digests]).to_string())
}

/// The name under which it is kept that people send back what a step asks now, if it asks about something.
pub(super) fn name(tx: &mut Tx<'_>, id: &str, step: &str) -> Result<Option<String>, StoreError> {
    let Some(run) = tx.run(id)? else { return Ok(None) };
    Ok(run.machine.step_named(step).and_then(|step| asked(&run.machine, &run.state, step)))
}

/// Why something is not taken that is handed in, if people would be asked by it what they have sent back.
pub(super) fn again(tx: &mut Tx<'_>, id: &str, event: &Event) -> Result<Option<Refused>, StoreError> {
    let input = Input { at: tx.now, kill: None, leased_by: None, event: event.clone() };
    let Some(run) = tx.run(id)?.filter(|run| has_people(run.machine.workflow())) else { return Ok(None) };
    let (machine, mut after) = (std::sync::Arc::clone(&run.machine), run.state.clone());
    if machine.apply(&mut after, &input).is_err() {
        return Ok(None);
    }
    let workflow = machine.workflow();
    for (index, declared) in workflow.steps.iter().enumerate() {
        let step = StepId::of(index);
        let Some(name) = Some(step)
            .filter(|step| is_peoples(workflow, *step))
            .and_then(|step| asked(&machine, &after, step))
        else {
            continue;
        };
        if tx.counter(id, &name)?.is_some() {
            let why = format!(
                "people sent this back in step `{}`, and are not asked the same again in this run; hand in something else",
                declared.name
            );
            return Ok(Some(Refused::new(RefusalCode::Declined, why)));
        }
    }
    Ok(None)
}
