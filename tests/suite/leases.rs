//! The things that a use must lease, by the declaration of its action and by the evidence taken from it.

use std::collections::BTreeMap;

use xp_artifact::workflow::ActionId;
use xp_machine::{Concern, Machine, Start, What};
use xp_scope::Value;

use crate::sources::compile;

const SOURCE: &str = r#"
connector bank {
  resource Account { id: text exact }
  resource Draft { id: text exact }
  resource Log { id: text exact }
  action look(draft: text) -> { draft: text } {
    effect read
    changes nothing
    reads Draft(draft)
    shows draft
    result.draft is draft
    repeat idempotent
  }
  action peek(log: text) -> { log: text } {
    effect read
    changes nothing
    reads Log(log)
    result.log is log
    repeat idempotent
  }
  action pay(draft: text) {
    effect pay
    changes some Account
    removes Draft(draft)
    reads nothing
    final draft
    repeat probe
  }
  action open() -> { id: text } {
    effect write
    changes nothing
    makes Account(result.id)
    reads nothing
    repeat probe
  }
  action call(what: text) {
    effect write
    changes anything
    repeat manual
  }
}
workflow w(draft: text) {
  agent clerk, boss
  separate roles clerk, boss
  step read by clerk {
    may bank.look(draft) once per opening as seen
    may bank.peek("day") once per opening
    may bank.open() once per run
    may bank.call(any) once per run
    outcome done if seen
  }
  step approve by boss after read.done {
    may bank.look(draft) max 2
    outcome ok of read.seen.draft
    outcome no -> end
  }
  step pay by clerk after approve.ok {
    may bank.pay(draft) once per run
    outcome done
  }
}
"#;

/// The things that a use of the action concerns, as text, and whether the lease lasts until the end of the run.
fn concerned(action: &str, args: &[(&str, &str)]) -> Vec<(String, bool)> {
    let model = compile("leases", SOURCE).unwrap_or_else(|faults| panic!("{faults:?}"));
    let machine = Machine::new(model.workflow).expect("a machine");
    let number = machine.workflow().actions.iter().position(|declared| declared.name == action);
    let args: BTreeMap<String, Value> =
        args.iter().map(|(name, value)| ((*name).to_owned(), Value::Text((*value).to_owned()))).collect();
    let kinds = &machine.workflow().kinds;
    let words = |Concern { what, lasting }: Concern| {
        let what = match what {
            What::Thing(thing) => thing.lines(kinds).concat().trim().to_owned(),
            What::Realm(realm) => format!("all of {realm}"),
            What::Anything => "anything".to_owned(),
        };
        (what, lasting)
    };
    machine.concerned(ActionId::of(number.expect("declared")), &args).into_iter().map(words).collect()
}

fn thing(kind: &str, name: &str) -> String {
    format!("[\"{kind}\",[\"{name}\"]]")
}

#[test]
fn what_is_judged_after_a_look_is_held_by_the_look() {
    assert_eq!(concerned("look", &[("draft", "d")]), [(thing("bank.Draft", "d"), true)]);
    // No outcome judges or uses the result.
    assert_eq!(concerned("peek", &[("log", "day")]), []);
}

#[test]
fn a_change_of_some_thing_concerns_all_of_its_upstream_for_a_while() {
    let expected = [(thing("bank.Draft", "d"), true), ("all of bank".to_owned(), false)];
    assert_eq!(concerned("pay", &[("draft", "d")]), expected);
    assert_eq!(concerned("call", &[("what", "x")]), [("anything".to_owned(), false)]);
}

#[test]
fn what_the_upstream_is_yet_to_name_concerns_nobody() {
    assert_eq!(concerned("open", &[]), []);
}

/// What a run of the source holds from its start, with this `lease` line in it.
fn leased(line: &str) -> Vec<What> {
    let text =
        SOURCE.replace("workflow w(draft: text) {\n", &format!("workflow w(draft: text) {{\n  {line}\n"));
    let model = compile("leases", &text).unwrap_or_else(|faults| panic!("{faults:?}"));
    let machine = Machine::new(model.workflow).expect("a machine");
    let workflow = machine.workflow();
    let start = Start {
        at: 0,
        params: BTreeMap::from([("draft".to_owned(), Value::Text("d".to_owned()))]),
        instances: workflow.actions.iter().map(|one| (one.connector.clone(), "bank".to_owned())).collect(),
        staff: BTreeMap::new(),
        starter: None,
    };
    machine.leased(&machine.start(&start).expect("it starts"))
}

#[test]
fn a_lease_of_one_of_several_and_of_anything() {
    assert!(matches!(leased("lease bank.Draft(draft)").as_slice(), [What::Thing(_)]));
    assert_eq!(leased("lease every bank.Draft"), [What::Realm("bank".to_owned())]);
    assert_eq!(leased("lease anything"), [What::Anything]);
    assert_eq!(leased(""), []);
}
