//! Members of objects, in what is sent and in what is returned.

use std::collections::HashSet;

use serde_json::Value;
use xp_artifact::http::rules::MAX_NAME;

use xpc_sema::request;

use super::document::Document;
use super::names::{self, Names};
use super::schema::{self, Shape, Type};
use super::text;
use super::why::{self, Left, Why};

/// Members that one operation may have, those that are left out included.
const MAX_PARTS: usize = 1_000;
/// Most fields of a result.
const MAX_FIELDS: usize = 200;
/// Objects in objects that are looked into.
const MAX_DEPTH: usize = 3;

/// What can still be looked at for one operation.
pub struct Budget(usize);

impl Budget {
    pub fn new() -> Self {
        Self(MAX_PARTS)
    }

    /// Takes one part.
    ///
    /// # Errors
    /// If there are too many.
    pub fn take(&mut self) -> Result<(), Why> {
        self.0 = self.0.checked_sub(1).ok_or(why::TOO_LARGE)?;
        Ok(())
    }
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

/// A member that has a type.
pub struct Leaf {
    /// The members on the way to it; none for the whole body.
    pub path: Vec<String>,
    pub ty: Type,
    pub required: bool,
}

impl Leaf {
    /// Its JSON pointer.
    pub fn pointer(&self) -> String {
        self.path.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
    }
}

/// Which members are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The body of a request: those in objects, too.
    Request,
    /// The arguments of a tool: those in objects, too.
    Arguments,
    /// What is returned: those of the body itself.
    Answer,
}

impl Side {
    /// What the whole is called, and a member of it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Request => ("the body", "member of the body"),
            Self::Arguments => ("the object of arguments", "argument"),
            Self::Answer => ("the result", "field of the result"),
        }
    }
}

/// What is found in a body.
pub struct Members<'d, 'b> {
    document: Document<'d>,
    side: Side,
    budget: &'b mut Budget,
    /// Objects that are looked into.
    open: Vec<&'d Value>,
    pub leaves: Vec<Leaf>,
    pub left_out: Vec<Left>,
}

impl<'d, 'b> Members<'d, 'b> {
    /// Looks into a body.
    ///
    /// # Errors
    /// If it has too many members.
    pub fn of(
        document: Document<'d>,
        side: Side,
        schema: &'d Value,
        required: bool,
        budget: &'b mut Budget,
    ) -> Result<Self, Why> {
        let mut found =
            Self { document, side, budget, open: Vec::new(), leaves: Vec::new(), left_out: Vec::new() };
        found.look(schema, &[], required)?;
        Ok(found)
    }

    fn look(&mut self, schema: &'d Value, path: &[&str], required: bool) -> Result<(), Why> {
        self.budget.take()?;
        let read = match schema::read(self.document, schema) {
            Ok(read) => read,
            Err(why) => return self.leave(path, required, why),
        };
        let (flag, why) = match self.side {
            Side::Request | Side::Arguments => ("readOnly", why::READ_ONLY),
            Side::Answer => ("writeOnly", why::WRITE_ONLY),
        };
        if schema::is(schema, flag) || schema::is(read.node, flag) {
            // A flag says nothing about what a tool demands.
            return self.leave(path, required && self.side == Side::Arguments, why);
        }
        // Where `null` may be returned, nothing may be.
        let required = required && !(self.side == Side::Answer && read.nullable);
        match read.shape {
            Shape::Leaf(_) if self.side == Side::Answer && path.is_empty() => {
                self.leave(path, required, why::LIST_ALONE)
            }
            Shape::Leaf(ty) if self.side != Side::Answer && ty.needs_null() => {
                self.leave(path, required, why::NULL)
            }
            Shape::Leaf(ty) => {
                let path = path.iter().map(|name| (*name).to_owned()).collect();
                self.leaves.push(Leaf { path, ty, required });
                Ok(())
            }
            Shape::Object(node, _) if self.open.iter().any(|open| std::ptr::eq(*open, node)) => {
                self.leave(path, required, why::RECURSION)
            }
            Shape::Object(..) if self.side == Side::Answer && !path.is_empty() => {
                self.leave(path, required, why::OBJECT)
            }
            Shape::Object(..) if path.len() >= MAX_DEPTH => self.leave(path, required, why::DEPTH),
            Shape::Object(node, members) => {
                let needed: Vec<&str> = node
                    .get("required")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                if needed.len() > MAX_PARTS {
                    return Err(why::TOO_LARGE);
                }
                for name in needed.iter().filter(|name| !members.contains_key(**name)) {
                    self.budget.take()?;
                    let path: Vec<&str> = path.iter().copied().chain([*name]).collect();
                    self.leave(&path, required, why::NO_SCHEMA)?;
                }
                let needed: HashSet<&str> = needed.into_iter().collect();
                self.open.push(node);
                for (name, member) in members {
                    if name.len() > MAX_NAME {
                        self.budget.take()?;
                        let start: String = name.chars().take(MAX_NAME).collect();
                        self.leave(&[start.as_str()], needed.contains(name.as_str()), why::NAME)?;
                        continue;
                    }
                    let path: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
                    self.look(member, &path, required && needed.contains(name.as_str()))?;
                }
                self.open.pop();
                if schema::is_open(node) {
                    self.leave(path, false, why::MEMBERS)?;
                }
                Ok(())
            }
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends every case of a look")]
    fn leave(&mut self, path: &[&str], required: bool, why: Why) -> Result<(), Why> {
        let required = required && self.side != Side::Answer;
        let (whole, member) = self.side.words();
        self.left_out.push(match path {
            [] => Left { what: whole.to_owned(), required, why },
            path => Left::new(member, &path.join("."), required, why),
        });
        Ok(())
    }
}

/// What a pointer of a declaration names is this member and nothing else: a number would be taken for the index of an array.
pub fn has_pointer(leaf: &Leaf) -> bool {
    let at = leaf.pointer();
    !leaf.path.iter().any(|name| xp_json::index(name).is_some())
        && request::is_pointer(&at)
        && text::quoted(&at).is_some()
}

/// The fields of a result that are drafted, at their pointers; the others are named.
pub fn fields(leaves: Vec<Leaf>, left_out: &mut Vec<Left>) -> Vec<Field> {
    let mut names = Names::default();
    let mut fields = Vec::new();
    for leaf in leaves {
        let path = leaf.path.join(".");
        let why = if has_pointer(&leaf) {
            (fields.len() >= MAX_FIELDS).then_some(why::FIELDS)
        } else {
            Some(why::NAME)
        };
        match why {
            Some(why) => left_out.push(Left::new("field of the result", &path, false, why)),
            None => fields.push(Field {
                name: names.give(names::field(&path)),
                at: leaf.pointer(),
                ty: leaf.ty,
                optional: !leaf.required,
            }),
        }
    }
    fields
}
