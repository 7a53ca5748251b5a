//! The tree of a draft: what its text says, and what the description has besides.

use xp_artifact::http::{Method, Place};

use super::schema::Type;
use super::why::Left;

/// A connector.
#[derive(Debug)]
pub struct Draft {
    pub name: String,
    pub actions: Vec<Action>,
    /// Operations that are not drafted.
    pub left_out: Vec<Left>,
}

/// An action and its request.
#[derive(Debug)]
pub struct Action {
    pub name: String,
    pub method: Method,
    pub path: Vec<Segment>,
    pub params: Vec<Param>,
    pub fields: Vec<Field>,
    /// Statuses of a success; empty where none is described.
    pub success: Vec<u16>,
    /// Parts of the operation that are not drafted.
    pub left_out: Vec<Left>,
}

/// A segment of a path.
#[derive(Debug)]
pub enum Segment {
    Literal(String),
    /// The parameter of this name.
    Argument(String),
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    pub name: String,
    pub ty: Type,
    pub optional: bool,
    /// Where it is sent, and its name there; none for a segment of the path.
    pub sent: Option<(Place, String)>,
}

/// A field of the result.
#[derive(Debug)]
pub struct Field {
    pub name: String,
    pub ty: Type,
    pub optional: bool,
    /// Where it is in the body.
    pub at: String,
}
