//! The `github` connector: issues, files, branches, pull requests, reviews and merges over GitHub's REST interface.
//!
//! It works on typed arguments alone, names everything it changes by object id, and moves refs forward only. Nothing
//! of the upstream's error texts leaves it. What each action sends is held fast by a test per action.

mod api;
mod args;
mod body;
mod branches;
mod contents;
mod git;
mod issues;
mod marker;
mod merge;
mod pages;
mod pulls;
mod tree_merge;
mod when;

use async_trait::async_trait;
use xp_scope::Value;

pub use api::{Config, ConfigError};

use api::Api;
use xpd_proxy::{ActError, Call, Connector};

/// The connector, bound to one host and one credential.
#[derive(Debug)]
pub struct Github {
    api: Api,
}

impl Github {
    /// Binds the connector.
    ///
    /// # Errors
    /// When the address is not `https`, nor `http` to a loopback address.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self { api: Api::new(config)? })
    }
}

#[async_trait]
impl Connector for Github {
    fn name(&self) -> &'static str {
        "github"
    }

    async fn act(&self, call: &Call) -> Result<Value, ActError> {
        marker::check(&call.marker)?;
        let api = &self.api;
        match call.action.as_str() {
            "issues.search" => issues::search(api, call).await,
            "issues.create" => issues::create(api, call).await,
            "issues.read" => issues::read(api, call).await,
            "issues.comment" => issues::comment(api, call).await,
            "contents.read" => contents::read(api, call).await,
            "contents.write" => contents::write(api, call).await,
            "branches.create" => branches::create(api, call).await,
            "pulls.ensure" => pulls::ensure(api, call).await,
            "pulls.read" => pulls::read(api, call).await,
            "pulls.review" => pulls::review(api, call).await,
            "pulls.merge" => merge::merge(api, call).await,
            other => Err(unknown(other)),
        }
    }

    async fn probe(&self, call: &Call) -> Result<Option<Value>, ActError> {
        marker::check(&call.marker)?;
        let api = &self.api;
        match call.action.as_str() {
            "issues.create" => issues::probe_create(api, call).await,
            "issues.comment" => issues::probe_comment(api, call).await,
            "contents.write" => contents::probe_write(api, call).await,
            "branches.create" => branches::probe_create(api, call).await,
            "pulls.ensure" => pulls::probe_ensure(api, call).await,
            "pulls.review" => pulls::probe_review(api, call).await,
            "pulls.merge" => merge::probe_merge(api, call).await,
            // Reading leaves nothing behind and may simply be done again.
            "issues.search" | "issues.read" | "contents.read" | "pulls.read" => Ok(None),
            other => Err(unknown(other)),
        }
    }
}

fn unknown(action: &str) -> ActError {
    ActError::NotSent(format!("GitHub's REST interface offers no action `{action}`"))
}
