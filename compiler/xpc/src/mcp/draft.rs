//! The tree of a draft: what its text says, and what the list has besides.

use xp_scope::Digest;

use crate::import::members::Field;
use crate::import::schema::Type;
use crate::import::text::Typed;
use crate::import::why::Left;

/// A connector.
#[derive(Debug)]
pub struct Draft {
    pub name: String,
    pub actions: Vec<Action>,
    pub left_out: Vec<LeftTool>,
}

/// A tool that is not drafted.
#[derive(Debug)]
pub struct LeftTool {
    pub left: Left,
    /// Its name and digest, where one argument is missing and a person can declare it.
    pub declared: Option<(String, Digest)>,
}

/// An action and the tool that does it.
#[derive(Debug)]
pub struct Action {
    pub name: String,
    /// The name of the tool.
    pub tool: String,
    /// The digest of the tool as it is listed.
    pub listed: Digest,
    pub params: Vec<Param>,
    pub result: Answer,
    /// A person says that it only reads.
    pub reads: bool,
    /// What the server suggests, in words of ours.
    pub suggested: Vec<&'static str>,
    /// Parts of the tool that are not drafted.
    pub left_out: Vec<Left>,
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    pub name: String,
    pub ty: Type,
    pub optional: bool,
    /// Its JSON pointer in the arguments.
    pub at: String,
}

/// What an action returns.
#[derive(Debug)]
pub enum Answer {
    /// The text of the answer, as the field `text`.
    Text,
    /// Fields of the structured content.
    Fields(Vec<Field>),
}

impl Action {
    /// Its parameters.
    pub fn params(&self) -> Vec<Typed<'_>> {
        self.params.iter().map(|of| Typed { name: &of.name, ty: &of.ty, optional: of.optional }).collect()
    }

    /// The fields of its result.
    pub fn fields(&self) -> Vec<Typed<'_>> {
        match &self.result {
            Answer::Text => vec![Typed { name: "text", ty: &Type::Text, optional: false }],
            Answer::Fields(fields) => {
                fields.iter().map(|of| Typed { name: &of.name, ty: &of.ty, optional: of.optional }).collect()
            }
        }
    }
}
