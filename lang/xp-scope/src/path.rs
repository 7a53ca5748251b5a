//! Paths inside a repository: refused, never repaired, wherever two systems could read them differently.

use std::collections::BTreeMap;

use unicode_normalization::is_nfc;

use crate::chars::{fold, is_nameable};

/// Bytes a path may have.
pub const MAX_PATH: usize = 1_024;
/// Bytes a segment of a path may have.
pub const MAX_SEGMENT: usize = 255;

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// No characters at all.
    #[error("an empty path")]
    Empty,
    /// More than [`MAX_PATH`] bytes.
    #[error("a path of more than {MAX_PATH} bytes")]
    TooLong,
    /// The bytes are not UTF-8.
    #[error("a path that is not utf-8")]
    NotUtf8,
    /// The path looks like an option of a command.
    #[error("a path that starts with `-`")]
    Dash,
    /// A leading, trailing or doubled `/`.
    #[error("an empty segment (a leading, trailing or doubled `/`)")]
    EmptySegment,
    /// A segment of more than [`MAX_SEGMENT`] bytes.
    #[error("a segment of more than {MAX_SEGMENT} bytes")]
    SegmentTooLong,
    /// `.` or `..`.
    #[error("a segment `{0}`")]
    Dots(String),
    /// A segment that ends in a dot or a space, which Windows drops.
    #[error("the segment {0:?} ends in a dot or a space")]
    Trailing(String),
    /// Another way to write the same name exists, and this is not the normal one.
    #[error("the segment {0:?} is not in normalisation form c")]
    NotNfc(String),
    /// A character that separates, hides, reorders, or is a wildcard somewhere.
    #[error("the character {0:?} cannot stand in a path")]
    Character(char),
    /// A name that some file system takes for `.git`.
    #[error("the segment {0:?} means `.git` on some systems")]
    Git(String),
    /// A folder that git reads as one of its own files; a repository that holds it does not pass `git fsck`.
    #[error("the folder {0:?} has the name of one of git's files")]
    GitFile(String),
    /// A name like `GITHUB~1`, which Windows may give to another file.
    #[error("the segment {0:?} may be the short name of another file on windows")]
    ShortName(String),
}

/// Checks a path: segments of visible UTF-8 text in normalisation form C, separated by single `/`.
pub fn check(path: &str) -> Result<(), PathError> {
    if path.is_empty() {
        return Err(PathError::Empty);
    }
    if path.len() > MAX_PATH {
        return Err(PathError::TooLong);
    }
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        check_segment(segment)?;
        if segments.peek().is_some() && is_git_file(segment) {
            return Err(PathError::GitFile(segment.to_owned()));
        }
    }
    if path.starts_with('-') {
        return Err(PathError::Dash);
    }
    Ok(())
}

/// Checks a path that comes as bytes, from a tree for instance.
pub fn check_bytes(path: &[u8]) -> Result<&str, PathError> {
    let path = std::str::from_utf8(path).map_err(|_| PathError::NotUtf8)?;
    check(path)?;
    Ok(path)
}

/// Checks one segment of a path.
pub fn check_segment(segment: &str) -> Result<(), PathError> {
    let named = |error: fn(String) -> PathError| Err(error(segment.to_owned()));
    if segment.is_empty() {
        return Err(PathError::EmptySegment);
    }
    if segment.len() > MAX_SEGMENT {
        return Err(PathError::SegmentTooLong);
    }
    if segment == "." || segment == ".." {
        return named(PathError::Dots);
    }
    if let Some(c) = segment.chars().find(|c| !is_path_char(*c)) {
        return Err(PathError::Character(c));
    }
    if segment.ends_with(|c: char| c == '.' || c.is_whitespace()) {
        return named(PathError::Trailing);
    }
    if !is_nfc(segment) {
        return named(PathError::NotNfc);
    }
    if is_git(segment) {
        return named(PathError::Git);
    }
    if is_short_name(segment) {
        return named(PathError::ShortName);
    }
    Ok(())
}

/// Whether a character may stand in a segment: nameable, and neither a separator nor a wildcard of any system.
pub(crate) fn is_path_char(c: char) -> bool {
    is_nameable(c) && !matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

/// Names that HFS+ or NTFS take for `.git`. Ignorable characters, streams (`:`) and trailing dots and spaces, the other
/// ways to write it, are refused before.
fn is_git(segment: &str) -> bool {
    let folded = fold(segment);
    folded == ".git" || folded.strip_prefix("git~").is_some_and(all_digits)
}

/// Names that git reads as its own files in every folder and refuses for anything else.
fn is_git_file(segment: &str) -> bool {
    [".gitmodules", ".gitattributes"].contains(&fold(segment).as_str())
}

/// `NAME~1` or `NAME~1.EXT`, at most eight and three characters: what NTFS and FAT give as a second name to a longer
/// one. `GITHUB~1` is `.github` there.
fn is_short_name(segment: &str) -> bool {
    let (stem, extension) = segment.split_once('.').unwrap_or((segment, ""));
    let Some((before, digits)) = stem.rsplit_once('~') else { return false };
    !before.is_empty() && all_digits(digits) && stem.chars().count() <= 8 && extension.chars().count() <= 3
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Two paths that cannot stand in one tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{first:?} and {second:?} are one name, or a file and a folder of one name, on some systems")]
pub struct Collision {
    /// The earlier one, up to where they collide.
    pub first: String,
    /// The later one, up to where they collide.
    pub second: String,
}

/// Refuses paths of one tree that a case-insensitive or normalising file system takes for one, folders included, and a
/// path that is both a file and a folder. The same path twice is no collision.
pub fn distinct<'a>(paths: impl IntoIterator<Item = &'a str>) -> Result<(), Collision> {
    let mut seen: BTreeMap<String, (&str, bool)> = BTreeMap::new();
    for path in paths {
        let ends = path.match_indices('/').map(|(at, _)| (at, false)).chain([(path.len(), true)]);
        for (end, is_file) in ends {
            let Some(prefix) = path.get(..end) else { continue };
            match seen.get(&fold(prefix)) {
                Some((spelling, file)) if *spelling != prefix || *file != is_file => {
                    let (first, second) = ((*spelling).to_owned(), prefix.to_owned());
                    return Err(Collision { first, second });
                }
                Some(_) => {}
                None => {
                    seen.insert(fold(prefix), (prefix, is_file));
                }
            }
        }
    }
    Ok(())
}
