//! What a tool answered, and the result that it holds.

use xp_artifact::RecordTable;
use xp_artifact::mcp::{Mcp, Told, ToolReading};
use xp_json::Tree;
use xp_scope::{Type, Value};

use super::message::Said;
use crate::declared::observed::{Failing, FailingTool};
use crate::declared::{Expected, Found, Places, written};

/// Characters of a failure that are logged.
const MAX_FAILURE: usize = 2_000;

/// What came of a call.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The declared success.
    Done(Value),
    /// The tool, or the protocol, says that it failed.
    Failed(Failing),
    /// Anything else.
    Unclear(String),
}

/// Reads an answer.
pub(super) fn outcome(said: &Said, mcp: &Mcp, expected: &Expected<'_>) -> Outcome {
    let unclear = |why: &str| Outcome::Unclear(why.to_owned());
    let result = match said {
        Said::Error(code, _) => return Outcome::Failed(Failing::Number(*code)),
        Said::Result(result) => result,
    };
    match result.get("resultType") {
        None => {}
        Some(kind) if kind.as_text() == Some("complete") => {}
        Some(_) => return unclear("the tool does not end: it answers with a result of another type"),
    }
    // A task, or something that is no result of a tool.
    let Some(content) = result.get("content").and_then(Tree::as_list) else {
        return unclear("the tool's answer has no content");
    };
    match result.get("isError") {
        None | Some(Tree::Bool(false)) => {}
        Some(Tree::Bool(true)) => return Outcome::Failed(Failing::Tool(FailingTool::Failed)),
        Some(_) => return unclear("the tool's answer does not say whether it failed"),
    }
    let structured = result.get("structuredContent");
    if let Some(condition) = &mcp.condition {
        let there = structured.and_then(|content| content.at(&condition.at));
        if there.is_none() || there != written::literal(&condition.is).as_ref() {
            return unclear("the tool's answer is not the success that is declared");
        }
    }
    let text = text(content);
    let json = match content {
        [_] => text.as_deref().and_then(|text| Tree::read(text.as_bytes()).ok()),
        _ => None,
    };
    let answer = Answer { readings: &mcp.results, structured, text: text.as_deref(), json: json.as_ref() };
    match expected.value(&answer) {
        Ok(value) => Outcome::Done(value),
        Err(why) => Outcome::Unclear(why),
    }
}

/// What a tool says of its failure; empty if it says nothing in text.
pub(super) fn failure(said: &Said) -> String {
    let content = match said {
        Said::Result(result) => result.get("content").and_then(Tree::as_list).and_then(text),
        Said::Error(..) => None,
    };
    content.unwrap_or_default().chars().take(MAX_FAILURE).collect()
}

/// The text of all blocks; none if one of them is no text.
fn text(content: &[Tree]) -> Option<String> {
    let blocks: Option<Vec<&str>> = content
        .iter()
        .map(|block| {
            let is_text = block.get("type").and_then(Tree::as_text) == Some("text");
            block.get("text").and_then(Tree::as_text).filter(|_| is_text)
        })
        .collect();
    blocks.map(|blocks| blocks.join("\n"))
}

/// The places of an answer.
struct Answer<'a> {
    readings: &'a [ToolReading],
    structured: Option<&'a Tree>,
    text: Option<&'a str>,
    json: Option<&'a Tree>,
}

impl Places for Answer<'_> {
    fn fields(&self) -> Vec<&[String]> {
        self.readings.iter().map(|reading| reading.field.as_slice()).collect()
    }

    fn read(&self, number: usize, ty: &Type, records: &RecordTable) -> Found {
        let Some(ToolReading { from, form, .. }) = self.readings.get(number) else { return Found::Nothing };
        let leaf = |tree: Option<&Tree>| match tree {
            None | Some(Tree::Null) => Found::Nothing,
            Some(tree) => Found::of(written::value(tree, ty, *form, records)),
        };
        match from {
            Told::Structured(at) => leaf(self.structured.and_then(|content| content.at(at))),
            Told::TextJson(at) => match self.json {
                None => Found::Unreadable,
                Some(json) => leaf(json.at(at)),
            },
            Told::Text => Found::of(self.text.and_then(|text| written::header(text, ty, *form, records))),
        }
    }
}
