//! What strangers wrote, or what is in things that are not for everybody, reaches a use only where a role judged it.
//!
//! A closed set of places: from the uses backwards along every edge of [`Graph`], without those at which the role's judgement of
//! what passes is in force in every live map, no stranger is met. A way that is met is carried out, and the monitor must say that
//! it breaks the property.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use xp_artifact::content::Contents;
use xp_artifact::declaration::ThingExpr;
use xp_artifact::order::Moment;
use xp_artifact::question::{Allowance, Question, Secret, Sinks, Status, Uses};
use xp_artifact::workflow::{Atom, Formula, RoleId, StepId};
use xp_diagnostics::{Diagnostic, Trace, codes};
use xp_monitor::influence::{Edge, Graph, Node, Origin, judging};
use xp_monitor::obligation::{Builder, Label, Node as Part};
use xp_scope::thing::{Class, Term};
use xpc_model::{Place, ProofObligation, Verdict};

use super::things::Things;
use super::{Context, Granted, MOST, exposed, possible, uses};
use crate::answer;
use crate::example::Example;
use crate::facts::{Facts, GrantAt};
use crate::moments::{Asking, Moments};
use crate::need::Need;
use crate::plan::{self, Act};
use crate::refute::Setting;
use crate::route::{Leg, Route};
use crate::steering::{self, Named, Steering, TRIED};
use crate::violation::Violation;
use crate::watching::{Concerned, Met, Watching};

/// Reopenings tried along a way.
const REOPENINGS: usize = 2;
/// Longer ways are only searched for on the machine.
const LONGEST: usize = 12;

pub(crate) fn through(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    of: &Uses,
    role: RoleId,
) -> Verdict {
    strangers(context, obligation, of, (role, false))
}

pub(crate) fn unexposed(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    of: &Uses,
    role: RoleId,
) -> Verdict {
    strangers(context, obligation, of, (role, true))
}

fn strangers(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    of: &Uses,
    (role, unexposed): (RoleId, bool),
) -> Verdict {
    let origin = Origin::Strangers;
    let graph = Graph::of(context.facts.w, &origin);
    let watched = Some(Question::Through(of.clone(), role));
    let what = "what strangers wrote".to_owned();
    let flow = Flow { origin, role: Some(role), others: false, unexposed, watched, what, told: None };
    ask(context, obligation, Some(of), possible(&context.session, of), (flow, graph))
}

