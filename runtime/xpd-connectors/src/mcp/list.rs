//! The tools of a server as it lists them.

use std::collections::BTreeMap;

use xp_artifact::mcp::{Mcp, tool_digest, wants_headers};
use xp_json::Tree;
use xp_scope::Digest;
use xpd_proxy::ActError;

use super::message::Said;

/// Pages of a list at most.
pub(super) const MAX_PAGES: usize = 64;
/// Tools of a server at most.
const MAX_TOOLS: usize = 4_096;

/// A listed tool.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    digest: Digest,
    /// It wants arguments in headers, where they are seen on the way.
    wants_headers: bool,
}

/// The tools of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tools(BTreeMap<String, Listed>);

impl Tools {
    /// Adds a page. Returns the cursor of the next one.
    ///
    /// # Errors
    /// It is no page of tools, or names a tool twice.
    pub fn page(&mut self, said: &Said) -> Result<Option<String>, ActError> {
        let wrong = |why: &str| Err(ActError::NotSent(why.to_owned()));
        let Said::Result(result) = said else { return wrong("the server lists no tools") };
        let Some(tools) = result.get("tools").and_then(Tree::as_list) else {
            return wrong("the server lists no tools");
        };
        for tool in tools {
            let Some(name) = tool.get("name").and_then(Tree::as_text) else {
                return wrong("the server lists a tool without a name");
            };
            let listed = Listed {
                digest: tool_digest(tool),
                wants_headers: tool.get("inputSchema").is_some_and(wants_headers),
            };
            if self.0.insert(name.to_owned(), listed).is_some() {
                return wrong("the server lists two tools of one name");
            }
        }
        if self.0.len() > MAX_TOOLS {
            return wrong("the server lists too many tools");
        }
        match result.get("nextCursor") {
            None | Some(Tree::Null) => Ok(None),
            Some(Tree::Text(cursor)) if cursor.len() <= 4_096 => Ok(Some(cursor.clone())),
            Some(_) => wrong("the server's list has no end"),
        }
    }

    /// Whether the tool of an action is the one that its declaration was made with.
    ///
    /// # Errors
    /// It is not.
    pub fn agree(&self, mcp: &Mcp) -> Result<(), ActError> {
        let wrong = |why: String| Err(ActError::NotSent(why));
        let tool = &mcp.tool;
        let Some(listed) = self.0.get(tool) else {
            return wrong(format!("the server lists no tool `{tool}` any more"));
        };
        if listed.digest != mcp.listed {
            return wrong(format!(
                "the tool `{tool}` has changed since it was declared: it is listed with digest {}; import and accept it again",
                listed.digest
            ));
        }
        if listed.wants_headers {
            return wrong(format!("the tool `{tool}` wants arguments in headers, which is not supported"));
        }
        Ok(())
    }
}
