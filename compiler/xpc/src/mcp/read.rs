//! A list of tools is one JSON document: the answer to `tools/list`, its result, or the list itself.

use xp_artifact::mcp::TOOL_DEPTH;
use xp_json::{Tree, Unread};

/// Most tools of a list.
const MAX_TOOLS: usize = 2_000;
/// Objects and arrays around a tool: the answer, its result and the list.
const AROUND: usize = 3;

/// Tools as they are listed.
pub struct List {
    pub tools: Vec<Tree>,
    /// The answer is one page of several.
    pub goes_on: bool,
}

/// The tools of a text, or what is wrong with it.
///
/// # Errors
/// If it is no JSON, has a member twice, or is no list of tools.
pub fn list(bytes: &[u8]) -> Result<List, String> {
    let root = Tree::read_within(bytes, TOOL_DEPTH + AROUND).map_err(|why| match why {
        Unread::NotJson => "is no JSON that can be read".to_owned(),
        Unread::Twice => "has an object with a member twice".to_owned(),
        Unread::TooDeep => format!("has a tool that is nested more than {TOOL_DEPTH} deep"),
    })?;
    if root.get("error").is_some() {
        return Err("is an error that the server answered, and no list of tools".to_owned());
    }
    let whole = root.get("result").unwrap_or(&root);
    let goes_on = whole.get("nextCursor").and_then(Tree::as_text).is_some();
    let Some(tools) = whole.as_list().or_else(|| whole.get("tools")?.as_list()) else {
        return Err(
            "is no list of tools: an array of them, `{\"tools\": […]}`, or the whole answer to `tools/list`"
                .to_owned(),
        );
    };
    if tools.len() > MAX_TOOLS {
        return Err(format!("lists more than {MAX_TOOLS} tools; leave some out of the list"));
    }
    Ok(List { tools: tools.to_vec(), goes_on })
}
