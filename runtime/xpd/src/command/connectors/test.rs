//! `xpd connectors test`: does the actions of a plan at the upstream of an instance, and records what was seen of keys and failures.
//!
//! An observation is a read whose result shows the effect of the actions. What is recorded of an action rests on the observation
//! having changed when the action succeeded, so an observation that shows nothing proves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use serde::Deserialize;
use xp_artifact::Transport;
use xp_scope::Value;
use xpd::config::Config;
use xpd::registered::write;
use xpd_connectors::declared::address;
use xpd_connectors::declared::observed::{Failing, Observed, Seen, fingerprint};
use xpd_connectors::trial::{Trial, Tried};

use super::super::Done;
use super::now;
use crate::Failure;
use crate::out::print;

/// Actions of a plan at most.
const MAX_CALLS: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    calls: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    action: String,
    #[serde(default)]
    args: serde_json::Map<String, serde_json::Value>,
    /// The answer that is expected, if it is not the declared success: a status, the code of an error, or `failed`.
    fails: Option<Failing>,
    observe: Option<Look>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    action: String,
    #[serde(default)]
    args: serde_json::Map<String, serde_json::Value>,
}

/// A trial with what it has seen.
struct Run {
    trial: Trial,
    transcript: Vec<serde_json::Value>,
    seen: BTreeMap<String, Seen>,
    /// Actions whose success the observation shows.
    shown: BTreeSet<(String, String)>,
    /// Checks that failed.
    wrong: usize,
    sent: u64,
    salt: String,
}

