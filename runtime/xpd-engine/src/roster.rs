//! The roster: principals, their keys, controllers and roles, and who may start which workflow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use xp_machine::Actor;
use xp_machine::event::Principal;
use xp_scope::Value;
use xp_wire::proof::PublicJwk;
use xpd_store::Mode;
use xpd_token::{PublicKey, is_name, is_principal_name};

use crate::config_error::{ConfigError, PRIVATE_KEY, is_private_key};
use crate::workloads::{Workload, workload_key};

/// Name in the log of the holder of the administrative key in the server's folder.
pub const ADMIN: &str = "admin";
/// Name in the log of the holder of the recovery key.
pub const RECOVERY: &str = "recovery";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "principal")]
    principals: Vec<Entry>,
    #[serde(default, rename = "administrator")]
    administrators: Vec<Administrator>,
    #[serde(default, rename = "start")]
    starts: Vec<Rule>,
    #[serde(default, rename = "chat")]
    chats: Vec<ChatRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Administrator {
    name: String,
    key: Option<serde_json::Map<String, serde_json::Value>>,
    key_file: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(default)]
    kind: Kind,
    controller: String,
    roles: BTreeSet<String>,
    key: Option<serde_json::Map<String, serde_json::Value>>,
    key_file: Option<String>,
    until: Option<toml::value::Datetime>,
    #[serde(default)]
    logins: Vec<LoginEntry>,
    #[serde(default)]
    passkey: bool,
    #[serde(default)]
    chats: Vec<ChatEntry>,
    workload: Option<Workload>,
    held: Option<Held>,
}

/// A user of a chat, who is a person.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChatEntry {
    bridge: String,
    user: String,
}

/// The steps of an artifact in which people may decide in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatRule {
    /// Name of the workflow, or the digest of one artifact.
    pub artifact: String,
    /// The steps.
    pub steps: BTreeSet<String>,
    /// Name of the bridge.
    pub bridge: String,
}

/// Where the private key of an agent is.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Held {
    /// In a file that the agent's own user can read, and so copy.
    File,
    /// Where the agent's own user cannot read it.
    Apart,
}

/// A login at a provider, which is a person's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginEntry {
    issuer: String,
    subject: String,
    #[serde(default)]
    groups: BTreeSet<String>,
}

/// The person whose a login at a provider is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Name of the person.
    pub person: String,
    /// Groups that the provider must say the person is in, each of them.
    pub groups: BTreeSet<String>,
}

/// What a principal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// A program, which proves possession of its key with each request.
    #[default]
    Agent,
    /// A person, who logs in at the people's door and has no key in the roster.
    Person,
    /// A program that shows a token of an issuer, and has no key in the roster.
    Workload,
}

/// What stands in the place of a key's thumbprint for a person. A thumbprint has no colon.
#[must_use]
pub fn person_key(name: &str) -> String {
    format!("person:{name}")
}

/// The person whose [`person_key`] this is.
#[must_use]
pub fn person_of(key: &str) -> Option<&str> {
    key.strip_prefix("person:")
}

/// A start rule: who may start which artifact, with which parameters, how often.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name of the workflow, or the digest of one artifact.
    pub artifact: String,
    /// Principals that may start it.
    pub principals: BTreeSet<String>,
    /// Values that a parameter, or a field of one (`repo.owner`), may have. A parameter that is not listed
    /// may have any value of its type, unless the proofs assume that the starter does not choose it.
    #[serde(default)]
    pub params: BTreeMap<String, OneOrMore>,
    /// The instance for a connector, where several of its kind exist.
    #[serde(default)]
    pub instances: BTreeMap<String, String>,
    /// The runs are shadow runs, of an artifact that was deployed as such.
    #[serde(default)]
    pub shadow: bool,
    /// Upper bound on open runs under this rule.
    pub max_open: u64,
    /// Upper bound on runs started under this rule in 24 hours.
    pub max_per_day: u64,
}

/// A value, or a list of them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// Any of these values.
    More(Vec<Value>),
    /// This value.
    One(Value),
}

