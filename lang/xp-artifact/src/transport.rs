//! How an action of a user's connector is done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::Http;
use crate::mcp::Mcp;

/// How an action is done at its upstream, for connectors whose code is this description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// By one HTTP request.
    Http(Http),
    /// By one call of a tool of an MCP server.
    Mcp(Mcp),
}

impl Transport {
    /// The word with which its clauses begin.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Mcp(_) => "mcp",
        }
    }
}
