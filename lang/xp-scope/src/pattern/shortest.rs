//! Shortest texts through a graph that is made while it is walked.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;

/// States a search may make before it gives up.
const MAX_STATES: usize = 20_000;
/// Steps from one place of a pattern to the next a search may take before it gives up.
const MAX_STEPS: usize = 4_000_000;

/// The search gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooComplex;

/// Dijkstra's search; the cost of a text is its bytes.
pub(crate) struct Shortest<S> {
    limit: usize,
    steps: usize,
    nodes: Vec<Node<S>>,
    best: HashMap<S, usize>,
    queue: BinaryHeap<Reverse<(usize, usize)>>,
}

struct Node<S> {
    state: S,
    parent: Option<usize>,
    piece: String,
    cost: usize,
}

impl<S: Clone + Eq + Hash> Shortest<S> {
    /// From this state; texts over `limit` bytes are not followed.
    pub(crate) fn new(start: S, limit: usize) -> Self {
        let node = Node { state: start.clone(), parent: None, piece: String::new(), cost: 0 };
        Self {
            limit,
            steps: 0,
            nodes: vec![node],
            best: HashMap::from([(start, 0)]),
            queue: BinaryHeap::from([Reverse((0, 0))]),
        }
    }

    /// The next state, nearest first, each once.
    pub(crate) fn next(&mut self) -> Option<(usize, S)> {
        while let Some(Reverse((cost, id))) = self.queue.pop() {
            let Some(node) = self.nodes.get(id) else { continue };
            if self.best.get(&node.state) == Some(&cost) && node.cost == cost {
                // Two equally short ways to one state leave two entries; the first to come out closes it.
                self.best.insert(node.state.clone(), usize::MAX);
                return Some((id, node.state.clone()));
            }
        }
        None
    }

    /// Counts work that is about to be done.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), TooComplex> {
        self.steps += steps;
        if self.steps > MAX_STEPS { Err(TooComplex) } else { Ok(()) }
    }

    /// There is a way from a node to a state by this piece of text.
    pub(crate) fn reach(&mut self, from: usize, piece: &str, state: S) -> Result<(), TooComplex> {
        let cost = self.nodes.get(from).map_or(0, |node| node.cost) + piece.len();
        let known = self.best.get(&state).copied();
        // A closed state carries `MAX` and was reached by a shorter way.
        if cost > self.limit || known.is_some_and(|known| known <= cost || known == usize::MAX) {
            return Ok(());
        }
        if self.nodes.len() == MAX_STATES {
            return Err(TooComplex);
        }
        self.best.insert(state.clone(), cost);
        self.queue.push(Reverse((cost, self.nodes.len())));
        self.nodes.push(Node { state, parent: Some(from), piece: piece.to_owned(), cost });
        Ok(())
    }

    /// The text that leads to a node.
    pub(crate) fn text(&self, id: usize) -> String {
        let mut pieces = Vec::new();
        let mut next = Some(id);
        while let Some(node) = next.and_then(|id| self.nodes.get(id)) {
            pieces.push(node.piece.as_str());
            next = node.parent;
        }
        pieces.into_iter().rev().collect()
    }
}
