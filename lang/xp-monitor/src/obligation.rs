//! What a safety question asks, as data: live maps of one run, what lies between them, and a predicate over them.
//!
//! The question is answered yes if no run has moments with these maps at which some case holds. A live map is what a run
//! looks like between two events: which steps are settled with which outcomes, and which results have values.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use xp_artifact::workflow::{Atom, Datum, Formula, LoopId, StepId};

use crate::fact::GrantAt;

/// Number of a map, from 0 for the earliest.
pub type MapIx = u8;

/// Number of a node of an [`Obligation`].
pub type NodeIx = u32;

/// A safety question over live maps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// How many maps it speaks of, at least 1.
    pub maps: u8,
    /// Pairs of maps of which the second comes later, or is the same; only these loops fired in between.
    pub later: Vec<Later>,
    /// The predicate's parts. Invariant: a node names only nodes before it.
    pub nodes: Vec<Node>,
    /// The ways in which the question is violated; none of them may hold.
    pub cases: Vec<Case>,
}

impl Obligation {
    /// The obligation that none of these cases holds, in their order, with the nodes that they are made of.
    #[must_use]
    pub fn of_cases(&self, cases: &[usize]) -> Self {
        let cases: Vec<&Case> = cases.iter().filter_map(|case| self.cases.get(*case)).collect();
        let mut wanted = BTreeSet::new();
        let mut open: Vec<NodeIx> = cases.iter().map(|case| case.node).collect();
        while let Some(here) = open.pop() {
            if wanted.insert(here)
                && let Some(node) = self.nodes.get(here as usize)
            {
                open.extend(node.parts());
            }
        }
        let numbers: BTreeMap<NodeIx, NodeIx> = wanted.iter().copied().zip(0..).collect();
        let number = |node: NodeIx| numbers.get(&node).copied().unwrap_or(NodeIx::MAX);
        let nodes = wanted.iter().filter_map(|node| self.nodes.get(*node as usize));
        Self {
            maps: self.maps,
            later: self.later.clone(),
            nodes: nodes.map(|node| node.with(&number)).collect(),
            cases: cases
                .into_iter()
                .map(|case| Case { node: number(case.node), label: case.label.clone() })
                .collect(),
        }
    }
}

/// The order of two maps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// The earlier one.
    pub from: MapIx,
    /// The later one.
    pub to: MapIx,
    /// Loops that may fire in between; none says all.
    pub loops: Option<Vec<LoopId>>,
}

/// A part of a predicate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// The step is open.
    Open(MapIx, StepId),
    /// The step is open or settled.
    Begun(MapIx, StepId),
    /// The step is settled with one of these outcomes.
    Settled(MapIx, Vec<Atom>),
    /// The grant can be used: its step is open and all that its pins name has a value.
    Use(MapIx, GrantAt),
    /// As `Use`, or it could before its step settled.
    Used(MapIx, GrantAt),
    /// The result of the grant is the one that later steps see.
    Bound(MapIx, GrantAt),
    /// The step is open and the outcome can come about.
    Enabled(MapIx, Atom),
    /// The formula holds.
    Holds(MapIx, Formula),
    /// The datum has a value.
    Has(MapIx, Datum),
    /// The step's guard holds only because of one of these outcomes.
    Rests(MapIx, StepId, Vec<Atom>),
    /// Between the two maps the step was not opened again.
    SameOpening(MapIx, MapIx, StepId),
    /// The limit per run of the grant leaves a use at the later map though it was used by the earlier one.
    Left(MapIx, GrantAt),
    /// Not this.
    Not(NodeIx),
    /// All of these.
    All(Vec<NodeIx>),
    /// Some of these.
    Any(Vec<NodeIx>),
}

impl Node {
    /// The nodes that it is made of.
    fn parts(&self) -> Vec<NodeIx> {
        match self {
            Self::Not(part) => vec![*part],
            Self::All(parts) | Self::Any(parts) => parts.clone(),
            _ => Vec::new(),
        }
    }

    /// The same with other numbers for its parts.
    fn with(&self, number: &impl Fn(NodeIx) -> NodeIx) -> Self {
        let each = |parts: &[NodeIx]| parts.iter().map(|part| number(*part)).collect();
        match self {
            Self::Not(part) => Self::Not(number(*part)),
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            other => other.clone(),
        }
    }
}

/// A way in which a question is violated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// When it is.
    pub node: NodeIx,
    /// What it is about.
    pub label: Label,
}

/// What a case is about: who uses what at which moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Number of the evidence, where the question is about some.
    pub evidence: Option<u32>,
    /// The uses that break it, each with the map in which it is made, in their order.
    pub uses: Vec<(MapIx, GrantAt)>,
    /// The use that changes what the evidence is about, where the question is about some.
    pub changer: Option<GrantAt>,
    /// The final use after a change, where it takes one to break it.
    pub last: Option<GrantAt>,
    /// Outcomes one of which has to be taken in the last map for it to be broken.
    pub taken: Vec<Atom>,
}

/// Builds obligations; equal nodes are made once.
#[derive(Debug, Default)]
pub struct Builder {
    obligation: Obligation,
    known: std::collections::HashMap<Node, NodeIx>,
}

impl Builder {
    /// Over so many maps, each later than the one before or the same.
    #[must_use]
    pub fn new(maps: u8) -> Self {
        let later = (1..maps).map(|to| Later { from: to - 1, to, loops: None }).collect();
        Self { obligation: Obligation { maps, later, ..Obligation::default() }, ..Self::default() }
    }

    /// A part.
    pub fn node(&mut self, node: Node) -> NodeIx {
        if let Some(known) = self.known.get(&node) {
            return *known;
        }
        let number = NodeIx::try_from(self.obligation.nodes.len()).unwrap_or(NodeIx::MAX);
        self.obligation.nodes.push(node.clone());
        self.known.insert(node, number);
        number
    }

    /// Not this.
    pub fn not(&mut self, node: NodeIx) -> NodeIx {
        self.node(Node::Not(node))
    }

    /// All of these.
    pub fn all(&mut self, nodes: Vec<NodeIx>) -> NodeIx {
        match nodes.as_slice() {
            [one] => *one,
            _ => self.node(Node::All(nodes)),
        }
    }

    /// Some of these.
    pub fn any(&mut self, nodes: Vec<NodeIx>) -> NodeIx {
        match nodes.as_slice() {
            [one] => *one,
            _ => self.node(Node::Any(nodes)),
        }
    }

    /// A way to violate the question.
    pub fn case(&mut self, node: NodeIx, label: Label) {
        self.obligation.cases.push(Case { node, label });
    }

    /// What was built.
    #[must_use]
    pub fn end(self) -> Obligation {
        self.obligation
    }
}
