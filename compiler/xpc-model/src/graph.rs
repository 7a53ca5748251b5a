//! Who depends on whom, as a graph that can be ordered.

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::unionfind::UnionFind;
use petgraph::visit::EdgeRef as _;
use xp_artifact::depends;
use xp_artifact::workflow::{StepId, Workflow};

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
        for (index, sources) in depends::needs(workflow).into_iter().enumerate() {
            for source in sources {
                graph.add_edge(NodeIndex::new(source.index()), NodeIndex::new(index), ());
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

    /// By step: a number that it shares with exactly the steps it hangs together with, in whatever direction.
    #[must_use]
    pub fn components(&self) -> Vec<usize> {
        let mut joined = UnionFind::new(self.graph.node_count());
        for edge in self.graph.edge_references() {
            joined.union(edge.source().index(), edge.target().index());
        }
        joined.into_labeling()
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
