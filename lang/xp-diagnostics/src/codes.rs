//! Every code there is, with its title and its page.
//!
//! To add one: a row in the section of its range below, and a page `lang/reference/errors/XPnnnn.md` (what it means,
//! an example that is wrong, the same put right). A missing page does not compile; a test holds rows sorted, in their
//! range, and pages in shape. Ranges: 01xx syntax and files, 02xx names, 03xx types and arguments, 04xx structure, 05xx limits
//! and warnings, 06xx properties, 07xx artifacts. A code is never given a second meaning: retire it by keeping its page.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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

/// As its id: between two processes of one build the table is the same.
impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        find(&id).ok_or_else(|| de::Error::custom(format!("`{id}` is no code")))
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
    UNSUPPORTED = "XP0113", "a construct that is not supported yet";
    FILE_TOO_LARGE = "XP0120", "the file is too large";
    NOT_UTF8 = "XP0121", "the file is not UTF-8";
    EMPTY_FILE = "XP0122", "the file declares nothing";
    UNREADABLE = "XP0123", "the file cannot be read";
    NO_SOURCES = "XP0124", "the folder holds no `.xp` file";

    // 02xx: names (xpc-sema)
    UNKNOWN_MODULE = "XP0201", "there is no such module";
    DUPLICATE_CONNECTOR = "XP0202", "two connectors of one name";
    DUPLICATE_NAME = "XP0203", "a name is declared twice";
    UNKNOWN_CONNECTOR = "XP0204", "there is no such connector";
    UNKNOWN_ACTION = "XP0205", "there is no such action";
    UNKNOWN_TYPE = "XP0206", "there is no such type";
    UNKNOWN_ROLE = "XP0207", "there is no such role";
    UNKNOWN_STEP = "XP0208", "there is no such step";
    UNKNOWN_OUTCOME = "XP0209", "the step has no such outcome";
    UNKNOWN_NAME = "XP0210", "there is no parameter or step of this name";
    UNKNOWN_DATUM = "XP0211", "the step makes no such thing";
    NEVER_BOUND = "XP0212", "nothing upstream makes sure of this name";
    UNKNOWN_FIELD = "XP0213", "there is no such field";
    UNKNOWN_PARAMETER = "XP0214", "the action has no such argument";
    UNKNOWN_WORD = "XP0215", "not one of the words known here";
    UNKNOWN_KIND = "XP0216", "there is no such resource";

    // 03xx: types and arguments (xpc-sema)
    WRONG_TYPE = "XP0301", "a value of another type is wanted";
    FREE_ARGUMENT = "XP0302", "an argument is not pinned";
    ARGUMENT_TWICE = "XP0303", "an argument is given twice";
    TOO_MANY_ARGUMENTS = "XP0304", "more arguments than the action has";
    POSITIONAL_AFTER_NAMED = "XP0305", "an argument without a name after one with a name";
    BAD_LITERAL = "XP0306", "a literal that is no value of its type";
    BAD_PATTERN = "XP0307", "a pattern that cannot be used";
    PIN_DOES_NOT_FIT = "XP0308", "a pin for arguments of another type";
    NOT_A_FLAG = "XP0309", "a condition over something that is no Boolean";
    NOT_EVIDENCE = "XP0310", "a condition over something that is no evidence";
    OWN_DATA = "XP0311", "a step names what it makes itself";
    RECURSIVE_TYPE = "XP0312", "a type holds itself";
    NO_PATH = "XP0313", "`only within` of an action that takes no single path";
    BAD_KIND = "XP0314", "a resource that cannot be declared so";
    BAD_THING = "XP0315", "a thing that its resource does not allow";
    CHANGES_IMMUTABLE = "XP0316", "a change of what never changes";
    CONTENT_OF_ITSELF = "XP0317", "content of a result that comes from itself";
    BAD_TYPE = "XP0318", "a type that cannot be written so";
    MAY_BE_ABSENT = "XP0319", "a value that may be absent";
    INCOMPARABLE = "XP0330", "a comparison that these values do not allow";
    BAD_REQUEST = "XP0331", "a request that cannot be sent so";
    MISSING_REQUEST = "XP0332", "an action does not say how it is done";
    PEOPLE_JUDGE = "XP0333", "a step of people does something else than judge";
    BAD_QUORUM = "XP0334", "so many people cannot decide this";
    BAD_TIME_LIMIT = "XP0335", "a time limit that cannot be kept";

    // 04xx: structure: cycles, reopenings, outcomes (xpc-sema)
    CYCLE = "XP0401", "steps wait for each other";
    NOT_UPSTREAM = "XP0402", "a reopening of a step that is not upstream";
    NOT_CONTINUING = "XP0403", "waiting for an outcome after which the run does not go on";
    AMBIGUOUS_STEP = "XP0404", "a step alone where it goes on in several ways";
    NO_OUTCOMES = "XP0405", "a step without outcomes";
    BAD_EXHAUSTED = "XP0406", "an outcome that a used up loop cannot take";
    JUDGES_ITSELF = "XP0407", "a role judges its own work";
    BAD_SEPARATION = "XP0408", "a separation that separates nothing";
    MISSING_CLAUSE = "XP0409", "an action does not say what it does";
    NO_STEPS = "XP0410", "a workflow without steps";
    AUTO_OF = "XP0411", "an automatic outcome with `of`";
    NOT_YET = "XP0412", "not supported yet";
    NOT_ENFORCED = "XP0413", "a property that cannot be enforced";
    LEASE = "XP0414", "a lease that cannot be taken";
    ALIKE_TOOLS = "XP0415", "two tools of almost one name";

    // 05xx: limits and warnings (xpc-sema)
    NO_LIMIT = "XP0501", "a limit must be written here";
    BAD_LIMIT = "XP0502", "a number of times that cannot be used";
    IMPLIED_LIMIT = "XP0503", "a limit is implied";
    REPEATED_USE = "XP0504", "a module is used twice";
    UNUSED = "XP0505", "declared and never named";
    OVERLAPPING_GRANTS = "XP0506", "one request can fit two grants";

    // 06xx: properties: refuted, vacuous, unknown (xpc-proof)
    NEVER_OPENS = "XP0601", "a step can never open";
    NEVER_HAPPENS = "XP0602", "an outcome can never happen";
    STUCK = "XP0603", "a run can get stuck";
    STRANDED = "XP0604", "an open step can be left with no way to settle";
    BOTH_DUE = "XP0605", "two automatic outcomes can be due at the same time";
    NONE_DUE = "XP0606", "no automatic outcome covers some evidence";
    MAY_LACK_VALUE = "XP0607", "a name may have no value when it is used";
    EMPTY_SCOPE = "XP0608", "a scope lets nothing through";
    WIDER_SCOPE = "XP0609", "a scope is wider than what it narrows";
    STALE = "XP0610", "evidence or approval can be out of date";
    REPEATED = "XP0611", "an irreversible effect can be repeated by a loop";
    UNREVIEWED = "XP0612", "content can be put to use before anybody judged it";
    REQUIRES = "XP0620", "a use is possible without what the property requires";
    NO_ROLE = "XP0621", "one role can do both";
    NO_PRINCIPAL = "XP0622", "one principal can do both";
    NEVER = "XP0623", "a use is possible that must never be";
    ONLY_WITHIN = "XP0624", "a path can be outside";
    AT_MOST = "XP0625", "more uses are possible than allowed";
    UNTRUSTED = "XP0626", "what strangers wrote can reach a use unjudged";
    START_RIGHTS = "XP0627", "a roster lets whoever starts a run choose too much";
    PRIVATE = "XP0628", "private content can reach where it must not";
    LACKS_PEOPLE = "XP0629", "a roster has too few people for a step";
    VACUOUS = "XP0630", "a property says nothing";
    CONDITIONAL = "XP0631", "a property holds only under a condition";
    NO_ANSWER = "XP0632", "a property has no answer";

    // 07xx: artifacts (xp-artifact, xpc)
    NOT_AN_ARTIFACT = "XP0701", "the file is not an artifact";
    ARTIFACT_TOO_LARGE = "XP0702", "the artifact is too large";
    ARTIFACT_FORMAT = "XP0703", "the artifact has a format this program does not read";
    ARTIFACT_UNSIGNED = "XP0704", "the artifact is not signed";
    ARTIFACT_UNTRUSTED = "XP0705", "the artifact is signed by nobody trusted here";
    ARTIFACT_BAD_SIGNATURE = "XP0706", "a signature does not fit the artifact";
    BAD_KEY = "XP0707", "a key file cannot be used";
    ARTIFACT_MALFORMED = "XP0708", "the workflow of the artifact contradicts itself";
}

/// The code with this id, in any case.
#[must_use]
pub fn find(id: &str) -> Option<Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id)).copied()
}
