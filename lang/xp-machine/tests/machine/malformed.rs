//! Artifacts come from outside: nothing that contradicts itself becomes a machine.

use xp_artifact::workflow::{Formula, GrantIx, How, LoopId, OutcomeIx, Pin, RoleId, StepId, Then, Workflow};
use xp_machine::Machine;

use crate::fixture::{after, reviewed};

fn refused(bend: impl FnOnce(&mut Workflow)) {
    let mut workflow = reviewed();
    assert!(Machine::new(workflow.clone()).is_ok());
    bend(&mut workflow);
    assert!(Machine::new(workflow).is_err());
}

#[test]
fn contradictions_are_refused() {
    refused(|w| w.steps[0].role = RoleId(9));
    refused(|w| w.steps[0].after = after(2, 0));
    refused(|w| w.steps[0].after = after(9, 0));
    refused(|w| w.steps[1].after = after(2, 1));
    refused(|w| w.steps[1].name = "write".to_owned());
    refused(|w| w.steps[1].grants[0].pins.clear());
    refused(|w| w.steps[1].grants[0].pins.push(Pin::Any));
    refused(|w| w.steps[0].grants[0].limit.uses = 0);
    refused(|w| w.steps[0].grants[0].ttl_seconds = 0);
    refused(|w| w.steps[0].grants[0].action.0 = 9);
    refused(|w| w.steps[0].outcomes.clear());
    refused(|w| w.steps[0].grants[0].binder = None);
    refused(|w| {
        w.steps[0].outcomes[0].how = How::JudgedIf(xp_artifact::workflow::Condition::Bound(GrantIx(7)))
    });
    refused(|w| w.steps[2].outcomes[1].then = Then::Reopen(LoopId(4)));
    refused(|w| w.steps[2].outcomes[2].then = Then::Reopen(LoopId(0)));
    refused(|w| w.loops[0].max = 0);
    refused(|w| w.loops[0].target = StepId(7));
    refused(|w| w.loops[0].exhausted = OutcomeIx(0));
    refused(|w| {
        w.finish = Formula::Is(xp_artifact::workflow::Atom { step: StepId(2), outcome: OutcomeIx(2) })
    });
    refused(|w| {
        w.separations.push(xp_artifact::workflow::Separation {
            roles: vec![RoleId(0)],
            reason: xp_artifact::workflow::SeparationReason::Declared,
        })
    });
}

#[test]
fn a_loop_leads_upstream() {
    refused(|w| {
        w.steps[1].after = Formula::All(vec![]);
        w.steps[1].grants[0].pins[0] = Pin::Any;
        w.steps[2].outcomes[0].of = None;
    });
}
