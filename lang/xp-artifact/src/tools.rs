//! The tools that a server offers for a workflow over MCP, and their names.
//!
//! `STEP.CONNECTOR.ACTION` for each action that a step grants, `submit.STEP.NAME`, `judge.STEP`, and four that every workflow has.

use std::collections::BTreeMap;

use xp_scope::Digest;

use crate::error::ArtifactError;
use crate::workflow::{ActionId, GrantIx, How, StepId, SubmissionIx, Workflow};

/// Characters of a name; more are refused by some clients.
pub const MAX_NAME: usize = 64;
/// The argument that names the grant where several fit.
pub const GRANT: &str = "xp.grant";
/// Hexadecimal digits of the digest that ends a name that was cut.
const DIGEST: usize = 16;

/// What a tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Requests and uses a grant of the step for the action; the first such grant.
    Act(StepId, ActionId, GrantIx),
    /// Hands something in.
    Submit(StepId, SubmissionIx),
    /// Decides an outcome of the step.
    Judge(StepId),
    /// Shows a datum.
    View,
    /// Says what is open.
    Offers,
    /// Waits until something else is open.
    Await,
    /// Says what became of an action.
    Result,
}

impl Does {
    /// The step that the tool belongs to; none for those that every workflow has.
    #[must_use]
    pub fn step(self) -> Option<StepId> {
        match self {
            Self::Act(step, ..) | Self::Submit(step, _) | Self::Judge(step) => Some(step),
            Self::View | Self::Offers | Self::Await | Self::Result => None,
        }
    }

    /// Where it is written in the workflow; what every workflow has comes first.
    fn place(self) -> Option<(usize, usize, usize)> {
        let (kind, index) = match self {
            Self::Act(_, _, grant) => (0, grant.index()),
            Self::Submit(_, submission) => (1, submission.index()),
            Self::Judge(_) | Self::View | Self::Offers | Self::Await | Self::Result => (2, 0),
        };
        Some((self.step()?.index(), kind, index))
    }
}

/// A tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub does: Does,
}

/// Those that every workflow has.
const OWN: [(&str, Does); 4] =
    [("await", Does::Await), ("offers", Does::Offers), ("result", Does::Result), ("view", Does::View)];

/// The name, at most [`MAX_NAME`] long. A longer one is cut and ends with `-` and a digest of the whole, so that two stay different.
fn cut(name: String) -> String {
    if name.len() <= MAX_NAME {
        return name;
    }
    let digest = Digest::of(name.as_bytes()).to_string();
    let hex: String = digest.chars().rev().take(DIGEST).collect();
    let kept: String = name.chars().take(MAX_NAME - DIGEST - 1).collect();
    format!("{kept}-{hex}")
}

/// The name of the tool for a qualified action of a step.
#[must_use]
pub fn act(step: &str, action: &str) -> String {
    cut(format!("{step}.{action}"))
}

/// The name of the tool for a submission of a step.
#[must_use]
pub fn submit(step: &str, name: &str) -> String {
    cut(format!("submit.{step}.{name}"))
}

/// The name of the tool that decides how a step ends.
#[must_use]
pub fn judge(step: &str) -> String {
    cut(format!("judge.{step}"))
}

/// All tools of a workflow, of every role, sorted by name.
#[must_use]
pub fn of(workflow: &Workflow) -> Vec<Tool> {
    let mut tools: Vec<Tool> =
        OWN.into_iter().map(|(name, does)| Tool { name: name.to_owned(), does }).collect();
    for (number, step) in workflow.steps.iter().enumerate() {
        let id = StepId::of(number);
        for (number, action) in workflow.actions.iter().enumerate() {
            let granted = step.grants.iter().position(|grant| grant.action.index() == number);
            let Some(first) = granted else { continue };
            let name = act(&step.name, &format!("{}.{}", action.connector, action.name));
            tools.push(Tool { name, does: Does::Act(id, ActionId::of(number), GrantIx::of(first)) });
        }
        for (number, submission) in step.submissions.iter().enumerate() {
            let does = Does::Submit(id, SubmissionIx::of(number));
            tools.push(Tool { name: submit(&step.name, &submission.name), does });
        }
        if step.outcomes.iter().any(|outcome| matches!(outcome.how, How::Judged | How::JudgedIf(_))) {
            tools.push(Tool { name: judge(&step.name), does: Does::Judge(id) });
        }
    }
    tools.sort_by(|one, other| one.name.cmp(&other.name));
    tools
}

/// Two tools that a person or a client could take for each other: their names differ in case and `._-` at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// One of them.
    pub first: Tool,
    /// The other, which belongs to a step.
    pub second: Tool,
    /// What makes them different.
    pub cure: String,
}

/// Two tools of a workflow that are alike, if there are any.
#[must_use]
pub fn alike(workflow: &Workflow) -> Option<Alike> {
    let mut seen: BTreeMap<String, Tool> = BTreeMap::new();
    for tool in of(workflow) {
        let kept = tool.name.chars().filter(|c| !"._-".contains(*c));
        let Some(other) = seen.insert(kept.map(|c| c.to_ascii_lowercase()).collect(), tool.clone()) else {
            continue;
        };
        // The later one in the workflow is the one to change.
        let in_order = other.does.place() <= tool.does.place();
        let (first, second) = if in_order { (other, tool) } else { (tool, other) };
        let cure = cure(workflow, &first, &second);
        return Some(Alike { first, second, cure });
    }
    None
}

/// Refuses a workflow with tools that are alike.
///
/// # Errors
/// There are two.
pub fn distinct(workflow: &Workflow) -> Result<(), ArtifactError> {
    match alike(workflow) {
        None => Ok(()),
        Some(Alike { first, second, cure }) => {
            Err(ArtifactError::AlikeTools { first: first.name, second: second.name, cure })
        }
    }
}

fn cure(workflow: &Workflow, first: &Tool, second: &Tool) -> String {
    let named = second.does.step().and_then(|step| workflow.steps.get(step.index()));
    let step = named.map(|step| step.name.as_str()).unwrap_or_default();
    match (first.does, second.does) {
        (Does::Act(one, ..), Does::Act(other, ..)) if one == other => {
            format!("grant one of the two actions in another step than `{step}`")
        }
        (Does::Submit(one, _), Does::Submit(other, ix)) if one == other => {
            let submission = named.and_then(|step| step.submissions.get(ix.index()));
            let name = submission.map(|submission| submission.name.as_str()).unwrap_or_default();
            format!("rename the submission `{name}` of step `{step}`")
        }
        _ => format!("rename the step `{step}`"),
    }
}
