//! Grants of a step that one request can fit.

use xp_artifact::overlap;
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Model, Place};

use crate::problems::{Problems, quoted};

/// Warns of each grant that another before it may be taken for.
pub fn warn(model: &Model, problems: &mut Problems) {
    let workflow = &model.workflow;
    for overlap::Overlap { step, first, second } in overlap::overlaps(workflow) {
        let Some(declared) = workflow.steps.get(step.index()) else { continue };
        let names: Vec<String> = [first, second].iter().filter_map(|ix| declared.grant_name(*ix)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (first, second) = (Place::Grant(step, first), Place::Grant(step, second));
        let message = format!("one request can fit two grants of step `{}`", declared.name);
        let mut warning = Diagnostic::warning(codes::OVERLAPPING_GRANTS, message);
        if let Some(span) = model.spans.get(second) {
            warning = warning.at(span);
        }
        if let Some(span) = model.spans.get(first) {
            warning = warning.label(span, "it can fit this one as well");
        }
        let cure =
            format!("narrow a pin so that they differ, or let requests name the grant: {}", quoted(&names));
        problems.push(
            warning
                .because("a request that fits both and names neither is refused as `ambiguous`")
                .help(cure),
        );
    }
}
