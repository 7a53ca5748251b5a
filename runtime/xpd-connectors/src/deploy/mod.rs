//! The `deploy` connector: a signed hook per environment. The hook acts once per id.

mod hook;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use xp_scope::Value;
use xpd_proxy::{ActError, Connector, Permit, Sought};

use crate::args::Args;
use crate::result::{record, text};

pub use hook::Hook;

/// The connector.
#[derive(Debug)]
pub struct Deploy {
    name: String,
    staging: Option<Hook>,
    production: Option<Hook>,
}

/// Body of a request to a hook.
#[derive(Serialize)]
struct Message<'a> {
    environment: &'a str,
    repo: String,
    commit: &'a str,
    tree: Option<&'a str>,
    id: &'a str,
}

/// Answer of the staging hook.
#[derive(Deserialize)]
struct Checked {
    passed: bool,
    commit: String,
}

/// Answer of the production hook.
#[derive(Deserialize)]
struct Shipped {
    id: String,
}

impl Deploy {
    /// A connector with hooks for one or both environments.
    ///
    /// # Errors
    /// There is no hook.
    pub fn new(name: &str, staging: Option<Hook>, production: Option<Hook>) -> Result<Self, &'static str> {
        if staging.is_none() && production.is_none() {
            return Err("needs `staging` or `production`");
        }
        Ok(Self { name: name.to_owned(), staging, production })
    }

    async fn staging(&self, permit: &Permit) -> Result<Value, ActError> {
        let hook = self.staging.as_ref().ok_or_else(|| missing("staging"))?;
        let args = Args::of(permit.call(), &["repo", "commit"])?;
        let (repo, commit) = (args.repo()?.full_name(), args.commit("commit")?);
        let id = permit.call().marker();
        let message = Message { environment: "staging", repo, commit, tree: None, id };
        let checked: Checked = hook.post(permit, &message).await?;
        if checked.commit != commit {
            return Err(ActError::Unknown("the hook answered for another commit".to_owned()));
        }
        Ok(record([("passed", Value::Bool(checked.passed)), ("commit", text(commit))]))
    }

    async fn production(&self, permit: &Permit) -> Result<Value, ActError> {
        let hook = self.production.as_ref().ok_or_else(|| missing("production"))?;
        let args = Args::of(permit.call(), &["repo", "commit", "tree"])?;
        let (repo, commit) = (args.repo()?.full_name(), args.commit("commit")?);
        let (tree, id) = (Some(args.commit("tree")?), permit.call().marker());
        let message = Message { environment: "production", repo, commit, tree, id };
        let shipped: Shipped = hook.post(permit, &message).await?;
        Ok(record([("id", text(&shipped.id))]))
    }
}

#[async_trait]
impl Connector for Deploy {
    fn name(&self) -> &str {
        &self.name
    }

    async fn act(&self, permit: Permit) -> Result<Value, ActError> {
        match permit.call().action() {
            "staging" => self.staging(&permit).await,
            "production" => self.production(&permit).await,
            other => Err(ActError::NotSent(format!("there is no action `{other}`"))),
        }
    }

    /// Both actions are idempotent (the hook acts once per id), so they are repeated instead.
    async fn probe(&self, _: &Sought) -> Result<Option<Value>, ActError> {
        Err(ActError::NotSent("a hook cannot be asked".to_owned()))
    }
}

fn missing(environment: &str) -> ActError {
    ActError::NotSent(format!("no hook is configured for {environment}"))
}
