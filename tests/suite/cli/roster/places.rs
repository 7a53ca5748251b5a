//! Where in a thing something is put.

use super::{
    held_against_a_rule_that_pins_nothing, held_against_a_starter, refuted_by_a_rule_that_pins_nothing,
};

/// Which line of an order is set to nothing decides what the order is, whatever is put into the line.
#[test]
fn where_in_a_final_thing_something_is_put_is_the_starter_s() {
    let workflow = |line: &str, judge: &str, last: &str| {
        format!(
            r#"connector shop {{
  resource Order {{ id: text exact }} audience staff
  resource Line in Order {{ number: int exact }} audience staff
  action create(title: text) -> {{ id: text }} {{ effect write
    changes nothing
    makes Order(result.id) from title
    reads nothing
    result.id from nothing
    repeat manual }}
  action set(order: text, number: int, quantity: int) {{ effect write
    changes Line(order, number) from quantity
    reads nothing
    repeat idempotent }}
  action read(id: text) -> {{ id: text, text: text }} {{ effect read
    shows id
    changes nothing
    reads Order(id)
    result.id is id
    result.text from Order(id)
    repeat idempotent }}
  action send(id: text) {{ effect pay
    irreversible
    final id
    changes nothing
    reads Order(id)
    repeat manual }}
}}
workflow checked(line: int) {{
  agent a, b
  separate roles a, b
  assume nobody else changes every shop.Order because "no other account writes there"
  step p by a {{ may shop.create("week 7") once per run as order
    outcome done auto when order }}
  step c by a after p.done {{ may shop.set(p.order.id, {line}, 0) max 3
    outcome done }}
{judge}  step go by a after {last} {{ may shop.send(p.order.id) once per run as sent
    outcome done auto when sent }}
}}
"#
        )
    };
    refuted_by_a_rule_that_pins_nothing(&workflow("line", "", "c.done")).says(&[
        "XP0627",
        "`line`",
        "`shop.send` makes it final",
    ]);
    let written = held_against_a_rule_that_pins_nothing(&workflow("7", "", "c.done"));
    assert!(!written.talk.contains("XP0627"), "{written}");
    let judge = "  step l by b after c.done { may shop.read(p.order.id) max 3 as t
    outcome ok of p.order.id if t
    outcome no -> end }\n";
    let judged = workflow("line", judge, "l.ok");
    held_against_a_starter(&judged, ("a", "b"), "purchase", "").exits(0);
    held_against_a_starter(&judged, ("a", "b"), "sales", "").exits(3).says(&["`line`", "judge it"]);
}
