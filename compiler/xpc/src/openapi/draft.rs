//! The tree of a draft: what its text says, and what the description has besides.

use xp_artifact::http::{Method, Place};

use crate::import::members::Field;
use crate::import::schema::Type;
use crate::import::text::Typed;
use crate::import::why::Left;

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

impl Action {
    /// Its parameters.
    pub fn params(&self) -> Vec<Typed<'_>> {
        self.params.iter().map(|of| Typed { name: &of.name, ty: &of.ty, optional: of.optional }).collect()
    }

    /// The fields of its result.
    pub fn fields(&self) -> Vec<Typed<'_>> {
        self.fields.iter().map(|of| Typed { name: &of.name, ty: &of.ty, optional: of.optional }).collect()
    }
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
