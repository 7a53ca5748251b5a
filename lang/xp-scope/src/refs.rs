//! Branch names: what git allows, less what other layers read differently.

use unicode_normalization::is_nfc;

use crate::chars::{fold, is_nameable};

/// What stands before the short name of a branch in its full name.
pub const HEADS: &str = "refs/heads/";
/// Bytes a short name may have; the full one then fits into 255.
pub const MAX_BRANCH: usize = 244;

/// Why a text is no short name of a branch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefError {
    /// No characters at all.
    #[error("an empty branch name")]
    Empty,
    /// More than [`MAX_BRANCH`] bytes.
    #[error("a branch name of more than {MAX_BRANCH} bytes")]
    TooLong,
    /// It starts with `refs/`: a full name where a short one is wanted.
    #[error("a full ref name where the short name of a branch is wanted")]
    Full,
    /// It looks like an option of a command.
    #[error("a branch name that starts with `-`")]
    Dash,
    /// `HEAD`, `@` and other names that git resolves by itself.
    #[error("`{0}` has a meaning of its own in git")]
    Reserved(String),
    /// It looks like an object id.
    #[error("a branch name that looks like an object id")]
    ObjectId,
    /// A leading, trailing or doubled `/`.
    #[error("an empty component (a leading, trailing or doubled `/`)")]
    EmptyComponent,
    /// A component that starts or ends with a dot.
    #[error("the component {0:?} starts or ends with a dot")]
    Dot(String),
    /// A component that ends in `.lock`.
    #[error("the component {0:?} ends in `.lock`")]
    Lock(String),
    /// `..` or `@{`.
    #[error("`{0}` has a meaning of its own in git")]
    Sequence(&'static str),
    /// Another way to write the same name exists, and this is not the normal one.
    #[error("a branch name that is not in normalisation form c")]
    NotNfc,
    /// A character git, a shell or a reader takes for something else.
    #[error("the character {0:?} cannot stand in a branch name")]
    Character(char),
}

/// Checks the short name of a branch, `main` or `agent/fix-12`.
pub fn check_branch(name: &str) -> Result<(), RefError> {
    if name.is_empty() {
        return Err(RefError::Empty);
    }
    if name.len() > MAX_BRANCH {
        return Err(RefError::TooLong);
    }
    if name.starts_with('-') {
        return Err(RefError::Dash);
    }
    for sequence in ["..", "@{"] {
        if name.contains(sequence) {
            return Err(RefError::Sequence(sequence));
        }
    }
    if let Some(c) = name.chars().find(|c| !is_branch_char(*c)) {
        return Err(RefError::Character(c));
    }
    if !is_nfc(name) {
        return Err(RefError::NotNfc);
    }
    let folded = fold(name);
    if folded == "refs" || folded.starts_with("refs/") {
        return Err(RefError::Full);
    }
    if folded == "@" || folded == "head" || folded.ends_with("_head") && !folded.contains('/') {
        return Err(RefError::Reserved(name.to_owned()));
    }
    if matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(RefError::ObjectId);
    }
    folded.split('/').try_for_each(|component| {
        if component.is_empty() {
            return Err(RefError::EmptyComponent);
        }
        if component.starts_with('.') || component.ends_with('.') {
            return Err(RefError::Dot(component.to_owned()));
        }
        if component.ends_with(".lock") {
            return Err(RefError::Lock(component.to_owned()));
        }
        Ok(())
    })
}

/// The full name of a branch, `refs/heads/main`.
pub fn full(name: &str) -> Result<String, RefError> {
    check_branch(name)?;
    Ok(format!("{HEADS}{name}"))
}

/// The short name in a full one; nothing but `refs/heads/…` is a branch.
pub fn short(full: &str) -> Option<&str> {
    full.strip_prefix(HEADS).filter(|name| check_branch(name).is_ok())
}

/// Not in git: blanks, `~ ^ : ? * [ \`. Not in a shell, since build scripts paste branch names: quotes, `$ & ; | < > ( ) { }`
/// and the backtick.
fn is_branch_char(c: char) -> bool {
    let in_git = matches!(c, '~' | '^' | ':' | '?' | '*' | '[' | ']' | '\\');
    let in_shell =
        matches!(c, '"' | '\'' | '`' | '$' | '&' | ';' | '|' | '<' | '>' | '(' | ')' | '{' | '}' | '!');
    is_nameable(c) && !c.is_whitespace() && !in_git && !in_shell
}