impl OneOrMore {
    /// The values, as text.
    fn words(&self) -> String {
        match self {
            Self::One(value) => String::from_utf8_lossy(&value.canonical()).into_owned(),
            Self::More(values) => values
                .iter()
                .map(|value| String::from_utf8_lossy(&value.canonical()).into_owned())
                .collect::<Vec<_>>()
                .join(" or "),
        }
    }

    /// Whether a value is allowed.
    #[must_use]
    pub fn allows(&self, value: &Value) -> bool {
        match self {
            Self::One(one) => one == value,
            Self::More(more) => more.contains(value),
        }
    }
}

impl Rule {
    /// The mode of runs under this rule.
    #[must_use]
    pub fn mode(&self) -> Mode {
        if self.shadow { Mode::Shadow } else { Mode::Enforced }
    }

    /// The name under which runs are counted.
    #[must_use]
    pub fn id(&self) -> String {
        let mut text = format!("{}|{:?}|", self.artifact, self.principals);
        text.push_str(&format!("{:?}", self.params));
        if self.shadow {
            text.push_str("|shadow");
        }
        xp_scope::Digest::of(text.as_bytes()).to_string()
    }

    /// The parameter that violates the rule, if any.
    #[must_use]
    pub fn forbids(&self, params: &BTreeMap<String, Value>) -> Option<&str> {
        let allowed =
            |name: &str, values: &OneOrMore| given(params, name).is_some_and(|value| values.allows(value));
        self.params.iter().find(|(name, values)| !allowed(name, values)).map(|(name, _)| name.as_str())
    }

    /// Whether a start gives no value for a parameter, or for a field of one.
    #[must_use]
    pub fn lacks(params: &BTreeMap<String, Value>, name: &str) -> bool {
        given(params, name).is_none()
    }
}

/// The value at a path such as `repo.owner`.
fn given<'v>(params: &'v BTreeMap<String, Value>, name: &str) -> Option<&'v Value> {
    let mut path = name.split('.').map(str::to_owned);
    let root = path.next().and_then(|first| params.get(&first));
    let fields: Vec<String> = path.collect();
    root.and_then(|value| value.at(&fields))
}

/// A principal with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name and controller.
    pub principal: Principal,
    /// Roles that it may take.
    pub roles: BTreeSet<String>,
    /// When it stops to be one, milliseconds since 1970.
    pub until: Option<u64>,
    /// Whether each decision of this person must be signed by a passkey.
    pub passkey: bool,
    /// Whether the agent's own user can read, and so copy, its private key.
    pub in_file: bool,
}

impl Member {
    /// Whether it is one at this time, milliseconds since 1970.
    #[must_use]
    pub fn counts(&self, now: u64) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// The form used by the machine.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor { principal: self.principal.clone(), roles: self.roles.iter().cloned().collect() }
    }
}

/// A roster as read from its file.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    by_key: BTreeMap<String, Member>,
    logins: BTreeMap<(String, String), Bound>,
    /// By the name of the principal.
    workloads: BTreeMap<String, Workload>,
    administrators: BTreeMap<String, String>,
    rules: Vec<Rule>,
    /// Persons by bridge and user.
    chats: BTreeMap<(String, String), String>,
    chat_rules: Vec<ChatRule>,
    files: Vec<PathBuf>,
}

/// Description of valid names, for messages.
const NAMES: &str = "1 to 512 bytes, with single blanks between words and no control characters";

/// Names and keys seen so far, to detect duplicates.
struct Reading<'a> {
    path: &'a Path,
    names: BTreeSet<String>,
    keys: BTreeSet<String>,
    files: Vec<PathBuf>,
}

type Keyed<'e> = (&'e Option<serde_json::Map<String, serde_json::Value>>, &'e Option<String>);

