//! What a decision in a chat may settle: nothing by which something may be done for good before people are asked again.

use xpd_audit::chat::settles_for_good;

use crate::sources::compile;

const CONNECTOR: &str = r#"
connector bank {
  resource Account { id: text exact }
  action read(account: text) -> { left: int } {
    effect read
    attests
    changes nothing
    reads Account(account)
    about Account(account)
    measured by nothing
    repeat idempotent
  }
  action pay(account: text) {
    effect pay
    changes Account(account)
    reads nothing
    final account
    irreversible
    repeat manual
  }
}
"#;

/// Whether `ok` of the step `review` does, in a workflow with these steps.
fn lets(outcome: &str, steps: &str) -> bool {
    let text = format!(
        "{CONNECTOR}\nworkflow w(account: text) {{\n  agent clerk, cashier\n  human boss\n  separate roles clerk, cashier, boss\n{steps}\n}}\n"
    );
    let model = compile("chats.xp", &text).unwrap_or_else(|faults| panic!("{faults:#?}"));
    settles_for_good(&model.workflow, "review", outcome)
}

const PAY: &str = "may bank.pay(account) once per run as paid\n    outcome done auto when paid";

#[test]
fn what_follows_an_outcome_in_any_way_counts() {
    let make = "  step make by clerk { may bank.read(account) max 3 as now\n    outcome done if now }\n";
    let review = "  step review by boss after make.done { outcome ok outcome no -> end }\n";
    let directly = format!("{make}{review}  step pay by cashier after review.ok {{ {PAY} }}");
    assert!(lets("ok", &directly));
    assert!(!lets("no", &directly));
    // By a comparison alone.
    let measured = "  step measure by clerk after review.ok { may bank.read(account) max 3 as day\n    outcome done auto when day.left > 5\n    outcome little auto when day.left <= 5 -> end }\n";
    let compared = format!(
        "{make}{review}{measured}  step pay by cashier after make.done when measure.day.left > 5 {{ {PAY} }}"
    );
    assert!(lets("ok", &compared));
    // By the outcome of a loop that is used up.
    let loops = "  step review by boss after make.done { outcome ok -> end outcome changes -> reopen make (max 2, then as_is) outcome as_is }\n";
    let used_up = format!("{make}{loops}  step pay by cashier after review.as_is {{ {PAY} }}");
    assert!(lets("changes", &used_up));
    // Another person is asked in between.
    let second = |outcomes: &str| {
        let second = format!("  step second by boss after review.ok {{ {outcomes} }}\n");
        format!("{make}{review}{second}  step pay by cashier after second.ok {{ {PAY} }}")
    };
    assert!(!lets("ok", &second("outcome ok outcome no -> end")));
}
