//! The `deploy` connector: a signed hook for each environment, which acts once for each id.

mod hook;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use xp_scope::Value;

use crate::given::{object_id, repo};
use xpd_proxy::{ActError, Call, Connector};

pub use hook::Hook;

/// The connector.
#[derive(Debug)]
pub struct Deploy {
    name: String,
    staging: Option<Hook>,
    production: Option<Hook>,
}

/// What a hook is told.
#[derive(Serialize)]
struct Told<'a> {
    environment: &'a str,
    repo: String,
    commit: &'a str,
    tree: Option<&'a str>,
    id: &'a str,
}

/// What staging answers.
#[derive(Deserialize)]
struct Checked {
    passed: bool,
    commit: String,
}

/// What production answers.
#[derive(Deserialize)]
struct Shipped {
    id: String,
}

impl Deploy {
    /// With hooks for one or both environments.
    ///
    /// # Errors
    /// There is none.
    pub fn new(name: &str, staging: Option<Hook>, production: Option<Hook>) -> Result<Self, &'static str> {
        if staging.is_none() && production.is_none() {
            return Err("needs `staging` or `production`");
        }
        Ok(Self { name: name.to_owned(), staging, production })
    }

    async fn staging(&self, call: &Call) -> Result<Value, ActError> {
        let hook = self.staging.as_ref().ok_or_else(|| missing("staging"))?;
        let commit = object_id(call, "commit")?;
        let checked: Checked = hook.tell(&told("staging", call, commit, None)?).await?;
        if checked.commit != commit {
            return Err(ActError::Unknown("the hook answered for another commit".to_owned()));
        }
        Ok(record([("passed", Value::Bool(checked.passed)), ("commit", Value::Text(checked.commit))]))
    }

    async fn production(&self, call: &Call) -> Result<Value, ActError> {
        let hook = self.production.as_ref().ok_or_else(|| missing("production"))?;
        let (commit, tree) = (object_id(call, "commit")?, object_id(call, "tree")?);
        let shipped: Shipped = hook.tell(&told("production", call, commit, Some(tree))?).await?;
        Ok(record([("id", Value::Text(shipped.id))]))
    }
}

#[async_trait]
impl Connector for Deploy {
    fn name(&self) -> &str {
        &self.name
    }

    async fn act(&self, call: &Call) -> Result<Value, ActError> {
        match call.action.as_str() {
            "staging" => self.staging(call).await,
            "production" => self.production(call).await,
            other => Err(ActError::NotSent(format!("there is no action `{other}`"))),
        }
    }

    /// Both actions are repeated, not looked for: the hook acts once for each id.
    async fn probe(&self, _: &Call) -> Result<Option<Value>, ActError> {
        Err(ActError::NotSent("a hook cannot be asked".to_owned()))
    }
}

fn missing(environment: &str) -> ActError {
    ActError::NotSent(format!("no hook is configured for {environment}"))
}

fn told<'c>(
    environment: &'c str,
    call: &'c Call,
    commit: &'c str,
    tree: Option<&'c str>,
) -> Result<Told<'c>, ActError> {
    let repo = repo(call)?;
    Ok(Told { environment, repo: format!("{}/{}", repo.owner, repo.name), commit, tree, id: &call.marker })
}

fn record<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Record(BTreeMap::from(members.map(|(name, value)| (name.to_owned(), value))))
}
