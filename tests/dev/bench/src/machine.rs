//! The cost of a machine's decision, without server, disk and signatures, for three sizes of the same
//! workflow.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use xp_artifact::workflow::{Formula, Workflow};
use xp_diagnostics::Sources;
use xp_machine::event::Principal;
use xp_machine::{Accepted, Actor, Event, Input, Machine, RefusalCode, Start, State};
use xp_scope::Value;

use crate::figures::{Sample, heading, row, time};
use crate::{Done, generate};

/// Cycles per time measurement.
const CYCLES: usize = 50;
/// Number of measurements, each from a new copy of the state.
const BATCHES: usize = 200;
const REFUSALS: usize = 1_000;

pub fn measure() -> Done {
    heading("xp-machine, one decision; median of 200 batches, over lanes in turn");
    let mut cycles = Vec::new();
    for steps in [10, 1_000, 10_000] {
        let bench = Bench::new(steps)?;
        let cycle = bench.cycle()?;
        row(&format!("{steps:>6} steps: request + claim + complete"), &time(cycle));
        row("              a request alone (ten, unused)", &time(bench.request()?));
        row("              a request refused (step not open)", &time(bench.refusal()?));
        row("              a judgement that opens the next step", &time(bench.judgement()?));
        row("              baseline: every guard evaluated again", &time(bench.baseline()?));
        cycles.push(cycle.as_secs_f64());
    }
    if let (Some(least), Some(most)) = (cycles.first(), cycles.last()) {
        row("cycle at 10,000 steps over cycle at 10", &format!("{:.2} times", most / least));
    }
    Ok(())
}

/// A run of a generated workflow with the inputs to apply.
struct Bench {
    machine: Machine,
    state: State,
    lanes: usize,
    /// For each cycle: request, claim, completion.
    cycles: Vec<[Input; 3]>,
}

impl Bench {
    fn new(steps: usize) -> Done<Self> {
        let machine = Machine::new(compiled(&generate::source(steps))?)?;
        let state = machine.start(&start()).map_err(|refusal| format!("start: {refusal:?}"))?;
        let lanes = steps.div_ceil(generate::LANE);
        let mut bench = Self { machine, state, lanes, cycles: Vec::new() };
        for number in 0..CYCLES {
            // Consecutive cycles use steps that are far apart in memory.
            let cycle = bench.prepared(number, number * 7_919 % lanes)?;
            bench.cycles.push(cycle);
        }
        Ok(bench)
    }

    fn prepared(&self, number: usize, lane: usize) -> Done<[Input; 3]> {
        let jti = format!("token-{number}");
        let asked = input(request(&jti, &generate::name(lane, 0)));
        let accepted = self.machine.apply(&mut self.state.clone(), &asked);
        let Ok(Accepted::Granted { step, opening, req, .. }) = accepted else {
            return Err(format!("not granted: {accepted:?}").into());
        };
        let claim = Event::Claim { jti: jti.clone(), actor: maker(), key: key(), step, opening, req };
        let result = Value::Record(BTreeMap::from([("id".to_owned(), Value::Int(1))]));
        Ok([asked, input(claim), input(Event::Complete { jti, result })])
    }

    /// Applies `count` inputs to each of several copies of the state. The resulting states are checked.
    fn batches(
        &self,
        count: usize,
        mut act: impl FnMut(&Machine, &mut State) -> bool,
        accepted: u64,
    ) -> Done<Duration> {
        let mut taken = Vec::with_capacity(BATCHES);
        for _ in 0..BATCHES {
            let mut state = self.state.clone();
            let begun = Instant::now();
            let right = act(&self.machine, &mut state);
            taken.push(begun.elapsed() / u32::try_from(count)?);
            if !right || state.version() != self.state.version() + accepted {
                return Err("the machine decided otherwise than it must".into());
            }
        }
        Ok(Sample::of(taken).median())
    }

    fn cycle(&self) -> Done<Duration> {
        let all = |machine: &Machine, state: &mut State| {
            self.cycles.iter().flatten().all(|input| black_box(machine.apply(state, input)).is_ok())
        };
        self.batches(CYCLES, all, 3 * u64::try_from(CYCLES)?)
    }

    /// Only ten per copy, since the machine limits the unused tokens of a grant.
    fn request(&self) -> Done<Duration> {
        let asks = || self.cycles.iter().take(10).map(|[request, ..]| request);
        let all = |machine: &Machine, state: &mut State| {
            asks().all(|input| black_box(machine.apply(state, input)).is_ok())
        };
        self.batches(10, all, 10)
    }

