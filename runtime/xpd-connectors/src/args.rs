//! The arguments of a call, checked against the action once more: complete, known and of the declared types.

use std::collections::BTreeMap;

use xp_scope::{Value, is_object_id, path, refs};
use xpd_proxy::{ActError, Call};

/// The repository on which an action operates.
#[derive(Debug)]
pub(crate) struct Repo<'a> {
    /// Login of the owner.
    pub owner: &'a str,
    /// Name.
    pub name: &'a str,
    /// Short name of the default branch, as the operator registered it.
    pub default_branch: &'a str,
}

/// The arguments of a call.
#[derive(Debug)]
pub(crate) struct Args<'a> {
    args: &'a BTreeMap<String, Value>,
}

impl Repo<'_> {
    /// The full name, `owner/name`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

impl<'a> Args<'a> {
    /// Checks that the call has no arguments other than `known`.
    pub(crate) fn of(call: &'a Call, known: &[&str]) -> Result<Self, ActError> {
        match call.args().keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(wrong(name, "is not one of the action")),
            None => Ok(Self { args: call.args() }),
        }
    }

    pub(crate) fn repo(&self) -> Result<Repo<'a>, ActError> {
        let record = self.get("repo")?.as_record().ok_or_else(|| wrong("repo", "is no record"))?;
        let field = |name: &str| {
            let text = record.get(name).and_then(Value::as_text);
            text.ok_or_else(|| wrong("repo", &format!("has no text `{name}`")))
        };
        let (owner, name, default_branch) = (field("owner")?, field("name")?, field("default_branch")?);
        if !is_name(owner) || !is_name(name) {
            return Err(wrong("repo", "names no repository"));
        }
        refs::check_branch(default_branch).map_err(|error| wrong("repo", &error.to_string()))?;
        Ok(Repo { owner, name, default_branch })
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, ActError> {
        self.get(name)?.as_text().ok_or_else(|| wrong(name, "is no text"))
    }

    pub(crate) fn number(&self, name: &str) -> Result<u64, ActError> {
        let number = self.get(name)?.as_int().and_then(|number| u64::try_from(number).ok());
        number.filter(|number| *number > 0).ok_or_else(|| wrong(name, "is no number of an issue"))
    }

    /// A branch, each component of whose name can be a segment of a URL.
    pub(crate) fn branch(&self, name: &str) -> Result<&'a str, ActError> {
        let text = self.text(name)?;
        refs::check_branch(text).map_err(|error| wrong(name, &error.to_string()))?;
        for component in text.split('/') {
            xpd_egress::check_segment(component).map_err(|fault| wrong(name, &fault.to_string()))?;
        }
        Ok(text)
    }

    /// An optional branch argument.
    pub(crate) fn branch_or(&self, name: &str, default: &'a str) -> Result<&'a str, ActError> {
        if self.args.contains_key(name) { self.branch(name) } else { Ok(default) }
    }

    pub(crate) fn path(&self, name: &str) -> Result<&'a str, ActError> {
        let text = self.text(name)?;
        path::check(text).map_err(|error| wrong(name, &error.to_string()))?;
        Ok(text)
    }

    pub(crate) fn commit(&self, name: &str) -> Result<&'a str, ActError> {
        let text = self.text(name)?;
        if is_object_id(text) { Ok(text) } else { Err(wrong(name, "is no full object id")) }
    }

    pub(crate) fn word_or(&self, name: &str, default: &'a str) -> Result<&'a str, ActError> {
        if self.args.contains_key(name) { self.text(name) } else { Ok(default) }
    }

    fn get(&self, name: &str) -> Result<&'a Value, ActError> {
        self.args.get(name).ok_or_else(|| wrong(name, "is missing"))
    }
}

/// Refusal of an argument.
pub(crate) fn wrong(name: &str, why: &str) -> ActError {
    ActError::NotSent(format!("argument `{name}` {why}"))
}

/// Whether `text` may name an owner or a repository: it becomes one segment of a URL and one word of a search
/// query.
fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && !text.starts_with(['.', '-'])
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
