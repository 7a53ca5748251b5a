//! Who there is, under which key, for whom, and who may start what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use xp_machine::Actor;
use xp_machine::event::Principal;
use xp_scope::Value;
use xp_wire::proof::PublicJwk;
use xpd_token::PublicKey;

use crate::config_error::{ConfigError, PRIVATE_KEY, is_private_key};

/// The name of the administrator, on the record.
pub const ADMIN: &str = "admin";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "principal")]
    principals: Vec<Entry>,
    #[serde(default, rename = "start")]
    starts: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    controller: String,
    roles: BTreeSet<String>,
    key: Option<serde_json::Map<String, serde_json::Value>>,
    key_file: Option<String>,
}

/// Who may start which artifact, with which parameters, how often.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name of the workflow, or the digest of one artifact.
    pub artifact: String,
    /// Who may start it.
    pub principals: BTreeSet<String>,
    /// Values a parameter, or a field of one (`repo.owner`), may have. What is not named may be anything of its type.
    #[serde(default)]
    pub params: BTreeMap<String, OneOrMore>,
    /// Connector instance for each connector, where it is not the one of its kind.
    #[serde(default)]
    pub instances: BTreeMap<String, String>,
    /// Runs of this rule that may be open at once.
    pub max_open: u64,
    /// Runs of this rule that may be started in 24 hours.
    pub max_per_day: u64,
}

/// A value, or a list of them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// Any of these.
    More(Vec<Value>),
    /// This.
    One(Value),
}

impl OneOrMore {
    /// Whether a value is among them.
    #[must_use]
    pub fn allows(&self, value: &Value) -> bool {
        match self {
            Self::One(one) => one == value,
            Self::More(more) => more.contains(value),
        }
    }
}

impl Rule {
    /// What the rule is counted under.
    #[must_use]
    pub fn id(&self) -> String {
        let mut text = format!("{}|{:?}|", self.artifact, self.principals);
        text.push_str(&format!("{:?}", self.params));
        xp_scope::Digest::of(text.as_bytes()).to_string()
    }

    /// The parameter that the rule forbids, if any.
    #[must_use]
    pub fn forbids(&self, params: &BTreeMap<String, Value>) -> Option<&str> {
        let allowed = |name: &str, values: &OneOrMore| {
            let mut path = name.split('.').map(str::to_owned);
            let root = path.next().and_then(|first| params.get(&first));
            let fields: Vec<String> = path.collect();
            root.and_then(|value| value.at(&fields)).is_some_and(|value| values.allows(value))
        };
        self.params.iter().find(|(name, values)| !allowed(name, values)).map(|(name, _)| name.as_str())
    }
}

/// A principal with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name and controller.
    pub principal: Principal,
    /// Roles it may play.
    pub roles: BTreeSet<String>,
}

impl Member {
    /// As the machine is told.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor { principal: self.principal.clone(), roles: self.roles.iter().cloned().collect() }
    }
}

/// The roster as it was read at the start.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    by_key: BTreeMap<String, Member>,
    rules: Vec<Rule>,
}

impl Roster {
    /// Reads a roster; key files are looked up beside it.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let wrong = |what: String| ConfigError { file: path.display().to_string(), what };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let file: File = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let mut by_key = BTreeMap::new();
        let mut names = BTreeSet::new();
        for entry in file.principals {
            let fault = |what: &str| wrong(format!("principal `{}`: {what}", entry.name.escape_debug()));
            if entry.name.is_empty() || entry.controller.is_empty() {
                return Err(fault("`name` and `controller` must say something"));
            }
            let names_of = [&entry.name, &entry.controller].into_iter().chain(&entry.roles);
            if names_of.into_iter().any(|name| name.chars().any(char::is_control)) {
                return Err(fault("a name, controller or role holds a control character"));
            }
            if entry.name == ADMIN {
                return Err(fault("is what the administrator is called"));
            }
            if !names.insert(entry.name.clone()) {
                return Err(fault("is listed twice"));
            }
            let thumbprint = match (&entry.key, &entry.key_file) {
                (Some(key), None) => {
                    PublicJwk::from_json(key).map_err(|error| fault(&format!("`key`: {error}")))?.thumbprint()
                }
                (None, Some(name)) => {
                    let file = path.parent().unwrap_or(Path::new(".")).join(name);
                    let pem = std::fs::read_to_string(&file)
                        .map_err(|error| fault(&format!("`key_file` {}: {error}", file.display())))?;
                    let key = PublicKey::from_pem(&pem).map_err(|error| {
                        let file = file.display();
                        match is_private_key(&pem) {
                            true => fault(&format!("`key_file` {file}: {PRIVATE_KEY}")),
                            false => fault(&format!("`key_file` {file}: {error}")),
                        }
                    })?;
                    key.kid().to_owned()
                }
                _ => return Err(fault("needs either `key` or `key_file`")),
            };
            let principal = Principal { name: entry.name.clone(), controller: entry.controller.clone() };
            let member = Member { principal, roles: entry.roles.clone() };
            if by_key.insert(thumbprint, member).is_some() {
                return Err(fault("shares its key with another principal"));
            }
        }
        for rule in &file.starts {
            if let Some(name) = rule.principals.iter().find(|name| !names.contains(*name)) {
                return Err(wrong(format!("start of `{}`: there is no principal `{name}`", rule.artifact)));
            }
        }
        Ok(Self { by_key, rules: file.starts })
    }

    /// The principal with a key.
    #[must_use]
    pub fn by_key(&self, thumbprint: &str) -> Option<&Member> {
        self.by_key.get(thumbprint)
    }

    /// The principal with a name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Member> {
        self.by_key.values().find(|member| member.principal.name == name)
    }

    /// Rules under which anybody may start an artifact.
    pub fn rules_of<'r>(&'r self, digest: &'r str, name: &'r str) -> impl Iterator<Item = &'r Rule> {
        self.rules.iter().filter(move |rule| rule.artifact == digest || rule.artifact == name)
    }

    /// Rules under which a principal may start an artifact.
    pub fn rules<'r>(
        &'r self,
        principal: &'r str,
        digest: &'r str,
        name: &'r str,
    ) -> impl Iterator<Item = &'r Rule> {
        self.rules_of(digest, name).filter(move |rule| rule.principals.contains(principal))
    }
}
