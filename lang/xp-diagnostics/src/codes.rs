//! Every code there is, with its title and its page.
//!
//! To add one: a row in the section of its range below, and a page `lang/reference/errors/XPnnnn.md` (what it means,
//! an example that is wrong, the same put right). A missing page does not compile; a test holds rows sorted, in their
//! range, and pages in shape. Ranges: 01xx syntax and files, 02xx names, 03xx types and arguments, 04xx structure, 05xx limits
//! and warnings, 06xx properties, 07xx artifacts. A code is never given a second meaning: retire it by keeping its page.

use std::fmt;

/// A code with its title and page. Codes are equal when their ids are.
#[derive(Clone, Copy)]
pub struct Code {
    /// `XP0101`.
    pub id: &'static str,
    /// A line, lower case, no full stop.
    pub title: &'static str,
    /// Its page, in Markdown.
    pub page: &'static str,
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal;)*) => {
        $(
            #[doc = concat!($id, ": ", $title, ".")]
            pub const $name: Code = Code {
                id: $id,
                title: $title,
                page: include_str!(concat!("../../reference/errors/", $id, ".md")),
            };
        )*

        /// All codes, sorted by id.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    // 01xx: syntax and files (xp-syntax, and the driver for files)
    UNEXPECTED = "XP0101", "something else was expected here";
    UNKNOWN_START = "XP0102", "this starts no declaration, member or clause";
    UNCLOSED = "XP0103", "a bracket is never closed";
    UNOPENED = "XP0104", "a closing bracket closes nothing";
    BAD_STRING = "XP0105", "a string is not well formed";
    BAD_CHARACTER = "XP0106", "a character that means nothing here";
    BAD_NUMBER = "XP0107", "a number that cannot be used";
    RESERVED_WORD = "XP0108", "a word of the language used as a name";
    MIXED_CONNECTIVES = "XP0109", "`and` and `or` mixed without parentheses";
    TOO_DEEP = "XP0110", "brackets nested too deeply";
    REPEATED_CLAUSE = "XP0111", "a clause is given twice";
    DANGLING_DOC = "XP0112", "a doc comment documents nothing";
    FILE_TOO_LARGE = "XP0120", "the file is too large";
    NOT_UTF8 = "XP0121", "the file is not UTF-8";
    EMPTY_FILE = "XP0122", "the file declares nothing";
    UNREADABLE = "XP0123", "the file cannot be read";
    NO_SOURCES = "XP0124", "the folder holds no `.xp` file";

    // 02xx: names (xpc-sema)

    // 03xx: types and arguments (xpc-sema)

    // 04xx: structure: cycles, reopenings, outcomes (xpc-sema)

    // 05xx: limits and warnings (xpc-sema)

    // 06xx: properties: refuted, vacuous, unknown (xpc-proof)

    // 07xx: artifacts (xp-artifact, xpc)
}

/// The code with this id, in any case.
#[must_use]
pub fn find(id: &str) -> Option<Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id)).copied()
}
