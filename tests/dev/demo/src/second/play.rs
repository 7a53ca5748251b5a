//! The course of the act: what the client asks for, allowed and forbidden, and the state of the world around each.

use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::config::{AGENT, PERSON};
use super::person;
use super::snapshot::Snapshot;
use super::world::World;
use crate::Done;
use crate::shared::ledger::{Ledger, Refused, Trial};
use crate::shared::pad;

const TRIALS: &[Trial] = &[
    ("write_early", "a write before anybody approved it", "out_of_sequence"),
    ("own_approval", "the agent approving its own text", "wrong_role"),
    ("other_file", "a write to another file", "out_of_scope"),
    ("other_text", "a write of a text that was not approved", "out_of_scope"),
    ("close_early", "closing the issue before the fix is written", "out_of_sequence"),
    ("other_issue", "closing another issue", "out_of_scope"),
    ("close_twice", "closing the issue a second time", "used_up"),
];

const READ_ISSUE: &str = "look.tracker.issues.read";
const READ: &str = "propose.files.read_text_file";
const WRITE: &str = "apply.files.write_file";
const CLOSE: &str = "close.tracker.issues.close";
const JUDGE: &str = "judge.review";

/// Which client makes a call.
#[derive(Clone, Copy)]
enum By {
    Python,
    Inspector,
}

/// The state of the act.
pub struct Play<'a> {
    world: &'a World,
    pub client: Client,
    pub ledger: Ledger,
    pub run: String,
    /// The value that the person was shown.
    pub shown: String,
}

impl<'a> Play<'a> {
    /// Starts a run and the client.
    pub fn begin(world: &'a World) -> Done<Self> {
        let run = world.start()?;
        println!("[{AGENT}] {}starts run {run}", pad(AGENT));
        let client = Client::start(world, &run)?;
        Ok(Self { world, client, ledger: Ledger::new("tracker", TRIALS.iter()), run, shown: String::new() })
    }

    /// Runs the act to its end.
    pub fn run(&mut self) -> Done {
        let (story, file) = (&self.world.story, self.world.file());
        self.say(&format!(
            "speaks MCP {} and sees {} tools",
            text(&self.client.found["revision"]),
            self.tools()
        ));
        let issue = self.done(By::Python, READ_ISSUE, &json!({}))?;
        self.say(&format!("reads issue {}: {}", self.world.issue, text(&issue["result"]["title"])));
        self.done(By::Python, "judge.look", &json!({ "outcome": "understood" }))?;
        let old = self.done(By::Inspector, READ, &json!({}))?;
        let lines = text(&old["result"]["content"]).lines().count();
        self.say(&format!("reads {} by the inspector: {lines} lines", story.file));
        self.done(By::Python, "submit.propose.fixed", &json!({ "value": story.fixed }))?;
        let write = json!({ "path": file, "text": story.fixed });
        let early = request(WRITE, &write, "before the approval");
        self.refused("write_early", By::Python, &early)?;
        self.done(By::Python, "judge.propose", &json!({ "outcome": "proposed" }))?;
        self.say("proposes what the file is to have");

        let approval = json!({ "outcome": "approved" });
        let mut own = request(JUDGE, &approval, "before the approval");
        self.refused("own_approval", By::Python, &own)?;
        self.say("waits for somebody to decide");
        self.client.begin("await", &json!({}))?;
        self.shown = person::approve(self.world, &self.run)?;
        println!("[{PERSON}] {}approves it; the passkey signs", pad(PERSON));
        own["by"] = json!(PERSON);
        self.ledger.twin("own_approval", own, false);
        let woken = self.client.answer()?;
        let open = woken.ok()?["offers"][0]["step"].as_str().unwrap_or_default().to_owned();
        self.say(&format!("is woken: step `{open}` is open"));

        // What the text of the issue asks for besides.
        let (when, asked) = ("after the approval", |name: &str| story.text(&format!("/asked_for/{name}")));
        let elsewhere = self.world.at("shop").join(asked("file"));
        let with = |name: &str, value: Value| {
            let mut args = write.clone();
            args[name] = value;
            request(WRITE, &args, when)
        };
        self.refused("other_file", By::Python, &with("path", json!(elsewhere)))?;
        self.refused("other_text", By::Python, &with("text", json!(asked("text"))))?;
        let number = |number: u64| json!({ "number": number });
        let early = request(CLOSE, &number(self.world.issue), "before the fix is written");
        self.refused("close_early", By::Python, &early)?;
        self.allowed(&["write_early", "other_file", "other_text"], &request(WRITE, &write, when))?;
        self.say(&format!("writes {}", story.file));

        let close = |issue: u64, when: &str| request(CLOSE, &number(issue), when);
        let when = "once the fix is written";
        self.refused("other_issue", By::Inspector, &close(self.world.other, when))?;
        self.allowed(&["close_early", "other_issue"], &close(self.world.issue, when))?;
        self.ledger.twin("close_twice", close(self.world.issue, when), false);
        self.say(&format!("closes issue {}", self.world.issue));
        self.refused("close_twice", By::Python, &close(self.world.issue, "once more"))?;
        self.done(By::Python, "judge.close", &json!({ "outcome": "done" }))?;
        Ok(())
    }

    fn say(&self, what: &str) {
        println!("[{AGENT}] {}{what}", pad(AGENT));
    }

    fn tools(&self) -> usize {
        self.client.found["tools"].as_array().map(Vec::len).unwrap_or_default()
    }

    fn call(&mut self, by: By, tool: &str, args: &Value) -> Done<Answer> {
        match by {
            By::Python => self.client.call(tool, args),
            By::Inspector => self.client.inspect(tool, args),
        }
    }

    /// A call that must be carried out.
    fn done(&mut self, by: By, tool: &str, args: &Value) -> Done<Value> {
        let answer = self.call(by, tool, args)?;
        answer.ok().cloned().map_err(|why| format!("{tool}: {why}"))
    }

    /// A request that must be refused, and must change nothing.
    fn refused(&mut self, name: &str, by: By, request: &Value) -> Done {
        self.world.forge.take_requests();
        let before = Snapshot::take(self.world)?;
        let answer = self.call(by, text(&request["tool"]), &request["args"])?;
        let after = Snapshot::take(self.world)?;
        let refused = Refused {
            request: request.clone(),
            code: answer.about("code").unwrap_or_else(|| "none".to_owned()),
            clause: answer.about("clause"),
            detail: answer.about("detail").unwrap_or_default(),
            reached: self.world.forge.take_requests().len(),
        };
        let by = match by {
            By::Python => "",
            By::Inspector => ", by the inspector",
        };
        self.say(&format!(
            "  REFUSED: {}{by}: {} ({})",
            self.ledger.title(name),
            refused.code,
            refused.clause.as_deref().unwrap_or(&refused.detail)
        ));
        let status = if answer.refused() { 403 } else { 200 };
        self.ledger.refused(name, status, refused, before.differs(&after));
        Ok(())
    }

    /// A request that is the twin of refused ones, and must change something.
    fn allowed(&mut self, twins: &[&str], request: &Value) -> Done {
        let before = Snapshot::take(self.world)?;
        self.done(By::Python, text(&request["tool"]), &request["args"])?;
        let idle = before == Snapshot::take(self.world)?;
        for name in twins {
            self.ledger.twin(name, request.clone(), idle);
            self.say(&format!("  allowed: the twin of `{}`", self.ledger.title(name)));
        }
        Ok(())
    }
}

/// A request in the form in which it is compared.
fn request(tool: &str, args: &Value, when: &str) -> Value {
    json!({ "by": AGENT, "tool": tool, "args": args, "when": when })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
