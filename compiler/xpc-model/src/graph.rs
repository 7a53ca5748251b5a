//! Who depends on whom.

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Bfs, Reversed};
use xp_artifact::workflow::{Datum, Expr, Formula, Grant, Pin, StepId, TemplatePart, Workflow};

/// Steps as nodes; an edge from each step to those that wait for it or name its data.
#[derive(Clone, Debug)]
pub struct Dependencies {
    graph: DiGraph<StepId, ()>,
}

impl Dependencies {
    /// Of a workflow; names of missing steps add nothing.
    #[must_use]
    pub fn of(workflow: &Workflow) -> Self {
        let mut graph = DiGraph::new();
        for index in 0..workflow.steps.len() {
            graph.add_node(StepId::of(index));
        }
        for (index, step) in workflow.steps.iter().enumerate() {
            let mut sources = Vec::new();
            formula_steps(&step.after, &mut sources);
            for grant in &step.grants {
                sources.extend(grant_data(grant).filter_map(|datum| datum.root.step()));
            }
            for outcome in &step.outcomes {
                sources.extend(outcome.of.iter().filter_map(|datum| datum.root.step()));
            }
            sources.sort_unstable();
            sources.dedup();
            for source in sources {
                if source.index() < workflow.steps.len() {
                    graph.add_edge(NodeIndex::new(source.index()), NodeIndex::new(index), ());
                }
            }
        }
        Self { graph }
    }

    /// Steps in an order in which each comes after all it depends on; or a cycle, in order along it.
    ///
    /// # Errors
    /// The steps of one cycle.
    pub fn order(&self) -> Result<Vec<StepId>, Vec<StepId>> {
        match petgraph::algo::toposort(&self.graph, None) {
            Ok(order) => Ok(order.into_iter().map(|node| StepId::of(node.index())).collect()),
            Err(cycle) => Err(self.cycle_through(cycle.node_id())),
        }
    }

    /// What a step depends on directly, in id order.
    #[must_use]
    pub fn needs(&self, step: StepId) -> Vec<StepId> {
        if step.index() >= self.graph.node_count() {
            return Vec::new();
        }
        let sources =
            self.graph.neighbors_directed(NodeIndex::new(step.index()), petgraph::Direction::Incoming);
        let mut found: Vec<StepId> = sources.map(|node| StepId::of(node.index())).collect();
        found.sort_unstable();
        found
    }

    /// Everything downstream of a step, itself excluded (unless it is on a cycle), in id order.
    #[must_use]
    pub fn downstream(&self, step: StepId) -> Vec<StepId> {
        let mut bfs = Bfs::new(&self.graph, NodeIndex::new(step.index()));
        let mut found = Vec::new();
        while let Some(node) = bfs.next(&self.graph) {
            if node.index() != step.index() {
                found.push(StepId::of(node.index()));
            }
        }
        found.sort_unstable();
        found
    }

    /// Everything upstream of a step, itself excluded, in id order.
    #[must_use]
    pub fn upstream(&self, step: StepId) -> Vec<StepId> {
        let reversed = Reversed(&self.graph);
        let mut bfs = Bfs::new(reversed, NodeIndex::new(step.index()));
        let mut found = Vec::new();
        while let Some(node) = bfs.next(reversed) {
            if node.index() != step.index() {
                found.push(StepId::of(node.index()));
            }
        }
        found.sort_unstable();
        found
    }

    fn cycle_through(&self, node: NodeIndex) -> Vec<StepId> {
        let component =
            petgraph::algo::tarjan_scc(&self.graph).into_iter().find(|nodes| nodes.contains(&node));
        let Some(component) = component else { return vec![StepId::of(node.index())] };
        let mut path = vec![node];
        let mut here = node;
        loop {
            let next = self
                .graph
                .neighbors(here)
                .filter(|next| component.contains(next))
                .min_by_key(|next| (path.contains(next) && *next != node, next.index()));
            match next {
                Some(next) if next == node || path.contains(&next) => break,
                Some(next) => {
                    path.push(next);
                    here = next;
                }
                None => break,
            }
        }
        path.into_iter().map(|node| StepId::of(node.index())).collect()
    }
}

/// The steps a formula names, as often as it names them.
fn formula_steps(formula: &Formula, found: &mut Vec<StepId>) {
    match formula {
        Formula::Is(atom) => found.push(atom.step),
        Formula::All(parts) | Formula::Any(parts) => {
            for part in parts {
                formula_steps(part, found);
            }
        }
    }
}

/// Every datum the pins of a grant name.
pub fn grant_data(grant: &Grant) -> impl Iterator<Item = &Datum> {
    grant.pins.iter().flat_map(|pin| match pin {
        Pin::Is(expr) | Pin::OneOf { set: expr, .. } => expr_data(expr),
        Pin::Within(_) | Pin::Content { .. } | Pin::Any => Vec::new(),
    })
}

/// Every datum an expression names.
#[must_use]
pub fn expr_data(expr: &Expr) -> Vec<&Datum> {
    match expr {
        Expr::Literal(_) => Vec::new(),
        Expr::Datum(datum) => vec![datum],
        Expr::Template(parts) => parts
            .iter()
            .filter_map(|part| match part {
                TemplatePart::Datum(datum) => Some(datum),
                TemplatePart::Text(_) => None,
            })
            .collect(),
    }
}