impl Reading<'_> {
    /// Checks a name, which must be unique.
    fn name(&mut self, name: &str) -> Result<(), String> {
        if !is_principal_name(name) {
            return Err(format!("`name`: {NAMES}"));
        }
        if name == ADMIN || name == RECOVERY {
            return Err("is what the holder of a key of the server is called".to_owned());
        }
        if !self.names.insert(name.to_owned()) {
            return Err("is listed twice".to_owned());
        }
        Ok(())
    }

    /// Checks the name and key of an entry, which must be unique, and returns the key's thumbprint.
    fn entry(&mut self, name: &str, key: Keyed<'_>) -> Result<String, String> {
        self.name(name)?;
        let thumbprint = match key {
            (Some(key), None) => {
                PublicJwk::from_json(key).map_err(|error| format!("`key`: {error}"))?.thumbprint()
            }
            (None, Some(name)) => {
                let file = self.path.parent().unwrap_or(Path::new(".")).join(name);
                let thumbprint =
                    key_file(&file).map_err(|why| format!("`key_file` {}: {why}", file.display()))?;
                self.files.push(file);
                thumbprint
            }
            _ => return Err("needs either `key` or `key_file`".to_owned()),
        };
        if !self.keys.insert(thumbprint.clone()) {
            return Err("shares its key with another entry".to_owned());
        }
        Ok(thumbprint)
    }

    /// Checks the entry of a principal and returns what stands for its key.
    fn principal(&mut self, entry: &Entry) -> Result<String, String> {
        let key = (&entry.key, &entry.key_file);
        if (entry.kind == Kind::Workload) != entry.workload.is_some() {
            return Err("`workload` and `kind = \"workload\"` go together".to_owned());
        }
        if entry.kind != Kind::Agent && entry.held.is_some() {
            return Err("has no key in the roster, so `held` says nothing about one".to_owned());
        }
        match (entry.kind, key) {
            (Kind::Workload, _) if entry.passkey || !entry.logins.is_empty() || !entry.chats.is_empty() => {
                Err("is a workload; `logins`, `chats` and `passkey` are for people (`kind = \"person\"`)"
                    .to_owned())
            }
            (Kind::Workload, (None, None)) => {
                self.name(&entry.name)?;
                entry.workload.as_ref().map_or(Ok(()), Workload::check)?;
                Ok(workload_key(&entry.name))
            }
            (Kind::Workload, _) => {
                Err("is a workload, which shows a token and has no `key` and no `key_file`".to_owned())
            }
            (Kind::Agent, _) if entry.passkey || !entry.logins.is_empty() || !entry.chats.is_empty() => {
                Err("is an agent; `logins`, `chats` and `passkey` are for people (`kind = \"person\"`)"
                    .to_owned())
            }
            (Kind::Agent, key) => self.entry(&entry.name, key),
            (Kind::Person, (None, None)) => {
                self.name(&entry.name)?;
                Ok(person_key(&entry.name))
            }
            (Kind::Person, _) => {
                Err("is a person, who logs in and has no `key` and no `key_file`".to_owned())
            }
        }
    }
}

/// The time of `until`, milliseconds since 1970.
fn ends(until: &toml::value::Datetime) -> Result<u64, String> {
    let at = xp_scope::instant::millis(&until.to_string()).and_then(|at| u64::try_from(at).ok());
    at.ok_or_else(|| "`until`: write an instant in UTC, as in `2026-11-28T09:00:00Z`".to_owned())
}

