//! A trial of an instance by its operator: actions are done without grants, at the operator's word, to see what the upstream does.
//!
//! No server makes one: what serves agents acts on a permit only.

use std::collections::BTreeMap;

use xp_artifact::workflow::Action;
use xp_artifact::{ConnectorFile, RecordTable};
use xp_scope::Value;
use xpd_proxy::{Scrubber, Secret};

pub use crate::declared::Tried;
use crate::declared::{Declared, who};
use crate::http::{self, Http};
use crate::mcp::{self, Mcp};
use crate::settings::{MakeError, Settings};

/// An instance under trial.
#[derive(Debug)]
pub struct Trial {
    hands: Hands,
    secrets: Vec<Secret>,
    who: String,
    file: std::sync::Arc<ConnectorFile>,
}

/// What carries its actions out.
#[derive(Debug)]
enum Hands {
    Http(Box<Http>),
    Mcp(Mcp),
}

impl Trial {
    /// An instance with its table, as a server would make it.
    ///
    /// # Errors
    /// The table is not valid.
    pub fn new(
        name: &str,
        table: &toml::Table,
        folder: &std::path::Path,
        file: &ConnectorFile,
    ) -> Result<Self, MakeError> {
        let declared = Declared { file: std::sync::Arc::new(file.clone()), observed: None };
        let settings = Settings::new(name, table, folder);
        let (hands, secrets) = if declared.is_by_tools() {
            let (mcp, secrets) = mcp::make(&settings, &declared)?;
            (Hands::Mcp(mcp), secrets)
        } else {
            let (http, secrets) = http::make(&settings, &declared)?;
            (Hands::Http(Box::new(http)), secrets)
        };
        Ok(Self { hands, secrets, who: who(table), file: declared.file })
    }

    /// The secrets of the instance, for a record of the trial.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// Everything about the credential but its secrets.
    #[must_use]
    pub fn who(&self) -> &str {
        &self.who
    }

    /// A declared action.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.file.actions.iter().find(|action| action.name == name)
    }

    /// The complete arguments of an action, with defaults.
    ///
    /// # Errors
    /// One is missing, unknown or not of its type.
    pub fn arguments(
        &self,
        name: &str,
        given: BTreeMap<String, Value>,
    ) -> Result<BTreeMap<String, Value>, String> {
        let action = self.action(name).ok_or_else(|| format!("there is no action `{name}`"))?;
        if let Some(unknown) =
            given.keys().find(|given| !action.params.iter().any(|param| param.name == **given))
        {
            return Err(format!("`{name}` has no argument `{unknown}`"));
        }
        let records = RecordTable::of(&self.file.records);
        let mut complete = BTreeMap::new();
        for param in &action.params {
            let value = given.get(&param.name).cloned().or_else(|| param.default.clone());
            let Some(value) = value else {
                if param.optional {
                    continue;
                }
                return Err(format!("`{name}` needs the argument `{}`", param.name));
            };
            let value = xp_scope::in_order(value, &param.ty, &records);
            xp_scope::check(&value, &param.ty, &records)
                .map_err(|mismatch| format!("argument `{}` of `{name}`: {mismatch}", param.name))?;
            complete.insert(param.name.clone(), value);
        }
        Ok(complete)
    }

    /// Sends the request of an action once. Secrets are removed from the result.
    ///
    /// # Errors
    /// Nothing was sent; why.
    pub async fn send(
        &self,
        name: &str,
        args: &BTreeMap<String, Value>,
        marker: &str,
    ) -> Result<Tried, String> {
        let scrubber = Scrubber::new(self.secrets.iter().cloned());
        let sent = match &self.hands {
            Hands::Http(http) => http.try_once(name, args, marker).await,
            Hands::Mcp(mcp) => mcp.try_once(name, args, marker).await,
        };
        match sent {
            Ok(Tried { answer, result }) => Ok(Tried {
                answer,
                result: result.map(|value| scrubber.value(value)).map_err(|why| scrubber.text(&why)),
            }),
            Err(why) => Err(scrubber.text(&why)),
        }
    }

    /// Whether the probe of an action finds this identifier.
    ///
    /// # Errors
    /// The probe says nothing.
    pub async fn probe(
        &self,
        name: &str,
        args: &BTreeMap<String, Value>,
        marker: &str,
    ) -> Result<bool, String> {
        let found = match &self.hands {
            Hands::Http(http) => http.probe_once(name, args, marker).await,
            Hands::Mcp(_) => Err("a call of a tool cannot be probed".to_owned()),
        };
        found.map_err(|why| Scrubber::new(self.secrets.iter().cloned()).text(&why))
    }
}