pub(crate) fn private(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    secret: &Secret,
    sinks: &Sinks,
    role: Option<RoleId>,
) -> Verdict {
    let facts = context.facts;
    let origin = Origin::Things(secret.clone());
    let others = matches!(sinks, Sinks::Anybody(_));
    let mut graph = Graph::of(facts.w, &origin);
    if others {
        graph = graph.narrowed();
    }
    let allowed: &[Allowance] = if let Sinks::Anybody(allowed) = sinks { allowed } else { &[] };
    let mut assuming = Vec::new();
    let (of, found) = match sinks {
        Sinks::Uses(of) => (Some(of), possible(&context.session, of)),
        Sinks::Outsiders | Sinks::Anybody(_) => {
            let mut all: Vec<Granted<'_>> = facts.grants().map(|(at, grant)| Granted { at, grant }).collect();
            all.retain(|one| graph.leaves(one.at, Class::Silent));
            for one in allowed.iter().filter(|one| graph.is_among(&one.things)) {
                let before = all.len();
                all.retain(|granted| !uses::all_are(facts, granted, &one.uses));
                if all.len() < before {
                    assuming.push(format!(
                        "what is in `{}` may reach {}: {}",
                        one.things.text,
                        uses::words(&one.uses),
                        one.because
                    ));
                }
            }
            (None, uses::reachable(&context.session, all))
        }
    };
    let what = format!("what is in `{}`", secret.text);
    let told = |sinks: &[(Granted<'_>, Example<'_, '_>)]| {
        let mut told: Vec<GrantAt> = sinks.iter().map(|(granted, _)| granted.at).collect();
        told.retain(|at| of.is_some() || graph.leaves(*at, Class::Spelling));
        told
    };
    let told = found.as_deref().map(told).unwrap_or_default();
    let flow = Flow { origin, role, others, unexposed: false, watched: None, what, told: Some(told) };
    let mut verdict = ask(context, obligation, of, found, (flow, graph));
    if verdict.status == Status::Proved {
        verdict.assuming = assuming;
    }
    verdict
}

/// What is asked.
struct Flow {
    origin: Origin,
    /// Whose judgement of what passes cuts a way.
    role: Option<RoleId>,
    /// So does that of any role that made none of it, where it goes into the use itself.
    others: bool,
    /// The role must have been shown nothing else of it.
    unexposed: bool,
    /// What a monitor says of a way.
    watched: Option<Question>,
    /// What passes, in words.
    what: String,
    /// The uses of which the declarations say that something leaves there; all, if there are none.
    told: Option<Vec<GrantAt>>,
}

type Found<'f, 'm> = Result<Vec<(Granted<'m>, Example<'f, 'm>)>, String>;

fn ask<'f, 'm>(
    context: &Context<'f, 'm>,
    obligation: &ProofObligation,
    of: Option<&Uses>,
    found: Found<'f, 'm>,
    (flow, graph): (Flow, Graph<'m>),
) -> Verdict {
    let facts = context.facts;
    let found = match found {
        Ok(found) => found,
        Err(why) => return answer::unknown(why),
    };
    let Some((_, witness)) = found.first() else {
        return match of {
            Some(of) => uses::never_used(context, obligation, of),
            // Nothing leaves at all.
            None => answer::proved(),
        };
    };
    let sinks: Vec<Node> = found.iter().map(|(granted, _)| Node::Use(granted.at)).collect();
    let cuts = Cuts::of(context, flow.role, flow.others);
    let mut asked = Asked { context, obligation, flow, graph, cuts, met: OnceCell::new() };
    match asked.way(&sinks, Class::Silent) {
        Err(why) => answer::unknown(why),
        Ok(None) => {
            let because = asked.cuts.used.iter().map(|atom| Place::Outcome(*atom)).collect();
            let mut verdict = answer::proved_by(because, Some(witness.in_order(facts)));
            let exposed = asked.exposed(Class::Silent);
            if exposed.is_empty() {
                return verdict;
            }
            if asked.flow.unexposed {
                return asked.refute_unexposed(&exposed);
            }
            verdict.notes = asked.notes(&exposed);
            verdict
        }
        Ok(Some(weakest)) => asked.refute(&sinks, &weakest),
    }
}

struct Asked<'a, 'f, 'm> {
    context: &'a Context<'f, 'm>,
    obligation: &'a ProofObligation,
    flow: Flow,
    graph: Graph<'m>,
    cuts: Cuts<'a, 'f, 'm>,
    /// What may be read of what is altered, once it is asked for.
    met: OnceCell<Rc<Met>>,
}

impl<'m> Asked<'_, '_, 'm> {
    fn way(&mut self, to: &[Node], worth: Class) -> Result<Option<Vec<Edge>>, String> {
        self.way_without(to, worth, None)
    }

    fn way_without(
        &mut self,
        to: &[Node],
        worth: Class,
        barred: Option<&Edge>,
    ) -> Result<Option<Vec<Edge>>, String> {
        let cuts = &mut self.cuts;
        self.graph.way(to.iter().cloned(), worth, |edge| Ok(barred != Some(edge) && cuts.passes(edge)?))
    }

    /// The run that goes the way; or one that goes round some edge of it, since the shortest way need not be one that a run goes.
    fn shown(&mut self, sinks: &[Node], way: &[Edge]) -> Result<Diagnostic, String> {
        if let Ok(failure) = self.failure(way, Search::None) {
            return Ok(failure);
        }
        for edge in way.iter().rev().take(MOST) {
            if let Some(other) = self.way_without(sinks, Class::Chosen, Some(edge))?
                && let Ok(failure) = self.failure(&other, Search::None)
            {
                return Ok(failure);
            }
        }
        self.failure(way, Search::Bounded)
    }

    fn refute(&mut self, sinks: &[Node], weakest: &[Edge]) -> Verdict {
        let facts = self.context.facts;
        let mut told = sinks.to_vec();
        if let Some(those) = &self.flow.told {
            told.retain(|sink| matches!(sink, Node::Use(at) if those.contains(at)));
        }
        let sinks = told.as_slice();
        match self.way(sinks, Class::Chosen) {
            Err(why) => return answer::unknown(why),
            Ok(Some(way)) => {
                return match self.shown(sinks, &way) {
                    Ok(failure) => answer::refuted(vec![failure]),
                    Err(why) => answer::unknown(format!("it may pass by {}: {why}", in_words(facts, &way))),
                };
            }
            Ok(None) => {}
        }
        match self.way(sinks, Class::Spelling) {
            Err(why) => answer::unknown(why),
            Ok(Some(way)) => answer::conditional(format!(
                "it passes if an upstream takes two names for one: {}",
                in_words(facts, &way)
            )),
            Ok(None) => {
                let clause = unsaid(facts, weakest)
                    .unwrap_or_else(|| "it is not said who reads all that lies there".to_owned());
                answer::unknown(format!("it may pass by {}, since {clause}", in_words(facts, weakest)))
            }
        }
    }

    /// The run that goes this way.
    fn failure(&self, way: &[Edge], search: Search) -> Result<Diagnostic, String> {
        let (context, facts) = (self.context, self.context.facts);
        let Some(Node::Use(sink)) = way.last().map(|edge| &edge.to) else {
            return Err("the way ends in no use".to_owned());
        };
        let violation = self.violation(way);
        let (action, what) = (facts.action_name(*sink), &self.flow.what);
        let judged = self.flow.role.map(|role| format!("`{}`", facts.role_name(role)));
        let ends_in = match &judged {
            Some(role) => format!("`{action}` rests on {what}, and {role} did not judge it"),
            None => format!("`{action}` rests on {what}"),
        };
        let trace = self.in_some_setting(way, |setting| {
            let moments = way.iter().map(|edge| (edge.at, self.cuts.judging(edge)));
            match self.along((moments, None), setting, &violation, &ends_in) {
                Err(_) if search == Search::Bounded => context.stage.search(&violation, setting, &ends_in),
                found => found,
            }
        })?;
        let without = judged.map(|role| format!(" without a judgement by {role}")).unwrap_or_default();
        let code = if self.flow.origin == Origin::Strangers { codes::UNTRUSTED } else { codes::PRIVATE };
        let mut fault = Diagnostic::error(
            code,
            format!("{what} can reach `{action}` in step `{}`{without}", facts.step(sink.0).name),
        )
        .at(context.span(Place::Grant(sink.0, sink.1)));
        fault = self.labels(fault, way, BTreeSet::from([*sink]));
        let help = match self.flow.role {
            Some(role) => format!(
                "let it wait for an outcome of `{}` that says what it judges, `outcome approved of …`, and pin the argument to \
                 exactly that",
                facts.role_name(role)
            ),
            None if self.flow.others => {
                "leave out what reads it, narrow the scope, or let a role that made none of it judge \
                                         exactly what goes in there, `outcome approved of …`"
                    .to_owned()
            }
            None => "leave out what reads it, narrow the scope, or let a role judge exactly what passes: \
                     `only through ROLE`"
                .to_owned(),
        };
        Ok(fault.label(self.obligation.span, "asked here").help(help).trace(trace))
    }

    /// The run with these moments in their order, each while none of its judgements is in force, and then an outcome.
    fn along(
        &self,
        (steps, last): (impl Iterator<Item = (Moment, Vec<Atom>)>, Option<Atom>),
        setting: &Setting<'m>,
        violation: &Violation,
        ends_in: &str,
    ) -> Result<Trace, String> {
        let (context, facts) = (self.context, self.context.facts);
        let mut moments: Vec<(Moment, Vec<Atom>)> = Vec::new();
        for (at, judging) in steps {
            match moments.last_mut() {
                Some((moment, known)) if *moment == at => known.extend(judging),
                _ => moments.push((at, judging)),
            }
        }
        let count = u8::try_from(moments.len() + usize::from(last.is_some())).map_err(|_| plan::TOO_LONG)?;
        if moments.len() > LONGEST {
            return Err(plan::TOO_LONG.to_owned());
        }
        let mut builder = Builder::new(count);
        let mut parts = Vec::new();
        for (map, (moment, judged)) in (0_u8..).zip(&moments) {
            let here = match moment.grant {
                Some(grant) => Part::Use(map, (moment.step, grant)),
                None => Part::Open(map, moment.step),
            };
            parts.push(builder.node(here));
            if !judged.is_empty() {
                let judged = Formula::Any(judged.iter().map(|atom| Formula::Is(*atom)).collect());
                let holds = builder.node(Part::Holds(map, judged));
                parts.push(builder.not(holds));
            }
        }
        parts.extend(last.map(|atom| builder.node(Part::Settled(count - 1, vec![atom]))));
        let all = builder.all(parts);
        builder.case(all, Label::default());
        let obligation = builder.end();
        // What its step is settled with afterwards is the evidence for that as well: it is used once.
        let acts = |found: &Moments| -> Vec<(usize, Act)> {
            let settled = |map: usize, step: StepId| {
                let place = found.at.get(map).and_then(|place| found.maps.get(*place));
                place.is_some_and(|map| map.settled.contains_key(&step))
            };
            let used = moments.iter().enumerate().filter_map(|(map, (moment, _))| {
                let act = Act::using((moment.step, moment.grant?));
                Some((if settled(map + 1, moment.step) { map + 1 } else { map }, act))
            });
            used.collect()
        };
        let mut why = "no run goes all of it".to_owned();
        for firings in 0..=REOPENINGS {
            let loops = &context.cover().fireable;
            let asking = Asking::examples(facts, context.session.limits, &obligation, loops, firings);
            let Some(asking) = asking else { break };
            let Some(found) = uses::answer(asking.ask(&[0]))? else { continue };
            let plan = plan::through(facts, &found, &acts(&found), None).ok_or(plan::TOO_LONG)?;
            match context.stage.trace(&plan, violation, setting, ends_in) {
                Ok(trace) => return Ok(trace),
                Err(reason) => why = reason,
            }
        }
        Err(why)
    }

    /// Roles between which knowledge passes are played by one principal.
    fn setting(&self, way: &[Edge]) -> Setting<'m> {
        let facts = self.context.facts;
        let mut shared: BTreeSet<RoleId> = BTreeSet::new();
        for edge in way {
            if let Node::Mind(role, _) = edge.to {
                let shown = facts.step(edge.at.step).role;
                let is_note = matches!(edge.from, Node::Mind(..));
                if shown != role && !is_note {
                    shared.extend([shown, role]);
                }
            }
        }
        let watched = self.flow.watched.as_ref();
        let watching = watched.map(|question| Watching::new(facts, question, self.met()).about(passing(way)));
        Setting { shared: shared.into_iter().collect(), watching, ..Setting::default() }
    }

    /// What the run must show: that the monitor says it is broken, or where there is none, the uses of the way in their order.
    fn violation(&self, way: &[Edge]) -> Violation {
        if self.flow.watched.is_some() {
            return Violation::Broken;
        }
        Violation::Went(Rc::new(self.route(way, true)))
    }

    fn met(&self) -> Rc<Met> {
        Rc::clone(self.met.get_or_init(|| Rc::new(reading(self.context.facts))))
    }

    /// The moments of a way in their order, and what passes between them; without the judgements of the role if so.
    fn route(&self, way: &[Edge], unjudged: bool) -> Route {
        let mut route = Route { met: self.met(), ..Route::default() };
        let mut before: Option<&Edge> = None;
        for edge in way {
            let judging = if unjudged { self.cuts.judging(edge) } else { Vec::new() };
            match route.legs.last_mut() {
                Some(leg) if leg.at == edge.at => leg.judging.extend(judging),
                _ => {
                    let carried = if let Node::Datum(datum) = &edge.from { Some(datum.root) } else { None };
                    let reads = edge.from.is_thing() && before.is_some_and(|before| before.to == edge.from);
                    route.legs.push(Leg { at: edge.at, judging, carried, reads });
                }
            }
            before = Some(edge);
        }
        if let (Origin::Things(secret), Some(first)) = (&self.flow.origin, way.first())
            && first.at.grant.is_some()
        {
            route.secret = Some(secret.clone());
        }
        route
    }

    /// Tries a run with values by which each use of the way reads what the one before it alters.
    fn in_some_setting(
        &self,
        way: &[Edge],
        run: impl Fn(&Setting<'m>) -> Result<Trace, String>,
    ) -> Result<Trace, String> {
        let none = "no values make what is altered one with what is read";
        let steerings = self.steerings(&self.route(way, false));
        steering::first(steerings, &self.setting(way), none, |setting| run(setting))
    }

    /// By each clause of what is altered and of what is read.
    fn steerings(&self, route: &Route) -> Vec<Steering<'_, 'm>> {
        let facts = self.context.facts;
        let mut found = vec![Steering::new(facts)];
        for (writer, reader) in route.hops() {
            let read = facts.action_of(reader).clauses.read();
            let pairs = facts.action_of(writer).clauses.altered().flat_map(|wrote| {
                read.iter().map(move |read| (Named::of(writer, wrote), Named::of(reader, read)))
            });
            let pairs: Vec<_> = pairs
                .filter(|(wrote, read)| route.met.may_feed((wrote.at, wrote.expr), (read.at, read.expr)))
                .collect();
            let each = found.iter().flat_map(|known| {
                pairs.iter().filter_map(|(wrote, read)| {
                    let mut steering = known.clone();
                    steering.meet(*wrote, *read).then_some(steering)
                })
            });
            found = each.take(TRIED).collect();
        }
        if let Some(secret) = &route.secret
            && let Some(reader) = route.grants().next()
        {
            let read = facts.action_of(reader).clauses.read();
            let each = found.iter().flat_map(|known| {
                read.iter().filter_map(|read| {
                    let mut steering = known.clone();
                    steering.be(Named::of(reader, read), &secret.thing, &secret.given).then_some(steering)
                })
            });
            found = each.take(TRIED).collect();
        }
        found
    }

    /// The judgements that cut something before which the judge may have been shown other text by strangers, with the ways.
    fn exposed(&mut self, worth: Class) -> Vec<(Atom, Vec<Edge>)> {
        let (Some(role), Origin::Strangers) = (self.flow.role, &self.flow.origin) else {
            return Vec::new();
        };
        let (w, graph) = (self.context.facts.w, &mut self.graph);
        let ways = self.cuts.used.iter().map(|atom| (*atom, exposed::way(w, graph, (role, *atom), worth)));
        ways.filter_map(|(atom, way)| Some((atom, way?))).collect()
    }

    fn notes(&self, exposed: &[(Atom, Vec<Edge>)]) -> Vec<String> {
        let facts = self.context.facts;
        let note = |(atom, way): &(Atom, Vec<Edge>)| {
            format!(
                "{} is exposed: it may have been shown other text by strangers when it takes {}, by {}",
                self.judge(),
                facts.atom_name(*atom),
                in_words(facts, way)
            )
        };
        exposed.iter().map(note).collect()
    }

    fn judge(&self) -> String {
        self.flow.role.map(|role| format!("`{}`", self.context.facts.role_name(role))).unwrap_or_default()
    }

    fn refute_unexposed(&mut self, weakest: &[(Atom, Vec<Edge>)]) -> Verdict {
        let facts = self.context.facts;
        let chosen = self.exposed(Class::Chosen);
        if chosen.is_empty() {
            let spelling = self.exposed(Class::Spelling);
            if !spelling.is_empty() {
                let notes = self.notes(&spelling).join("; ");
                return answer::conditional(format!("if an upstream takes two names for one, {notes}"));
            }
            let clause = weakest.iter().find_map(|(_, way)| unsaid(facts, way)).unwrap_or_default();
            return answer::unknown(format!("{}, since {clause}", self.notes(weakest).join("; ")));
        }
        let failures = chosen.iter().take(MOST).map(|(atom, way)| self.exposure(*atom, way)).collect();
        answer::from(failures)
    }

    /// The run in which the judge is shown something by strangers, and then judges.
    fn exposure(&self, atom: Atom, way: &[Edge]) -> Result<Diagnostic, String> {
        let (context, facts) = (self.context, self.context.facts);
        let (judge, outcome) = (self.judge(), facts.atom_name(atom));
        let violation = Violation::Judged(Rc::new(self.route(way, false)), atom);
        let ends_in =
            format!("{judge} takes {outcome}, and was shown what strangers wrote besides what it judges");
        let trace = self.in_some_setting(way, |setting| {
            let setting = Setting { watching: None, ..setting.clone() };
            let moments = way.iter().map(|edge| (edge.at, Vec::new()));
            let found = self.along((moments, Some(atom)), &setting, &violation, &ends_in);
            found.or_else(|_| context.stage.search(&violation, &setting, &ends_in))
        })?;
        let mut fault = Diagnostic::error(
            codes::UNTRUSTED,
            format!("{judge} can be shown other text by strangers before it takes {outcome}"),
        )
        .at(context.span(Place::Outcome(atom)));
        fault = self.labels(fault, way, BTreeSet::new());
        let help = format!(
            "let {judge} be shown nothing but what it judges, or leave out `unexposed`: the answer then says that it is exposed"
        );
        Ok(fault.label(self.obligation.span, "asked here").help(help).trace(trace))
    }

    /// What happens along the way, at each grant that is not named yet.
    fn labels(&self, mut fault: Diagnostic, way: &[Edge], mut named: BTreeSet<GrantAt>) -> Diagnostic {
        for edge in way {
            let Some((at, text)) = said(self.context.facts, edge) else { continue };
            if named.insert(at) {
                fault = fault.label(self.context.span(Place::Grant(at.0, at.1)), text);
            }
        }
        fault
    }
}

/// What makes something pass this way, and not another.
fn passing(way: &[Edge]) -> Concerned {
    Concerned {
        grants: way.iter().filter_map(|edge| Some((edge.at.step, edge.at.grant?))).collect(),
        steps: way.iter().map(|edge| edge.at.step).collect(),
    }
}

/// How what grants alter meets what others read, as far as somebody can choose it.
fn reading(facts: &Facts<'_>) -> Met {
    let things = Things::new(facts);
    let clauses = || facts.grants().map(|(at, _)| (at, &facts.action_of(at).clauses));
    let read: Vec<(GrantAt, Vec<ThingExpr>)> = clauses().map(|(at, clauses)| (at, clauses.read())).collect();
    let mut feeds = HashSet::new();
    for (writer, altering) in clauses() {
        for altered in altering.altered() {
            for (reader, exprs) in &read {
                let meeting = exprs.iter().filter(|expr| things.feeds((writer, altered), (*reader, expr)));
                feeds.extend(meeting.map(|expr| (writer, altered.clone(), *reader, expr.clone())));
            }
        }
    }
    Met { feeds, ..Met::default() }
}

/// Whether to look for a run on the machine where the way itself leads to none.
#[derive(Clone, Copy, PartialEq)]
enum Search {
    None,
    Bounded,
}

/// Which edges judgements cut.
struct Cuts<'a, 'f, 'm> {
    context: &'a Context<'f, 'm>,
    role: Option<RoleId>,
    /// Who made what, where others than the role may judge, too.
    contents: Option<RefCell<Contents<'m>>>,
    known: HashMap<(Moment, Vec<Atom>), bool>,
    /// The judgements that cut something.
    used: BTreeSet<Atom>,
}

impl<'a, 'f, 'm> Cuts<'a, 'f, 'm> {
    fn of(context: &'a Context<'f, 'm>, role: Option<RoleId>, others: bool) -> Self {
        let contents = others.then(|| RefCell::new(Contents::of(context.facts.w)));
        Self { context, role, contents, known: HashMap::new(), used: BTreeSet::new() }
    }

    fn judging(&self, edge: &Edge) -> Vec<Atom> {
        let w = self.context.facts.w;
        let Some(datum) = &edge.datum else { return Vec::new() };
        let judging = |by: &dyn Fn(RoleId) -> bool| {
            let mut found = judging(w, by, datum);
            found.retain(|atom| edge.is_cut_in(atom.step));
            found
        };
        match &self.contents {
            None => judging(&|by| Some(by) == self.role),
            Some(contents) if matches!(edge.to, Node::Use(_)) => {
                let mut contents = contents.borrow_mut();
                let mut found = judging(&|_| true);
                found.retain(|atom| {
                    let role = self.context.facts.step(atom.step).role;
                    contents.makers(datum, atom.step).into_keys().all(|maker| w.are_separate(role, maker))
                });
                found
            }
            Some(_) => Vec::new(),
        }
    }

    /// In some live map something passes while no judgement of it is in force.
    fn passes(&mut self, edge: &Edge) -> Result<bool, String> {
        let judging = self.judging(edge);
        if judging.is_empty() {
            return Ok(true);
        }
        let key = (edge.at, judging);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let moment = match edge.at.grant {
            Some(grant) => Need::Use((edge.at.step, grant)),
            None => Need::Open(edge.at.step),
        };
        let judged = Formula::Any(key.1.iter().map(|atom| Formula::Is(*atom)).collect());
        let passes = self.context.session.ask(&[moment, Need::Not(judged)]).known()?.is_some();
        if !passes {
            self.used.extend(key.1.iter().copied());
        }
        self.known.insert(key, passes);
        Ok(passes)
    }
}

/// What happens along an edge, at a grant.
fn said(facts: &Facts<'_>, edge: &Edge) -> Option<(GrantAt, String)> {
    let at = (edge.at.step, edge.at.grant?);
    let text = match (&edge.from, &edge.to) {
        (Node::Strangers(_), _) => "strangers may have written what this reads".to_owned(),
        (Node::Mind(role, _), _) => format!("`{}` chooses what goes in here", facts.role_name(*role)),
        (_, Node::Mind(role, _)) => format!("`{}` may know it from here on", facts.role_name(*role)),
        (from, _) if from.is_thing() => "this reads it".to_owned(),
        (_, to) if to.is_thing() => "this writes it".to_owned(),
        _ => "it goes in here".to_owned(),
    };
    Some((at, text))
}

fn in_words(facts: &Facts<'_>, way: &[Edge]) -> String {
    let mut names: Vec<String> = Vec::new();
    for edge in way {
        let name = match edge.at.grant {
            Some(grant) => format!("`{}`", facts.action_name((edge.at.step, grant))),
            None => format!("step `{}`", facts.step(edge.at.step).name),
        };
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// The clause that would say more, of the first edge of the way that is there since a declaration is silent.
fn unsaid(facts: &Facts<'_>, way: &[Edge]) -> Option<String> {
    let at = way.iter().position(|edge| edge.class == Class::Silent)?;
    let (silent, next) = (way.get(at)?, way.get(at + 1));
    // What is altered meets what is read if nobody says what that is.
    let reader = next.filter(|_| is_undescribed(&silent.to));
    let edge = reader.unwrap_or(silent);
    let Some(grant) = edge.at.grant else { return Some("a declaration is silent".to_owned()) };
    let action = facts.action_name((edge.at.step, grant));
    let clauses = &facts.action_of((edge.at.step, grant)).clauses;
    if reader.is_some() && clauses.reads.is_some() {
        return Some(format!("`{action}` may read anything"));
    }
    let clause = match &edge.to {
        _ if reader.is_some() => "`reads`",
        Node::Use(_) if edge.from.is_thing() => "`reads`",
        Node::Datum(_) => "`result … from`",
        _ => "`from` of what it makes or changes",
    };
    Some(format!("`{action}` does not say {clause}"))
}

fn is_undescribed(node: &Node) -> bool {
    matches!(
        node,
        Node::Thing(Term::Undescribed(_), _)
            | Node::Changed(Term::Undescribed(_), ..)
            | Node::Elsewhere(Term::Undescribed(_), _)
    )
}
