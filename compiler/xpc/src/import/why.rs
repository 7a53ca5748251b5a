//! Why something of a description is not in the draft, and how it is named.

/// A reason.
pub type Why = &'static str;

pub const METHOD: Why = "requests of this method are not declared";
pub const NO_OPERATION: Why = "this is no operation";
pub const OTHER_SERVER: Why = "it is served at an address of its own; declare it in a connector of its own";
pub const TOO_LARGE: Why = "it has more than 200 parameters, or more than 1000 parts";
pub const PATH_FORM: Why =
    "its path is not segments that are written out or are one parameter, each behind one `/`";
pub const BESIDE: Why = "a parameter stands beside text in a segment of its path";
pub const NO_HOLE: Why = "its path has a parameter that is not described";
pub const PATH_TYPE: Why = "a parameter of its path has no type, or none that fits into one segment";
pub const UNUSED: Why = "the path does not name it";

pub const REFERENCE: Why = "its reference does not lead to a part of this document";
pub const OUTSIDE: Why = "its reference leads out of this document; nothing else is read";
pub const RECURSION: Why = "it contains itself";
pub const DEPTH: Why = "it is nested more than three objects deep";
pub const NO_SCHEMA: Why = "its type is not described";
pub const ALTERNATIVES: Why = "its type is one of several, or is put together";
pub const MAP: Why = "it is an object whose members are not described";
pub const MEMBERS: Why = "it may have members that are not described";
pub const LIST: Why =
    "it is an array of something else than single values, or objects of single values and lists of them";
pub const NULL: Why = "it has objects with a member that must be there and may be `null`, which is no value";
pub const OBJECT: Why = "it is an object; declare the members that are needed, with their pointers";
pub const LIST_ALONE: Why = "it is no object; say what it is, and `http result at \"\"`";
pub const NUMBER: Why =
    "a number is no type; declare it as `decimal(S)` with its digits, read or sent `as number`";
pub const DECIMAL: Why = "a decimal has a number of digits; declare it as `decimal(S)`";
pub const BINARY: Why = "it is binary";
pub const FORMAT: Why = "its format is not known";
pub const READ_ONLY: Why = "the upstream sets it";
pub const WRITE_ONLY: Why = "the upstream does not return it";

pub const NAME: Why = "its name cannot be written in this place";
pub const TWICE: Why = "it is described twice";
pub const RESERVED: Why =
    "the server sets it, or it would change where the request goes, what it is, or who sends it";
pub const CREDENTIAL: Why = "it is a credential; credentials are the operator's";
pub const PLACE: Why = "it stands in no part of a request that can be filled";
pub const STYLE: Why = "it is not written as one value, or as one pair for each value";
pub const BODY_TYPE: Why = "it is neither JSON nor pairs of a form";
pub const ANSWER_TYPE: Why = "it is not JSON";
pub const STATUSES: Why = "a success is said by its statuses, one by one";
pub const BODY_METHOD: Why = "a request of this method has no body";
pub const BODY_FORM: Why = "a body of pairs has single values and lists of them only";
pub const FIELDS: Why = "a result is drafted with at most 200 fields";

pub const NO_TOOL: Why = "this is no tool: it has no `name`, or no `inputSchema` that is an object";
pub const TOOL_NAME: Why =
    "names of tools have 1 to 128 letters, digits, `_`, `-` and `.`, and one of them is a letter or digit";
pub const LIKE: Why = "another tool has the same name but for case, `.`, `_` and `-`";
pub const IN_HEADER: Why = "an argument is mirrored into a header (`x-mcp-header`), which is not supported";
pub const NO_OBJECT: Why = "what it is called with is no object";

/// Something that is left out.
#[derive(Debug)]
pub struct Left {
    /// What, in words of ours, with its name escaped.
    pub what: String,
    /// The upstream needs it.
    pub required: bool,
    /// Why.
    pub why: Why,
}

impl Left {
    pub fn new(what: &str, name: &str, required: bool, why: Why) -> Self {
        Self { what: format!("{what} {}", shown(name)), required, why }
    }

    /// It and its reason.
    pub fn told(&self) -> String {
        let required = if self.required { " (required)" } else { "" };
        format!("{}{required}: {}", self.what, self.why)
    }
}

/// Enough of a text to show it.
pub fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Longest name that is shown whole.
const SHOWN: usize = 60;

/// A name of the description for a comment or a message: in quotes, with everything but visible ASCII characters and
/// blanks escaped, and cut. Nothing in it ends a line.
pub fn shown(name: &str) -> String {
    let mut escaped = name.escape_default();
    let mut text: String = escaped.by_ref().take(SHOWN).collect();
    let more = if escaped.next().is_some() { "…" } else { "" };
    text.insert(0, '"');
    format!("{text}\"{more}")
}