    fn refusal(&self) -> Done<Duration> {
        let asked: Vec<Input> = (0..REFUSALS)
            .map(|n| input(request("early", &generate::name(n * 7_919 % self.lanes, 1))))
            .collect();
        let all = |machine: &Machine, state: &mut State| {
            asked.iter().all(|input| {
                let decided = black_box(machine.apply(state, input));
                decided.is_err_and(|refusal| refusal.code == RefusalCode::OutOfSequence)
            })
        };
        self.batches(REFUSALS, all, 0)
    }

    /// One per copy, since a step settles once.
    fn judgement(&self) -> Done<Duration> {
        let mut ready = self.state.clone();
        for cycle in self.cycles.iter().take(1).flatten() {
            self.machine.apply(&mut ready, cycle).map_err(|refusal| format!("{refusal:?}"))?;
        }
        let judge = input(Event::Judge {
            actor: maker(),
            step: generate::name(0, 0),
            outcome: "done".to_owned(),
            notes: None,
        });
        let next = self.machine.step_named(&generate::name(0, 1)).ok_or("no second step")?;
        let mut taken = Vec::with_capacity(BATCHES);
        for _ in 0..BATCHES {
            let mut state = ready.clone();
            let begun = Instant::now();
            let decided = black_box(self.machine.apply(&mut state, &judge));
            taken.push(begun.elapsed());
            if decided.is_err() || !state.step(next).is_some_and(|step| step.open) {
                return Err(format!("the next step did not open: {decided:?}").into());
            }
        }
        Ok(Sample::of(taken).median())
    }

    /// The cost of a naive decision that reads the whole workflow to determine the open steps.
    fn baseline(&self) -> Done<Duration> {
        let open = self.state.steps().iter().filter(|step| step.open).count();
        let all = |machine: &Machine, state: &mut State| {
            let state = black_box(&*state);
            let steps = machine.workflow().steps.iter().zip(state.steps());
            let found =
                steps.filter(|(step, now)| now.settled.is_none() && holds(&step.after, state)).count();
            black_box(found) == open
        };
        self.batches(1, all, 0)
    }
}

fn holds(formula: &Formula, state: &State) -> bool {
    match formula {
        Formula::Is(atom) => state.is_settled(*atom),
        // The generated workflows compare nothing.
        Formula::Test(_) => false,
        Formula::All(parts) => parts.iter().all(|part| holds(part, state)),
        Formula::Any(parts) => parts.iter().any(|part| holds(part, state)),
    }
}

fn compiled(text: &str) -> Done<Workflow> {
    let mut sources = Sources::new();
    let source = sources.add("generated.xp", text);
    let library = xpc_sema::Library::standard(&mut sources);
    let parsed = xp_syntax::parse(source, text);
    let analysis = xpc_sema::analyse(&parsed.tree, &sources, &library);
    let model = analysis.models.into_iter().next();
    Ok(model.ok_or("the generated workflow does not compile")?.workflow)
}

fn start() -> Start {
    let text = |text: &str| Value::Text(text.to_owned());
    let repo = ["owner", "name", "default_branch", "test_command"];
    let repo = repo.map(|field| (field.to_owned(), text("main")));
    Start {
        at: 1_000,
        params: BTreeMap::from([
            ("repo".to_owned(), Value::Record(BTreeMap::from(repo))),
            ("issue".to_owned(), Value::Int(7)),
        ]),
        instances: BTreeMap::from([("github".to_owned(), "github".to_owned())]),
        staff: BTreeMap::new(),
        starter: None,
    }
}

fn maker() -> Actor {
    let principal = Principal::agent("maker-1", "team");
    Actor { principal, roles: vec!["maker".to_owned()] }
}

fn key() -> String {
    "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".to_owned()
}

fn request(jti: &str, step: &str) -> Event {
    let mut args = start().params;
    if let Some(number) = args.remove("issue") {
        args.insert("number".to_owned(), number);
    }
    args.insert("body".to_owned(), Value::Text("A sentence that says what was done.".to_owned()));
    Event::Request {
        jti: jti.to_owned(),
        actor: maker(),
        key: key(),
        step: step.to_owned(),
        action: "github.issues.comment".to_owned(),
        grant: None,
        args,
    }
}

fn input(event: Event) -> Input {
    Input { at: 2_000, kill: None, leased_by: None, event }
}
