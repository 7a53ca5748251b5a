//! Workloads of the roster: which tokens of which issuer mean which principal, and what its sessions are good for.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};
use xp_scope::Digest;

/// What stands in the place of a key's thumbprint for a workload. A thumbprint has no colon.
#[must_use]
pub fn workload_key(name: &str) -> String {
    format!("workload:{name}")
}

/// The tokens that mean a principal, and what they are good for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// The issuer, exactly as it writes itself.
    pub issuer: String,
    /// Claims that a token must have, each with this value. A number counts as its digits.
    pub claims: BTreeMap<String, String>,
    /// The actions that its sessions may request.
    pub actions: BTreeSet<String>,
}

/// Claims that every token has, or that differ in each.
const OWN: [&str; 6] = ["iss", "aud", "exp", "iat", "nbf", "jti"];

impl Workload {
    /// Checks what an administrator wrote.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        if self.issuer.is_empty() || self.issuer.chars().any(char::is_control) {
            return Err("`workload.issuer`: write the issuer exactly as its tokens do".to_owned());
        }
        if let Some(claim) = self.claims.keys().find(|claim| OWN.contains(&claim.as_str())) {
            return Err(format!("`workload.claims`: `{claim}` says nothing about who somebody is"));
        }
        let is_number = |value: &String| !value.is_empty() && value.bytes().all(|one| one.is_ascii_digit());
        if !self.claims.values().any(is_number) {
            let what = "name at least one claim that is a number, such as `repository_id`; names are given to others";
            return Err(format!("`workload.claims`: {what}"));
        }
        Ok(())
    }

    /// Whether a token of an issuer with these claims means the principal.
    #[must_use]
    pub fn is_meant_by(&self, issuer: &str, claims: &BTreeMap<String, Value>) -> bool {
        let holds = |(claim, wanted): (&String, &String)| match claims.get(claim) {
            Some(Value::String(said)) => said == wanted,
            Some(Value::Number(said)) => said.to_string() == *wanted,
            _ => false,
        };
        self.issuer == issuer && !self.claims.is_empty() && self.claims.iter().all(holds)
    }

    /// The identifier of this part of the roster.
    #[must_use]
    pub fn part(&self, name: &str) -> String {
        let Self { issuer, claims, actions } = self;
        Digest::of(json!(["workload", name, issuer, claims, actions]).to_string().as_bytes()).to_string()
    }

    /// In words, for the log.
    #[must_use]
    pub fn described(&self) -> String {
        let Self { issuer, claims, actions } = self;
        let claims: Vec<String> = claims.iter().map(|(claim, value)| format!("{claim} = {value}")).collect();
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        format!(", a workload of {issuer} with {} for {}", claims.join(", "), actions.join(", "))
    }
}
