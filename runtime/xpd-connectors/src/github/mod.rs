//! The `github` connector: issues, files, branches, pull requests, reviews and merges over GitHub's REST API.
//!
//! It takes typed arguments only, names the objects it changes by id, and moves refs forward only. Error
//! texts of the upstream are not passed on. A golden test per action fixes the requests that are sent.

mod api;
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

use std::sync::Arc;

use async_trait::async_trait;
use xp_scope::Value;

pub use api::{Config, ConfigError};

use api::Host;
use xpd_proxy::{ActError, Connector, Permit, Sought};

/// The connector, configured for one host and one credential.
#[derive(Debug)]
pub struct Github {
    host: Arc<Host>,
}

impl Github {
    /// Creates the connector.
    ///
    /// # Errors
    /// The URL is neither `https` nor `http` to a loopback address.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self { host: Arc::new(Host::new(config)?) })
    }
}

#[async_trait]
impl Connector for Github {
    fn name(&self) -> &'static str {
        "github"
    }

    async fn act(&self, permit: Permit) -> Result<Value, ActError> {
        marker::check(permit.call().marker())?;
        let (api, permit) = (&self.host.on(permit.line()), &permit);
        match permit.call().action() {
            "issues.search" => issues::search(api, permit).await,
            "issues.create" => issues::create(api, permit).await,
            "issues.read" => issues::read(api, permit).await,
            "issues.comment" => issues::comment(api, permit).await,
            "contents.read" => contents::read(api, permit).await,
            "contents.write" => contents::write(api, permit).await,
            "branches.create" => branches::create(api, permit).await,
            "pulls.ensure" => pulls::ensure(api, permit).await,
            "pulls.read" => pulls::read(api, permit).await,
            "pulls.review" => pulls::review(api, permit).await,
            "pulls.merge" => merge::merge(api, permit).await,
            other => Err(unknown(other)),
        }
    }

    async fn probe(&self, sought: &Sought) -> Result<Option<Value>, ActError> {
        marker::check(sought.call().marker())?;
        let api = &self.host.on(sought.line());
        match sought.call().action() {
            "issues.create" => issues::probe_create(api, sought).await,
            "issues.comment" => issues::probe_comment(api, sought).await,
            "contents.write" => contents::probe_write(api, sought).await,
            "branches.create" => branches::probe_create(api, sought).await,
            "pulls.ensure" => pulls::probe_ensure(api, sought).await,
            "pulls.review" => pulls::probe_review(api, sought).await,
            "pulls.merge" => merge::probe_merge(api, sought).await,
            // A read has no effect and is repeated instead.
            "issues.search" | "issues.read" | "contents.read" | "pulls.read" => Ok(None),
            other => Err(unknown(other)),
        }
    }
}

fn unknown(action: &str) -> ActError {
    ActError::NotSent(format!("GitHub's REST interface offers no action `{action}`"))
}