/// The thumbprint of the public key in a file.
///
/// # Errors
/// The file has no public key.
pub fn key_file(file: &Path) -> Result<String, String> {
    let pem = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    match PublicKey::from_pem(&pem) {
        Ok(key) => Ok(key.kid().to_owned()),
        Err(_) if is_private_key(&pem) => Err(PRIVATE_KEY.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn part(key: &str, principal: &Principal, role: &str) -> String {
    let Principal { name, controller, person } = principal;
    // Names contain no line feed, so the encoding is injective.
    let parts = [name.as_str(), controller, key, role].into_iter().chain(person.then_some("person"));
    xp_scope::Digest::of(parts.collect::<Vec<_>>().join("\n").as_bytes()).to_string()
}

fn chat_part(bridge: &str, user: &str, person: &str) -> String {
    xp_scope::Digest::of(serde_json::json!(["chat", bridge, user, person]).to_string().as_bytes()).to_string()
}

impl ChatRule {
    fn part(&self, step: &str) -> String {
        let text = serde_json::json!(["decides in a chat", self.artifact, step, self.bridge]);
        xp_scope::Digest::of(text.to_string().as_bytes()).to_string()
    }

    fn parts(&self) -> impl Iterator<Item = String> {
        self.steps.iter().map(|step| self.part(step))
    }
}

impl Roster {
    /// Reads a roster. Paths of key files are relative to it.
    ///
    /// # Errors
    /// The first fault, with its position.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let wrong = |what: String| ConfigError { file: path.display().to_string(), what };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let file: File = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let mut reading = Reading { path, names: BTreeSet::new(), keys: BTreeSet::new(), files: Vec::new() };
        let (mut by_key, mut logins, mut chats) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut workloads = BTreeMap::new();
        for entry in file.principals {
            let fault = |what: &str| wrong(format!("principal `{}`: {what}", entry.name.escape_debug()));
            let thumbprint = reading.principal(&entry).map_err(|what| fault(&what))?;
            if !is_principal_name(&entry.controller) {
                return Err(fault(&format!("`controller`: {NAMES}")));
            }
            if entry.roles.iter().any(|role| !is_name(role)) {
                return Err(fault("a role is empty, or holds a blank or a control character"));
            }
            let until = entry.until.map(|until| ends(&until)).transpose().map_err(|what| fault(&what))?;
            let person = entry.kind == Kind::Person;
            let principal = Principal { name: entry.name, controller: entry.controller, person };
            for LoginEntry { issuer, subject, groups } in entry.logins {
                let fault = |what: &str| {
                    wrong(format!("principal `{}`: a login {what}", principal.name.escape_debug()))
                };
                if issuer.is_empty()
                    || subject.is_empty()
                    || format!("{issuer}{subject}").contains(char::is_control)
                {
                    return Err(fault("needs an `issuer` and a `subject`, without control characters"));
                }
                let bound = Bound { person: principal.name.clone(), groups };
                if logins.insert((issuer, subject), bound).is_some() {
                    return Err(fault("is listed twice: it is of one person"));
                }
            }
            for ChatEntry { bridge, user } in entry.chats {
                let what = match () {
                    () if user.is_empty() || user.len() > 256 || user.contains(char::is_control) => {
                        "a user of a chat has 1 to 256 bytes and no control characters"
                    }
                    () if chats.insert((bridge, user), principal.name.clone()).is_some() => {
                        "a user of a chat is listed twice: it is one person"
                    }
                    () => continue,
                };
                return Err(wrong(format!("principal `{}`: {what}", principal.name.escape_debug())));
            }
            let in_file = entry.held == Some(Held::File);
            workloads.extend(entry.workload.map(|workload| (principal.name.clone(), workload)));
            by_key.insert(
                thumbprint,
                Member { principal, roles: entry.roles, until, passkey: entry.passkey, in_file },
            );
        }
        let principals = reading.names.clone();
        let mut administrators = BTreeMap::new();
        for entry in file.administrators {
            let found = reading.entry(&entry.name, (&entry.key, &entry.key_file));
            let wrong = |what| wrong(format!("administrator `{}`: {what}", entry.name.escape_debug()));
            administrators.insert(found.map_err(wrong)?, entry.name.clone());
        }
        for rule in &file.starts {
            if let Some(name) = rule.principals.iter().find(|name| !principals.contains(*name)) {
                return Err(wrong(format!("start of `{}`: there is no principal `{name}`", rule.artifact)));
            }
        }
        let (rules, chat_rules) = (file.starts, file.chats);
        Ok(Self { by_key, logins, workloads, administrators, rules, chats, chat_rules, files: reading.files })
    }

    /// The key files that it names.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The administrator with this key.
    #[must_use]
    pub fn administrator(&self, thumbprint: &str) -> Option<&str> {
        self.administrators.get(thumbprint).map(String::as_str)
    }

    /// Each administrator with its key, as text.
    #[must_use]
    pub fn administrators(&self) -> BTreeSet<String> {
        self.administrators.iter().map(|(key, name)| format!("{name} ({key})")).collect()
    }

    /// Each start rule, as text.
    #[must_use]
    pub fn starts(&self) -> BTreeSet<String> {
        let words = |rule: &Rule| {
            let Rule { artifact, principals, params, instances, shadow, max_open, max_per_day } = rule;
            let principals: Vec<&str> = principals.iter().map(String::as_str).collect();
            let kind = if *shadow { "shadow runs of " } else { "" };
            let params: String =
                params.iter().map(|(name, values)| format!(", `{name}` of {}", values.words())).collect();
            let instances: String =
                instances.iter().map(|(kind, instance)| format!(", `{kind}` is `{instance}`")).collect();
            let who = principals.join(", ");
            format!(
                "{kind}{artifact} by {who}, {max_open} at once and {max_per_day} a day{params}{instances}"
            )
        };
        self.rules.iter().map(words).collect()
    }

    /// Each principal with its attributes, as text.
    #[must_use]
    pub fn described(&self) -> BTreeSet<String> {
        let words = |(key, member): (&String, &Member)| {
            let Member { principal: Principal { name, controller, person }, roles, until, passkey, in_file } =
                member;
            let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
            let kind = if *person { ", a person" } else { "" };
            let until = until.map(|until| format!(", until {until}")).unwrap_or_default();
            let signs = if *passkey { ", by passkey" } else { "" };
            let own = self.logins.iter().filter(|(_, bound)| bound.person == *name);
            let logins: String = own
                .map(|((issuer, subject), bound)| {
                    let groups: String = bound.groups.iter().map(|group| format!(" in `{group}`")).collect();
                    format!(", logs in as `{subject}` at {issuer}{groups}")
                })
                .collect();
            let own = self.chats.iter().filter(|(_, person)| *person == name);
            let chats: String = own.map(|((bridge, user), _)| format!(", is `{user}` of {bridge}")).collect();
            let held = if *in_file { ", with its key in a file" } else { "" };
            let works = self.workloads.get(name).map(Workload::described).unwrap_or_default();
            format!(
                "{name} of {controller} as {} ({key}){kind}{until}{signs}{logins}{chats}{works}{held}",
                roles.join(", ")
            )
        };
        self.by_key.iter().map(words).collect()
    }

    /// The identifier of the part of the roster that gives a key a role; `None` if there is none.
    #[must_use]
    pub fn part(&self, thumbprint: &str, role: &str) -> Option<String> {
        let member = self.by_key.get(thumbprint).filter(|member| member.roles.contains(role))?;
        Some(part(thumbprint, &member.principal, role))
    }

    /// The identifiers of all parts.
    pub fn parts(&self) -> impl Iterator<Item = String> {
        let roles = self.by_key.iter().flat_map(|(key, member)| {
            member.roles.iter().map(move |role| part(key, &member.principal, role))
        });
        let logins = self.logins.keys().flat_map(|(issuer, subject)| self.login_parts(issuer, subject));
        let users = self.chats.iter().map(|((bridge, user), person)| chat_part(bridge, user, person));
        let steps = self.chat_rules.iter().flat_map(ChatRule::parts);
        let workloads = self.workloads.iter().map(|(name, workload)| workload.part(name));
        roles.chain(logins).chain(users).chain(steps).chain(workloads)
    }

    /// The person whom a user of a chat is, and the identifier of the part of the roster that says so.
    #[must_use]
    pub fn chat(&self, bridge: &str, user: &str) -> Option<(&str, String)> {
        let person = self.chats.get(&(bridge.to_owned(), user.to_owned()))?;
        Some((person, chat_part(bridge, user, person)))
    }

    /// The users of a bridge, with their persons.
    pub fn users<'r, 'n>(
        &'r self,
        bridge: &'n str,
    ) -> impl Iterator<Item = (&'r str, &'r str)> + use<'r, 'n> {
        let own = self.chats.iter().filter(move |((of, _), _)| of == bridge);
        own.map(|((_, user), person)| (user.as_str(), person.as_str()))
    }

    /// Bridges by which people may decide in a step, with the identifiers of the parts of the roster that say so. An artifact is known
    /// by its digest and by the name of its workflow.
    pub fn chats_of<'r, 'n>(
        &'r self,
        digest: &'n str,
        name: &'n str,
        step: &'n str,
    ) -> impl Iterator<Item = (&'r str, String)> + use<'r, 'n> {
        let all = self.chat_rules.iter();
        let own = all.filter(move |rule| rule.artifact == digest || rule.artifact == name);
        let own = own.filter(move |rule| rule.steps.contains(step));
        own.map(move |rule| (rule.bridge.as_str(), rule.part(step)))
    }

    /// Whether people may decide in a chat somewhere.
    #[must_use]
    pub fn has_chats(&self) -> bool {
        !self.chat_rules.is_empty()
    }

    /// Each step in which people may decide in a chat, as text.
    #[must_use]
    pub fn chat_steps(&self) -> BTreeSet<String> {
        let words = |rule: &ChatRule| {
            let steps: Vec<&str> = rule.steps.iter().map(String::as_str).collect();
            format!("{} of {} by {}", steps.join(", "), rule.artifact, rule.bridge)
        };
        self.chat_rules.iter().map(words).collect()
    }

    /// The workload of this name.
    #[must_use]
    pub fn workload(&self, name: &str) -> Option<&Workload> {
        self.workloads.get(name)
    }

    /// The names of the principals that a token of an issuer with these claims means.
    pub fn meant_by<'r>(
        &'r self,
        issuer: &'r str,
        claims: &'r BTreeMap<String, serde_json::Value>,
    ) -> impl Iterator<Item = &'r str> {
        let meant = self.workloads.iter().filter(|(_, workload)| workload.is_meant_by(issuer, claims));
        meant.map(|(name, _)| name.as_str())
    }

    /// The identifiers of the parts that let a person log in so, and decide so without a passkey if they may.
    pub fn login_parts(&self, issuer: &str, subject: &str) -> impl Iterator<Item = String> + use<> {
        let bound = self.login(issuer, subject);
        let unsigned = bound.and_then(|bound| self.person(&bound.person)).is_some_and(|one| !one.passkey);
        let parts = bound.map(|bound| {
            let groups = bound.groups.iter().map(String::as_str);
            let text: Vec<&str> =
                ["login", &bound.person, issuer, subject].into_iter().chain(groups).collect();
            let of = |kind: &str| {
                xp_scope::Digest::of(serde_json::json!([kind, text]).to_string().as_bytes()).to_string()
            };
            [Some(of("reads")), unsigned.then(|| of("decides"))]
        });
        parts.into_iter().flatten().flatten()
    }

    /// The principal with this key.
    #[must_use]
    pub fn by_key(&self, thumbprint: &str) -> Option<&Member> {
        self.by_key.get(thumbprint)
    }

    /// The principal with this name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Member> {
        self.by_key.values().find(|member| member.principal.name == name)
    }

    /// The person with this name.
    #[must_use]
    pub fn person(&self, name: &str) -> Option<&Member> {
        self.by_key(&person_key(name)).filter(|member| member.principal.person)
    }

    /// The person whose a login at a provider is.
    #[must_use]
    pub fn login(&self, issuer: &str, subject: &str) -> Option<&Bound> {
        self.logins.get(&(issuer.to_owned(), subject.to_owned()))
    }

    /// A principal of the controller may take the role.
    #[must_use]
    pub fn plays(&self, controller: &str, role: &str) -> bool {
        let mut own = self.by_key.values().filter(|one| one.principal.controller == controller);
        own.any(|member| member.roles.contains(role))
    }

    /// All rules for starting an artifact.
    pub fn rules_of<'r, 'n>(
        &'r self,
        digest: &'n str,
        name: &'n str,
    ) -> impl Iterator<Item = &'r Rule> + use<'r, 'n> {
        self.rules.iter().filter(move |rule| rule.artifact == digest || rule.artifact == name)
    }

    /// The rules under which a principal may start an artifact.
    pub fn rules<'r, 'n>(
        &'r self,
        principal: &'n str,
        digest: &'n str,
        name: &'n str,
    ) -> impl Iterator<Item = &'r Rule> + use<'r, 'n> {
        self.rules_of(digest, name).filter(move |rule| rule.principals.contains(principal))
    }
}
