//! Why a value cannot be sent.

/// Why nothing may be sent. The value is not part of the text, since it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsendable {
    /// A segment of the path, counted from 1.
    #[error("segment {0} of the path {1}")]
    Segment(usize, Fault),
    /// A name or a value of the query; the pair, counted from 1.
    #[error("pair {0} of the query {1}")]
    Query(usize, Fault),
    /// The value of a header.
    #[error("the value of the header {0}")]
    Header(Fault),
    /// The base is not an http or https URL of a host, or has a user, a password, a query or a fragment.
    #[error("the base is no http or https URL without user, password, query and fragment")]
    Base,
    /// The URL would be longer than servers accept.
    #[error("the URL is too long")]
    TooLong,
    /// The URL that would be sent does not decode to what was given.
    #[error("the URL would not arrive as it was given")]
    Altered,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It has no characters.
    #[error("is empty")]
    Empty,
    /// It is `.` or `..`, as such or percent-encoded.
    #[error("is `.` or `..`, which servers remove from a path")]
    Dots,
    /// It holds a control character, as such or percent-encoded.
    #[error("holds a control character")]
    Control,
    /// It holds a character at which servers divide a path, as such or percent-encoded.
    #[error("holds `{0}`, which servers do not read alike in a path")]
    Delimiter(char),
    /// It begins or ends with a blank, which is removed on the way.
    #[error("begins or ends with a blank")]
    OuterBlank,
    /// It holds a character other than visible ASCII and blanks.
    #[error("holds a character other than visible ASCII and blanks")]
    NotAscii,
}
