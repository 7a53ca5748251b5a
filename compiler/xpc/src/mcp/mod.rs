//! Drafts a connector from the tools that an MCP server lists.
//!
//! What an action does is drafted only where a person names a tool that reads: a server's word about it, `readOnlyHint` and the like,
//! is named as such and no more.

mod draft;
mod read;
mod text;
mod tool;

use std::collections::HashMap;

use xp_artifact::mcp::{is_tool, tool_digest};
use xp_json::Tree;

use draft::{Draft, LeftTool};

use crate::import::names::{self, Names};
use crate::import::same::Parts;
use crate::import::why::{self, Left};
use crate::import::{self, Drafted, Failure};

/// Drafts a connector of this name. The tools that are named in `reads` only read, at a person's word.
///
/// # Errors
/// If the bytes are no list of tools, nothing of it can be drafted, or a tool that is named cannot.
pub fn draft(bytes: &[u8], name: &str, reads: &[String]) -> Result<Drafted, Failure> {
    let list = read::list(bytes)?;
    let mut draft = tree(&list.tools, name);
    for tool in reads {
        let Some(action) = draft.actions.iter_mut().find(|action| action.tool == *tool) else {
            return Err(Failure::Rejected(format!("lists no tool {} that can be drafted", why::shown(tool))));
        };
        action.reads = true;
    }
    if draft.actions.is_empty() {
        let first =
            draft.left_out.first().map_or_else(|| "there is none".to_owned(), |left| left.left.told());
        return Err(Failure::Rejected(format!("lists no tool that can be drafted: {first}")));
    }
    let meant: Vec<Parts> = draft.actions.iter().map(text::meant).collect();
    let text = import::finished(name, &meant, &text::write(&draft), "leave tools out of the list")?;
    let mut to_confirm = vec!["the resources, and what each action reads and reveals".to_owned()];
    let open = draft.actions.iter().filter(|action| !action.reads).count();
    if open > 0 {
        to_confirm
            .push(format!("{open} action(s) are refused until `effect`, `changes` and `repeat` are said"));
    }
    if list.goes_on {
        to_confirm.push("the list goes on (`nextCursor`): other tools are not in this file".to_owned());
    }
    Ok(Drafted {
        text,
        of: "tools",
        actions: draft.actions.len(),
        left_out: draft.left_out.iter().map(|left| left.left.told()).collect(),
        parts: import::parts(draft.actions.iter().flat_map(|action| &action.left_out)),
        to_confirm,
    })
}

fn tree(tools: &[Tree], name: &str) -> Draft {
    let mut draft = Draft { name: name.to_owned(), actions: Vec::new(), left_out: Vec::new() };
    // Also the names that cannot be called: a name like theirs is as misleading.
    let mut alike: HashMap<String, usize> = HashMap::new();
    for name in tools.iter().filter_map(|tool| tool.get("name")?.as_text()) {
        *alike.entry(names::fold(name)).or_default() += 1;
    }
    let mut names = Names::default();
    for (number, tool) in tools.iter().enumerate() {
        let Some(called) = tool.get("name").and_then(Tree::as_text) else {
            let left = Left { what: format!("tool {}", number + 1), required: false, why: why::NO_TOOL };
            draft.left_out.push(LeftTool { left, declared: None });
            continue;
        };
        let named = names::action(called).filter(|_| is_tool(called));
        let (left, declared) = match named {
            None => (Left::new("tool", called, false, why::TOOL_NAME), None),
            Some(_) if alike.get(&names::fold(called)).is_some_and(|count| *count > 1) => {
                (Left::new("tool", called, false, why::LIKE), None)
            }
            Some(named) => match tool::action(called, tool, || names.give(named)) {
                Ok(action) => {
                    draft.actions.push(action);
                    continue;
                }
                Err(left) => {
                    let can_be_declared = left.required;
                    (left, can_be_declared.then(|| (called.to_owned(), tool_digest(tool))))
                }
            },
        };
        draft.left_out.push(LeftTool { left, declared });
    }
    draft
}
