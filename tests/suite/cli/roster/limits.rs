//! What a limit is read from, in start rules.

use super::{held_against_a_starter, refuted_by_a_rule_that_pins_nothing};

/// What is asked for is paid if it is under the limit of a policy, or if somebody above says so. `amount` is what is compared with the
/// limit, `judged` what is approved, and `pay` what is paid.
fn claimed(params: &str, amount: &str, judged: &str, pay: &str) -> String {
    format!(
        r#"connector fin {{
  resource Policy {{ name: text exact }} audience staff
  resource Invoice {{ id: text exact }} audience staff
  resource Account {{ payee: text exact }} audience staff
  type Claim {{ payee: text, amount: int }}
  action policy(name: text) -> {{ limit: int }} {{ effect read
    attests
    changes nothing
    reads Policy(name)
    about Policy(name)
    measured by nothing
    repeat idempotent }}
  action invoice(id: text) -> {{ id: text, amount: int }} {{ effect read
    attests
    changes nothing
    reads Invoice(id)
    about Invoice(id)
    measured by nothing
    shows id
    result.id is id
    repeat idempotent }}
  action quote(payee: text, amount: int) -> {{ amount: int }} {{ effect read
    attests
    changes nothing
    reads nothing
    result.amount is amount
    repeat idempotent }}
  action pay(payee: text, amount: int) {{ effect pay
    irreversible
    changes Account(payee) from amount
    reads nothing
    final payee, amount
    repeat manual }}
  action settle(id: text) {{ effect pay
    irreversible
    changes some Account from Invoice(id)
    reads Invoice(id)
    final id
    repeat manual }}
}}
workflow checked({params}) {{
  agent a, b, c
  separate roles a, b, c
  assume nobody else changes every fin.Policy because "policies change once a year"
  assume nobody else changes every fin.Invoice because "invoices are locked"
  step claim by a {{ submit order: fin.Claim
    outcome done }}
  step look by b after claim.done {{ may fin.policy(policy) max 3 as p
    may fin.{amount} max 3 as q
    outcome done if p and q
    outcome no -> end }}
  step first by c after look.done {{ {judged}
    outcome no -> end }}
  step over by c after first.ok when look.q.amount > look.p.limit {{ {judged}
    outcome no -> end }}
  step pay by b after first.ok and (over.ok or look.q.amount <= look.p.limit) {{
    may fin.{pay} once per run as paid
    outcome done auto when paid -> end
    outcome no -> end }}
}}
"#
    )
}

/// Which limit counts is decided by whoever names what it is read from, unless that is what the run is about.
#[test]
fn what_a_limit_is_read_from_is_not_the_starter_s_to_name() {
    let says = ["XP0627", "`policy` freely", "nothing that is made final comes from it"];
    let claim = claimed(
        "policy: text",
        "quote(claim.order.payee, claim.order.amount)",
        "outcome ok of claim.order",
        "pay(claim.order.payee, claim.order.amount)",
    );
    refuted_by_a_rule_that_pins_nothing(&claim).says(&says);
    let pinned = "params = { policy = \"travel\" }\n";
    held_against_a_starter(&claim, ("a", "b"), "audit", pinned).exits(0);
    // The invoice that is paid is what the run is for.
    let judged = "may fin.invoice(id) max 3 as seen\n    outcome ok of id if seen";
    let invoice = claimed("policy: text, id: text", "invoice(id)", judged, "settle(id)");
    let ran = refuted_by_a_rule_that_pins_nothing(&invoice).says(&says);
    assert!(!ran.talk.contains("`id` freely"), "{ran}");
    // Another invoice than the one that is paid decides as the policy does.
    let bill = judged.replace("id)", "bill)").replace("of id", "of bill");
    let other = claimed("policy: text, id: text, bill: text", "invoice(id)", &bill, "settle(bill)");
    refuted_by_a_rule_that_pins_nothing(&other).says(&["`id` freely", "`policy` freely"]);
}

/// A word or a truth that is read from what the starter names decides as a limit does.
#[test]
fn what_a_choice_is_read_from_is_not_the_starter_s_to_name() {
    let asks = |source: &str| source.replace("-> { limit: int }", "-> { strict: bool }");
    let claim = claimed(
        "policy: text",
        "quote(claim.order.payee, claim.order.amount)",
        "outcome ok of claim.order",
        "pay(claim.order.payee, claim.order.amount)",
    );
    let by_a_truth = asks(&claim)
        .replace("when look.q.amount > look.p.limit", "when look.p.strict")
        .replace("look.q.amount <= look.p.limit", "look.p.strict is false");
    refuted_by_a_rule_that_pins_nothing(&by_a_truth).says(&["XP0627", "`policy` freely"]);
    let pinned = "params = { policy = \"travel\" }\n";
    held_against_a_starter(&by_a_truth, ("a", "b"), "audit", pinned).exits(0);
}

/// Where nothing is final, the run is about what its uses alter.
#[test]
fn a_limit_counts_where_nothing_is_made_final() {
    let claim = claimed(
        "policy: text",
        "quote(claim.order.payee, claim.order.amount)",
        "outcome ok of claim.order",
        "pay(claim.order.payee, claim.order.amount)",
    );
    let open = claim.replace("    final payee, amount\n", "");
    assert_ne!(claim, open);
    refuted_by_a_rule_that_pins_nothing(&open).says(&["XP0627", "`policy` freely"]);
    // The account that is paid to has a limit of its own.
    let about = open.replace("fin.pay(claim.order.payee,", "fin.pay(policy,");
    held_against_a_starter(&about, ("a", "b"), "audit", "").exits(0);
}

/// Whoever says which of the rules is removed by which something is measured has decided the measurement.
#[test]
fn what_is_removed_from_what_measures_is_not_the_starter_s_to_name() {
    let workflow = r#"connector fin {
  resource Policy { name: text exact } audience staff
  resource Rule in Policy { id: text exact } audience staff
  resource Account { payee: text exact } audience staff
  type Claim { payee: text, amount: int }
  action remove(policy: text, id: text) { effect write
    changes nothing
    removes Rule(policy, id)
    reads nothing
    repeat idempotent }
  action check(policy: text, amount: int) -> { ok: bool } { effect read
    attests
    changes nothing
    reads every Rule in Policy(policy)
    measured by amount, every Rule in Policy(policy)
    repeat idempotent }
  action pay(payee: text, amount: int) { effect pay
    irreversible
    changes Account(payee) from amount
    reads nothing
    final payee, amount
    repeat manual }
}
workflow checked(rule: text) {
  agent a, b, c
  separate roles a, b, c
  assume nobody else changes fin.Policy(any) because "ours"
  step claim by a { submit order: fin.Claim
    outcome done }
  step set by b after claim.done { may fin.remove("x", rule) once per run as n
    outcome done auto when n }
  step look by b after set.done { may fin.check("x", claim.order.amount) max 3 as p
    outcome done if p }
  step approve by c after look.done { outcome ok of claim.order
    outcome no -> end }
  step pay by b after approve.ok when look.p.ok {
    may fin.pay(claim.order.payee, claim.order.amount) once per run as paid
    outcome done auto when paid -> end
    outcome no -> end }
  finish when approve.ok
}
"#;
    refuted_by_a_rule_that_pins_nothing(workflow).says(&["XP0627", "`rule` freely"]);
}
