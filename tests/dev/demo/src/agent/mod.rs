//! A scripted agent with a key and a socket. It runs in a container of its own, waits for steps that are open
//! to it, and takes arguments only from offers, from answers, and from a file with what a model would have
//! produced.

mod business;
mod developer;
mod link;
mod offer;
mod probe;
mod qa;
mod release;
mod senior;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use xpd_token::KeyPair;

use crate::Done;
use crate::api::{Api, Session};
use link::{Link, Message};
use offer::Offer;

/// The agent's folder in the container.
const HOME: &str = "/agent";
/// Interval at which offers are read without a message.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// The agent's state.
pub struct Agent<'a> {
    /// Its session in the run.
    session: &'a Session<'a>,
    /// The channel to the director.
    link: Link,
    /// The contents of its file.
    brain: Value,
    /// Its name.
    name: String,
    /// Values kept between steps.
    memory: BTreeMap<String, Value>,
}

/// `xp-demo agent NAME ROLE ADDRESS…`. The addresses are those that must be unreachable.
pub fn run(given: &[&str]) -> Done {
    let [name, role, addresses @ ..] = given else {
        return Err("usage: xp-demo agent NAME ROLE …".to_owned());
    };
    let link = Link::open();
    let done = work(&link, name, role, addresses);
    if let Err(why) = &done {
        link.tell(&json!({ "kind": "failed", "why": why }));
    }
    done
}

fn work(link: &Link, name: &str, role: &str, addresses: &[&str]) -> Done {
    let home = Path::new(HOME);
    let key = KeyPair::read_file(&home.join("key.pem")).map_err(|error| error.to_string())?;
    let api = Api::new(home.join("xpd.sock"), key);
    let text = std::fs::read_to_string(home.join("brain.json")).map_err(|error| error.to_string())?;
    let brain: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let answer = link.ask(&json!({ "kind": "ready", "probe": probe::look(&api, addresses) }))?;
    let (run, aside) = match answer["run"].as_str() {
        Some(run) => (run.to_owned(), None),
        None => business::start(&api, link, &brain, answer["aside"] == json!(true))?,
    };
    let session = api.join(&run)?;
    let mut agent = Agent {
        session: &session,
        link: link.clone(),
        brain,
        name: name.to_owned(),
        memory: BTreeMap::new(),
    };
    agent.until_it_is_over(role)?;
    if let Some(aside) = aside {
        business::late(&agent, &api, &aside)?;
    }
    link.tell(&json!({ "kind": "end" }));
    Ok(())
}

impl Agent<'_> {
    fn until_it_is_over(&mut self, role: &str) -> Done {
        let mut done = BTreeSet::new();
        loop {
            let offers = self.session.offers()?;
            let open = offers.iter().map(Offer::of).find(|offer| !done.contains(&offer.key()));
            if let Some(offer) = open {
                self.floor(&offer)?;
                // The offers may have changed while other agents acted.
                let now = self.session.offers()?;
                let Some(offer) = now.iter().map(Offer::of).find(|other| other.key() == offer.key()) else {
                    return Err(format!("step `{}` is no longer open", offer.step()));
                };
                self.play(role, &offer)?;
                done.insert(offer.key());
                self.link.tell(&json!({ "kind": "done" }));
                continue;
            }
            if self.session.summary()?["status"] != json!("running") {
                return Ok(());
            }
            match self.link.wait(HEARTBEAT)? {
                Message::Dare(dare) => self.dare(&dare)?,
                Message::Wake | Message::Go(_) | Message::Nothing => {}
            }
        }
    }

    /// One agent acts at a time, so that each change of the state has one cause.
    fn floor(&mut self, offer: &Offer) -> Done {
        self.link.tell(&json!({ "kind": "floor", "step": offer.step(), "opening": offer.opening() }));
        loop {
            match self.link.wait(HEARTBEAT)? {
                Message::Go(_) => return Ok(()),
                Message::Dare(dare) => self.dare(&dare)?,
                Message::Wake | Message::Nothing => {}
            }
        }
    }

    fn play(&mut self, role: &str, offer: &Offer) -> Done {
        let step = offer.step();
        let played = match (role, step) {
            ("business", "triage") => business::triage(self, offer),
            ("business", "approve_plan") => business::approve_plan(self, offer),
            ("developer", "analyse") => developer::analyse(self, offer),
            ("developer", "propose") => developer::propose(self, offer),
            ("developer", "start") => developer::start(self, offer),
            ("developer", "implement") => developer::implement(self, offer),
            ("developer", "run_tests") => developer::run_tests(self, offer),
            ("developer", "open_pr") => developer::open_pr(self, offer),
            ("senior", "review_plan") => senior::review_plan(self, offer),
            ("senior", "review_code") => senior::review_code(self, offer),
            ("qa", "validate") => qa::validate(self, offer),
            ("release", "merge_pr") => release::merge_pr(self, offer),
            ("release", "ship") => release::ship(self, offer),
            _ => Err(format!("`{role}` was offered the step")),
        };
        played.map_err(|why| format!("in step `{step}`: {why}"))
    }

    /// Makes a trial outside its own steps.
    fn dare(&mut self, dare: &Value) -> Done {
        match dare["dare"].as_str() {
            Some("early_merge") => release::too_early(self),
            Some("own_plan") => developer::own_plan(self),
            Some("own_review") => developer::own_review(self),
            Some("steal") => senior::steal(self, dare),
            _ => Err("an unknown dare".to_owned()),
        }?;
        self.link.tell(&json!({ "kind": "dared" }));
        Ok(())
    }

    fn say(&self, text: impl Into<String>) {
        self.link.tell(&json!({ "kind": "say", "text": text.into() }));
    }

    /// A text from the agent's file.
    fn thought(&self, name: &str) -> Done<String> {
        self.brain[name]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("the brain says nothing about `{name}`"))
    }

    fn remember(&mut self, name: &str, value: Value) {
        self.memory.insert(name.to_owned(), value);
    }

    fn recall(&self, name: &str) -> Done<Value> {
        self.memory.get(name).cloned().ok_or_else(|| format!("nothing is remembered as `{name}`"))
    }
}
