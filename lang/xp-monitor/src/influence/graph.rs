//! The edges of a workflow along which content and knowledge travel, backwards.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::order::Order;
use xp_artifact::question::Secret;
use xp_artifact::things::Terms;
use xp_artifact::workflow::{Datum, RoleId, StepId, Workflow};
use xp_scope::thing::{Class, Term};

use super::edge::{Edge, Node, Told};
use super::named::ByName;
use super::shown::{Shown, Untold, shown};
use crate::fact::GrantAt;

/// Where the ways begin that are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// What strangers may have written.
    Strangers,
    /// What is in these things, read or copied.
    Things(Secret),
}

/// Where names may be by which content is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LookedUp {
    Unasked,
    /// While it is asked, every name is followed.
    Asking,
    At(HashSet<Node>),
}

/// Uses of grants that alter a thing, with what goes into it there, and whether the declaration says so; one entry for each
/// clause, of which an action may have several about one thing.
type Alterations = Vec<(GrantAt, Vec<Source>, bool)>;

/// A datum, and the steps in which a judge of it can look at what it names.
pub(super) type Looks = (Datum, Vec<StepId>);

/// The edges of one workflow, made as they are asked for.
#[derive(Debug)]
pub struct Graph<'w> {
    pub(super) workflow: &'w Workflow,
    /// The things in which ways begin; none where they begin with strangers.
    pub(super) secret: Option<Term>,
    /// Where something that the run makes may be one of them.
    pub(super) by_name: ByName,
    /// Nobody outside of the run is a reader of them.
    pub(super) narrowed: bool,
    pub(super) terms: Terms<'w>,
    pub(super) order: Order<'w>,
    pub(super) altered: Vec<(Term, Alterations)>,
    /// By role: what it is shown, wherever.
    pub(super) shown: BTreeMap<RoleId, Vec<Shown>>,
    /// Terms that were read so that the names of things are read, too.
    pub(super) listed: HashSet<Term>,
    /// By term that is read: the altered ones that it may meet, with what that is worth.
    pub(super) met: HashMap<Term, Vec<(usize, Class)>>,
    /// By datum: whether it is a mere name.
    pub(super) mere: HashMap<Datum, bool>,
    /// By what is read: the datum that names it, with the steps in which a judge of that can look at it.
    pub(super) looked_at: HashMap<(GrantAt, ThingExpr), Option<Looks>>,
    /// Where names may be by which content is read, once that is asked.
    pub(super) looked_up: LookedUp,
}

impl<'w> Graph<'w> {
    /// Of a workflow, with where ways begin.
    #[must_use]
    pub fn of(workflow: &'w Workflow, origin: &Origin) -> Self {
        let mut terms = Terms::of(workflow);
        let mut numbers: HashMap<Term, usize> = HashMap::new();
        let mut altered: Vec<(Term, Alterations)> = Vec::new();
        for at in workflow.grants() {
            let Some((_, action)) = workflow.granted(at) else { continue };
            let made = action.clauses.makes.iter().map(|making| {
                let content = action.clauses.content_of(action.params.len(), making);
                (terms.made(at.0, at.1, making), content, making.from.is_some())
            });
            let mut all: Vec<(Term, Vec<Source>, bool)> = made.collect();
            for expr in &action.clauses.changes {
                let content = action.clauses.put_into(action.params.len(), expr);
                all.push((terms.term(at.0, at.1, expr), content, action.clauses.says_what_is_put_into(expr)));
            }
            for expr in &action.clauses.removes {
                // Unsaid, but nothing more can be said.
                all.push((
                    terms.term(at.0, at.1, expr),
                    action.clauses.everything(action.params.len()),
                    true,
                ));
            }
            for (term, sources, said) in all {
                let number = *numbers.entry(term.clone()).or_insert_with(|| {
                    altered.push((term, Vec::new()));
                    altered.len() - 1
                });
                if let Some((_, uses)) = altered.get_mut(number) {
                    uses.push((at, sources, said));
                }
            }
        }
        let order = Order::of(workflow);
        // By the names that all terms here have; what is read may be read in another opening, with other values.
        let (secret, by_name) = match origin {
            Origin::Strangers => (None, ByName::default()),
            Origin::Things(things) => {
                let secret = terms.written(&things.thing, &things.given);
                (Some(terms.at_another_time(&secret, order.reopened())), ByName::of(workflow, things))
            }
        };
        let shown = shown(workflow);
        Self {
            workflow,
            secret,
            by_name,
            narrowed: false,
            terms,
            order,
            altered,
            shown,
            listed: HashSet::new(),
            met: HashMap::new(),
            mere: HashMap::new(),
            looked_at: HashMap::new(),
            looked_up: LookedUp::Unasked,
        }
    }

    /// With nobody outside of the run for a reader of the things in which ways begin.
    #[must_use]
    pub fn narrowed(mut self) -> Self {
        self.narrowed = true;
        self
    }

    /// The shortest way from the origin to one of the nodes, along edges of this worth at most that `passes` lets pass, in the
    /// order in which it is gone. None if there is no such way.
    ///
    /// # Errors
    /// Those of `passes`.
    pub fn way<E>(
        &mut self,
        to: impl IntoIterator<Item = Node>,
        worth: Class,
        mut passes: impl FnMut(&Edge) -> Result<bool, E>,
    ) -> Result<Option<Vec<Edge>>, E> {
        let mut seen: HashMap<Node, Option<Edge>> = HashMap::new();
        let mut open: VecDeque<Node> = VecDeque::new();
        for node in to {
            if seen.insert(node.clone(), None).is_none() {
                open.push_back(node);
            }
        }
        let mut untold = Untold::new(self.shown.clone());
        let mut things = Told::new();
        while let Some(here) = open.pop_front() {
            if self.begins(&here, worth) {
                return Ok(Some(back(&seen, here)));
            }
            for (shown_to, edge) in self.edges(&here, worth, &mut untold, &mut things) {
                if edge.class > worth || seen.contains_key(&edge.from) {
                    continue;
                }
                if passes(&edge)? {
                    open.push_back(edge.from.clone());
                    seen.insert(edge.from.clone(), Some(edge));
                } else if let (Some(shown_to), Node::Mind(role, _)) = (shown_to, &edge.to) {
                    untold.refuse(*role, shown_to, Shown { from: edge.from, at: edge.at, datum: edge.datum });
                }
            }
        }
        Ok(None)
    }

    fn begins(&self, node: &Node, worth: Class) -> bool {
        match node {
            Node::Strangers(_) => true,
            Node::Thing(term, _) | Node::Changed(term, ..) => self.is_secret(term, worth),
            Node::Datum(_) | Node::Mind(..) | Node::Use(_) | Node::Elsewhere(..) => false,
        }
    }

    /// Ways begin in things.
    pub(super) fn follows_things(&self) -> bool {
        self.secret.is_some()
    }
}

/// The way from a node to where the search began.
fn back(seen: &HashMap<Node, Option<Edge>>, from: Node) -> Vec<Edge> {
    let (mut way, mut here) = (Vec::new(), from);
    while let Some(Some(edge)) = seen.get(&here) {
        here = edge.to.clone();
        way.push(edge.clone());
    }
    way
}
