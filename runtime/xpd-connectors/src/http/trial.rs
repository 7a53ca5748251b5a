//! A trial of an instance by its operator: actions are done without grants, at the operator's word, to see what the upstream does.
//!
//! No server makes one: what serves agents acts on a permit only.

use std::collections::BTreeMap;

use xp_artifact::ConnectorFile;
use xp_artifact::workflow::Action;
use xp_scope::Value;
use xpd_proxy::{Impact, Line, Scrubber, Secret};

use super::request::Filling;
use super::{Declared, Http, Shown, make};
use crate::settings::{MakeError, Settings};

/// An instance under trial.
#[derive(Debug)]
pub struct Trial {
    http: Http,
    secrets: Vec<Secret>,
    who: String,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Status of the answer, if there was one.
    pub status: Option<u16>,
    /// The result, if the answer is the declared success; otherwise why it is not.
    pub result: Result<Value, String>,
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
        let (http, secrets) = make(&Settings::new(name, table, folder), &declared)?;
        Ok(Self { http, secrets, who: super::table::who(table) })
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
        self.http.actions.get(name).map(|served| &served.action)
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
        let mut complete = BTreeMap::new();
        for param in &action.params {
            let value = given.get(&param.name).cloned().or_else(|| param.default.clone());
            let Some(value) = value else {
                if param.optional {
                    continue;
                }
                return Err(format!("`{name}` needs the argument `{}`", param.name));
            };
            let value = xp_scope::in_order(value, &param.ty, &self.http.records);
            xp_scope::check(&value, &param.ty, &self.http.records)
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
        let served = self.http.actions.get(name).ok_or_else(|| format!("there is no action `{name}`"))?;
        let filling = Filling { action: &served.action, args, marker, records: &self.http.records };
        let ready = filling.request(&served.request, &self.http.base).map_err(|error| error.to_string())?;
        // As an effect, so that a lost answer is not taken for one that was not sent.
        let sent = self.http.send(Impact::Effect, ready, &Line::unattached(), || Ok(())).await;
        let scrubber = Scrubber::new(self.secrets.iter().cloned());
        let (answer, own) = match sent {
            Ok(sent) => sent,
            Err(xpd_proxy::ActError::Unknown(why)) => {
                return Ok(Tried { status: None, result: Err(scrubber.text(&why)) });
            }
            Err(error) => return Err(scrubber.text(&error.to_string())),
        };
        let status = answer.status;
        let result = match self.http.result(served, args, &answer) {
            Some(result) => result
                .map(|value| scrubber.value(own.value(value)))
                .map_err(|why| scrubber.text(&own.text(&why))),
            None => Err(format!("the upstream answered with status {status}")),
        };
        Ok(Tried { status: Some(status), result })
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
        let served = self.http.actions.get(name).ok_or_else(|| format!("there is no action `{name}`"))?;
        let filling = Filling { action: &served.action, args, marker, records: &self.http.records };
        match self.http.look(served, &filling, &Line::unattached()).await {
            Ok((shown, _)) => Ok(matches!(shown, Shown::Thing(_))),
            Err(error) => Err(Scrubber::new(self.secrets.iter().cloned()).text(&error.to_string())),
        }
    }
}
