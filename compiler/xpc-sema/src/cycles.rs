//! Steps that wait for each other.

use std::collections::{HashMap, HashSet, VecDeque};

use petgraph::graph::{DiGraph, NodeIndex};
use xp_artifact::workflow::StepId;
use xp_diagnostics::{Diagnostic, codes};

use crate::edges::{Edge, Edges};
use crate::problems::Problems;
use crate::symbols::Context;

/// Labels drawn of a long cycle.
const LABELS: usize = 12;

/// Reports a shortest cycle of each knot; true when there is none.
pub fn check(context: &Context<'_>, edges: &Edges, order: &[StepId], problems: &mut Problems) -> bool {
    if order.len() == edges.len() {
        return true;
    }
    let ordered: HashSet<StepId> = order.iter().copied().collect();
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(edges.len(), edges.len());
    for _ in 0..edges.len() {
        graph.add_node(());
    }
    let unordered = (0..edges.len()).map(StepId::of).filter(|step| !ordered.contains(step));
    for step in unordered {
        for edge in edges.of(step) {
            graph.add_edge(NodeIndex::new(edge.from.index()), NodeIndex::new(step.index()), ());
        }
    }
    // Iterative, unlike Tarjan's as the library has it: a cycle can be as long as the workflow.
    let mut knots = petgraph::algo::kosaraju_scc(&graph);
    for knot in &mut knots {
        knot.sort_unstable();
    }
    knots.sort_unstable();
    for knot in knots {
        let Some(start) = knot.first().map(|node| StepId::of(node.index())) else { continue };
        let within: HashSet<StepId> = knot.iter().map(|node| StepId::of(node.index())).collect();
        if let Some(cycle) = through(start, edges, &within) {
            problems.push(draw(context, &cycle));
        }
    }
    false
}

/// A shortest way from a step over what it waits for back to itself: each step with the edge that makes it wait.
fn through<'e>(start: StepId, edges: &'e Edges, within: &HashSet<StepId>) -> Option<Vec<(StepId, &'e Edge)>> {
    let mut came: HashMap<StepId, (StepId, &Edge)> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(here) = queue.pop_front() {
        for edge in edges.of(here) {
            if edge.from == start {
                let mut path = vec![(here, edge)];
                let mut back = here;
                while back != start {
                    let (waiter, by) = came.get(&back)?;
                    path.push((*waiter, *by));
                    back = *waiter;
                }
                path.reverse();
                return Some(path);
            }
            if within.contains(&edge.from) && !came.contains_key(&edge.from) {
                came.insert(edge.from, (here, edge));
                queue.push_back(edge.from);
            }
        }
    }
    None
}

fn draw(context: &Context<'_>, cycle: &[(StepId, &Edge)]) -> Diagnostic {
    let name = |step: StepId| context.names.step_name(step);
    let Some(((first, edge), rest)) = cycle.split_first() else {
        return Diagnostic::error(codes::CYCLE, "steps wait for each other");
    };
    if rest.is_empty() {
        return Diagnostic::error(codes::CYCLE, format!("step `{}` waits for itself", name(*first)))
            .at(edge.span);
    }
    let shown = cycle.iter().take(LABELS).map(|(step, _)| name(*step)).collect::<Vec<_>>().join(" → ");
    let more = if cycle.len() > LABELS { " → …" } else { "" };
    let mut fault = Diagnostic::error(
        codes::CYCLE,
        format!("step `{}` waits for itself: {shown}{more} → {}", name(*first), name(*first)),
    )
    .at(edge.span);
    for (step, edge) in cycle.iter().take(LABELS) {
        fault = fault.label(
            edge.span,
            format!("`{}` waits for `{}` because of `{}`", name(*step), name(edge.from), edge.text),
        );
    }
    fault.help("take one of these away; a step that is to be repeated is opened again by `-> reopen`")
}
