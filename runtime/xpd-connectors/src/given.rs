//! Arguments as the sandbox and the deployment hook read them.

use xp_scope::{Value, is_object_id, refs};

use xpd_proxy::{ActError, Call};

/// A repository.
pub(crate) struct Repo<'a> {
    pub owner: &'a str,
    pub name: &'a str,
    pub default_branch: &'a str,
}

fn wrong(name: &str, what: &str) -> ActError {
    ActError::NotSent(format!("argument `{name}` {what}"))
}

pub(crate) fn text<'c>(call: &'c Call, name: &str) -> Result<&'c str, ActError> {
    call.args.get(name).and_then(Value::as_text).ok_or_else(|| wrong(name, "is no text"))
}

pub(crate) fn object_id<'c>(call: &'c Call, name: &str) -> Result<&'c str, ActError> {
    let id = text(call, name)?;
    if is_object_id(id) { Ok(id) } else { Err(wrong(name, "is no full object id")) }
}

pub(crate) fn repo(call: &Call) -> Result<Repo<'_>, ActError> {
    let record = call.args.get("repo").ok_or_else(|| wrong("repo", "is missing"))?;
    let field = |name: &str| {
        let value = record.at(&[name.to_owned()]).and_then(Value::as_text);
        value.ok_or_else(|| wrong("repo", &format!("has no text `{name}`")))
    };
    let (owner, name, default_branch) = (field("owner")?, field("name")?, field("default_branch")?);
    if !plain(owner) || !plain(name) {
        return Err(wrong("repo", "names no repository"));
    }
    refs::check_branch(default_branch).map_err(|error| wrong("repo", &error.to_string()))?;
    Ok(Repo { owner, name, default_branch })
}

/// One segment of a path or URL, and no option of a command.
fn plain(name: &str) -> bool {
    let usable = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !name.is_empty() && name.len() <= 100 && !name.starts_with(['.', '-']) && name.chars().all(usable)
}