pub async fn run(instance: &str, plan: &Path, against: &str, config: &Path) -> Done {
    let input = |text: String| Failure::Input(text);
    let config = Config::read(config).map_err(|error| input(error.to_string()))?;
    let made =
        config.connectors.get(instance).ok_or_else(|| input(format!("there is no instance `{instance}`")))?;
    let Some((file, _)) = config.registered.connectors.get(&made.kind) else {
        return Err(input(format!(
            "`{instance}` is an instance of `{}`, which is part of the server",
            made.kind
        )));
    };
    let address = address(&made.table);
    if against != address {
        return Err(input(format!(
            "`--against` names another address than `base_url` of `{instance}` (the command of a program on this host): a test \
             counts for the address it was made at, and it acts there"
        )));
    }
    let shown = plan.display();
    let bytes = std::fs::read(plan).map_err(|error| input(format!("{shown}: {error}")))?;
    let plan: Plan = serde_json::from_slice(&bytes).map_err(|error| input(format!("{shown}: {error}")))?;
    if plan.calls.is_empty() || plan.calls.len() > MAX_CALLS {
        return Err(input(format!("{shown}: a plan has 1 to {MAX_CALLS} calls")));
    }
    let folder = config.file.parent().unwrap_or(Path::new("."));
    let trial = Trial::new(instance, &made.table, folder, file).map_err(|error| input(error.to_string()))?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| Failure::Failed(error.to_string()))?;
    let salt: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut run = Run {
        trial,
        transcript: Vec::new(),
        seen: BTreeMap::new(),
        shown: BTreeSet::new(),
        wrong: 0,
        sent: 0,
        salt,
    };
    // What an earlier test saw counts no more, whatever this one sees.
    match std::fs::remove_file(config.registered.observed(instance)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Failure::Failed(error.to_string()));
        }
        _ => {}
    }
    // Successes first: what a failure left unchanged counts only where a success was seen to change something.
    let (failing, succeeding): (Vec<&Call>, Vec<&Call>) =
        plan.calls.iter().partition(|call| call.fails.is_some());
    for call in succeeding.into_iter().chain(failing) {
        run.call(call).await?;
    }
    let digest = file.digest().map_err(|error| Failure::Failed(error.to_string()))?;
    let record = Observed {
        connector: digest.to_string(),
        base_url: address.clone(),
        credential: fingerprint(&run.salt, run.trial.who(), run.trial.secrets()),
        salt: run.salt.clone(),
        at: now(),
        actions: run.seen.clone(),
    };
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let lines: Vec<String> = run.transcript.iter().map(ToString::to_string).collect();
    let beside = config.registered.observed(instance).with_extension("transcript.jsonl");
    write(&beside, format!("{}\n", lines.join("\n")).as_bytes()).map_err(|error| failed(&error))?;
    if run.wrong == 0 {
        let text = serde_json::to_vec_pretty(&record).map_err(|error| failed(&error))?;
        write(&config.registered.observed(instance), &text).map_err(|error| failed(&error))?;
        print(&format!("recorded for {instance} at {address}; the transcript is {}\n", beside.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!(
        "nothing is recorded: {} of the checks failed; the transcript is {}\n",
        run.wrong,
        beside.display()
    ))?;
    Ok(ExitCode::from(3))
}

impl Run {
    async fn call(&mut self, call: &Call) -> Result<(), Failure> {
        let Call { action, args, fails, observe } = call;
        let args = self.arguments(action, args)?;
        let declared = self
            .trial
            .action(action)
            .ok_or_else(|| Failure::Input(format!("there is no action `{action}`")))?;
        let harmless = declared.is_harmless();
        let repeats = declared.repeat == xp_artifact::workflow::Repeat::Idempotent;
        let (probes, keyed, idle) = match &declared.transport {
            Some(Transport::Http(http)) => {
                (http.probe.is_some(), http.key.is_some(), http.method.is_idempotent())
            }
            Some(Transport::Mcp(mcp)) => (false, mcp.key.is_some(), false),
            None => return Ok(()),
        };
        let before = self.look(observe.as_ref()).await?;
        let marker = self.marker();
        let tried = self.send(action, &args, &marker).await?;
        let after = self.look(observe.as_ref()).await?;
        let unchanged = before.is_some() && before == after;
        // A failure is compared by the same look that a success was seen by.
        let by = observe
            .as_ref()
            .map(|look| format!("{} {}", look.action, serde_json::Value::Object(look.args.clone())));
        let by = (action.clone(), by.unwrap_or_default());
        match (fails, harmless) {
            (Some(wanted), _) => {
                self.check(tried.answer == Some(*wanted), action, &format!("is answered with {wanted}"))?;
                if tried.answer == Some(*wanted) && unchanged && self.shown.contains(&by) {
                    self.seen.entry(action.clone()).or_default().unchanged_after.insert(*wanted);
                    print(&format!("seen   {action}: {wanted} leaves the upstream unchanged\n"))?;
                } else {
                    let why = if !self.shown.contains(&by) {
                        "no success of this action was seen by the observation"
                    } else {
                        "the observation changed, or there is none"
                    };
                    print(&format!(
                        "not    {action}: that {wanted} leaves the upstream unchanged was not seen ({why})\n"
                    ))?;
                }
                return Ok(());
            }
            (None, true) => {
                self.success(action, &tried)?;
                if before.is_some() {
                    self.check(unchanged, action, "changes nothing")?;
                }
                return Ok(());
            }
            (None, false) => self.success(action, &tried)?,
        }
        if tried.result.is_err() {
            return Ok(());
        }
        if before.is_none() || unchanged {
            print(&format!(
                "not    {action}: the observation does not show its effect, so nothing is recorded of it\n"
            ))?;
            return Ok(());
        }
        self.shown.insert(by);
        if probes {
            self.probe(action, &args, &marker).await?;
        }
        if !keyed {
            if idle && repeats {
                let again = self.send(action, &args, &marker).await?;
                let second = self.look(observe.as_ref()).await?;
                let idle = again.result.is_ok() && second == after;
                self.seen.entry(action.clone()).or_default().repeat_is_idle = idle;
                self.check(idle, action, "does nothing more when it is repeated")?;
            }
            return Ok(());
        }
        let again = self.send(action, &args, &marker).await?;
        let second = self.look(observe.as_ref()).await?;
        let other = self.marker();
        let third = self.send(action, &args, &other).await?;
        let fourth = self.look(observe.as_ref()).await?;
        // A second key must have a second effect, or the observation could not tell one effect from two.
        let kept = again.result.is_ok() && again.result == tried.result && second == after;
        if kept && third.result.is_ok() && fourth != second {
            self.seen.entry(action.clone()).or_default().key_is_kept = true;
            print(&format!("seen   {action}: two requests with one key make one effect\n"))?;
        } else if kept {
            print(&format!(
                "not    {action}: a request with another key shows no second effect, so keys are not told apart\n"
            ))?;
        } else {
            self.check(false, action, "acts once for one key")?;
        }
        Ok(())
    }

    async fn probe(
        &mut self,
        action: &str,
        args: &BTreeMap<String, Value>,
        marker: &str,
    ) -> Result<(), Failure> {
        let found = self.trial.probe(action, args, marker).await;
        let unused = self.marker();
        let other = self.trial.probe(action, args, &unused).await;
        for (marker, answer) in [(marker, &found), (unused.as_str(), &other)] {
            let end = match answer {
                Ok(found) => serde_json::json!({ "found": found }),
                Err(why) => serde_json::json!({ "failure": why }),
            };
            let line = serde_json::json!({ "at": now(), "probe": action, "marker": marker, "end": end });
            self.transcript.push(line);
        }
        let holds = found == Ok(true) && other == Ok(false);
        self.seen.entry(action.to_owned()).or_default().probe_finds = holds;
        self.check(holds, action, "is found by its probe, and what was never made is not")
    }

    fn success(&mut self, action: &str, tried: &Tried) -> Result<(), Failure> {
        let what = match &tried.result {
            Ok(_) => "answers with the declared success and result".to_owned(),
            Err(why) => format!("answers with the declared success and result ({why})"),
        };
        self.check(tried.result.is_ok(), action, &what)
    }

    fn check(&mut self, holds: bool, action: &str, what: &str) -> Result<(), Failure> {
        if !holds {
            self.wrong += 1;
        }
        print(&format!("{}  {action}: {what}\n", if holds { "ok   " } else { "wrong" }))
    }

    fn arguments(
        &self,
        action: &str,
        given: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<BTreeMap<String, Value>, Failure> {
        let wrong = |what: String| Failure::Input(format!("the plan's `{action}`: {what}"));
        let given = serde_json::Value::Object(given.clone());
        let value: Value = serde_json::from_value(given).map_err(|error| wrong(error.to_string()))?;
        let Value::Record(given) = value else { return Err(wrong("arguments are a record".to_owned())) };
        self.trial.arguments(action, given).map_err(wrong)
    }

    fn marker(&mut self) -> String {
        self.sent += 1;
        format!("xp-test-{}-{}", self.salt, self.sent)
    }

    /// The result of the observation, if the call has one.
    async fn look(&mut self, look: Option<&Look>) -> Result<Option<Value>, Failure> {
        let Some(Look { action, args }) = look else { return Ok(None) };
        let args = self.arguments(action, args)?;
        if !self.trial.action(action).is_some_and(xp_artifact::workflow::Action::is_harmless) {
            return Err(Failure::Input(format!(
                "`{action}` cannot observe: it does not leave everything as it is"
            )));
        }
        let marker = self.marker();
        let tried = self.send(action, &args, &marker).await?;
        match tried.result {
            Ok(value) => Ok(Some(value)),
            Err(why) => Err(Failure::Refused(format!("the observation `{action}` failed: {why}"))),
        }
    }

    async fn send(
        &mut self,
        action: &str,
        args: &BTreeMap<String, Value>,
        marker: &str,
    ) -> Result<Tried, Failure> {
        let tried = self.trial.send(action, args, marker).await.map_err(Failure::Refused)?;
        let result = match &tried.result {
            Ok(value) => serde_json::json!({ "result": value }),
            Err(why) => serde_json::json!({ "failure": why }),
        };
        self.transcript.push(serde_json::json!({
            "at": now(), "action": action, "args": args, "marker": marker, "answer": tried.answer, "end": result,
        }));
        Ok(tried)
    }
}
