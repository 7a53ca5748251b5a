//! What a use of a grant takes from somewhere that a starter must not choose freely.

use std::collections::{BTreeMap, BTreeSet};

use xp_scope::Type;
use xp_scope::thing::{Audience, Immutable, Kind};

use super::{GrantAt, Why};
use crate::content::{holds, measured_with};
use crate::declaration::{Source, ThingExpr};
use crate::judgement::Finals;
use crate::named;
use crate::passing::{Passing, choosing, named_by, passing, pinned};
use crate::workflow::{Datum, Expr, Guard, Pin, Step, Workflow};

/// What a use of a grant takes from somewhere that a starter must not choose freely.
pub(super) struct Asked {
    pub(super) from: Taken,
    pub(super) why: Why,
    /// The argument that is made final, or names what is removed.
    pub(super) number: Option<u32>,
}

/// Where it takes that from.
pub(super) enum Taken {
    Passing(Passing),
    /// What is in a thing that a final argument names.
    Named {
        thing: ThingExpr,
        number: u32,
        /// The argument, where it is a datum.
        by: Option<Datum>,
    },
}

/// Fields of results that guards and conditions compare, by the grant that gives them.
pub(super) type Compared<'w> = BTreeMap<GrantAt, Vec<&'w [String]>>;

/// Of a workflow.
pub(super) fn compared(workflow: &Workflow) -> Compared<'_> {
    let mut found = Compared::new();
    let data = workflow
        .steps
        .iter()
        .flat_map(Step::compared)
        .chain(workflow.guards.iter().flat_map(Guard::compared));
    for (at, field) in data.filter_map(Datum::of_result) {
        found.entry(at).or_default().push(field);
    }
    found
}

pub(super) fn asked(
    workflow: &Workflow,
    read: &Compared<'_>,
    finals: &mut Finals<'_>,
    at: GrantAt,
) -> Vec<Asked> {
    let Some((grant, action)) = workflow.granted(at) else { return Vec::new() };
    let clauses = &action.clauses;
    let name = || format!("{}.{}", action.connector, action.name);
    let mut found = Vec::new();
    for expr in clauses.altered().chain(clauses.said_read()).chain(clauses.subjects()) {
        let Some(outermost) = expr.levels().first() else { continue };
        let Some(kind) = workflow.kinds.named(&outermost.kind).and_then(|kind| workflow.kinds.get(kind))
        else {
            continue;
        };
        if !is_container(workflow, kind) || has_one_audience(workflow, kind) {
            continue;
        }
        for passing in outermost.keys.iter().flat_map(|key| named_by(grant, action, key)) {
            found.push((passing, Why::Container(kind.name.clone())));
        }
    }
    if clauses.reads.is_none() {
        let anywhere = clauses.changes.contains(&ThingExpr::Anything);
        let may_name_a_container = |ty: &Type| {
            let mut kinds = workflow.kinds.iter().filter(|kind| kind.parents.is_empty());
            kinds.any(|kind| {
                is_container(workflow, kind)
                    && !has_one_audience(workflow, kind)
                    && kind.key.iter().any(|part| holds(workflow, ty, &part.ty))
            })
        };
        let passed = grant.pins.iter().zip(&action.params);
        let passed = passed.filter(|(_, param)| anywhere || may_name_a_container(&param.ty));
        let passed = passed.flat_map(|(pin, _)| pinned(pin, &[]));
        found.extend(passed.map(|passing| (passing, Why::Unsaid(name()))));
    }
    if action.attests {
        // With what the fields come from that conditions read, and where none does, with what it is measured by.
        let mut sources: Vec<Source> = Vec::new();
        for field in read.get(&at).into_iter().flatten().copied().chain([&[] as &[String]]) {
            let more = measured_with(workflow, action, field).into_iter();
            sources.extend(more.filter(|source| !sources.contains(source)).collect::<Vec<_>>());
        }
        for source in sources {
            let of = match &source {
                Source::Argument { .. } | Source::Field(_) => passing(workflow, grant, &source),
                // Which thing decides it is its name to say.
                Source::Thing(expr) => {
                    let named = choosing(workflow, grant, action, expr).into_iter();
                    named.chain([Passing::Thing(expr.clone())]).collect()
                }
            };
            found.extend(of.into_iter().map(|passing| (passing, Why::Instrument(name()))));
        }
    }
    let mut found: Vec<Asked> = found
        .into_iter()
        .map(|(passing, why)| Asked { from: Taken::Passing(passing), why, number: None })
        .collect();
    let final_with_content = finals.with_content(at);
    for number in finals.decided(at) {
        let Some(pin) = grant.pins.get(number as usize) else { continue };
        let passed = pinned(pin, &[]).into_iter().map(Taken::Passing);
        // What was put into what it names is made final with it; of what is removed, which one it is.
        let is_final = final_with_content.contains(&number);
        let by = if let Pin::Is(Expr::Datum(datum)) = pin { Some(datum) } else { None };
        let named = is_final.then(|| named::named_by(workflow, action, number));
        let named = named.into_iter().flatten();
        let named = named.map(|thing| Taken::Named { thing: thing.clone(), number, by: by.cloned() });
        found.extend(passed.chain(named).map(|from| Asked {
            from,
            why: Why::Final(name()),
            number: Some(number),
        }));
    }
    found
}

/// Things of other kinds lie in things of this one, and a run can act there: what is known by its content has all of that in it already.
fn is_container(workflow: &Workflow, kind: &Kind) -> bool {
    let holds_others = workflow.kinds.named(&kind.name).is_some_and(|kind| workflow.kinds.is_container(kind));
    kind.immutable != Some(Immutable::Content) && holds_others
}

/// All things of the kind, and all that lies in them, are said to have the same readers, each of their kind.
fn has_one_audience(workflow: &Workflow, kind: &Kind) -> bool {
    let same = |kind: &Kind| match &kind.audience {
        None => false,
        Some(Audience::Public) => true,
        Some(Audience::Groups(readers)) => readers.iter().all(|group| group.of.is_none()),
    };
    let (mut seen, mut open) = (BTreeSet::new(), vec![kind]);
    while let Some(kind) = open.pop() {
        if !same(kind) {
            return false;
        }
        let inside = workflow.kinds.iter().filter(|inner| inner.parents.contains(&kind.name));
        open.extend(inside.filter(|inner| seen.insert(inner.name.as_str())));
    }
    true
}
