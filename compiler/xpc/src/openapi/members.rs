//! Members of objects, in the body of a request and in that of an answer.

use std::collections::HashSet;

use serde_json::Value;
use xp_artifact::http::rules::MAX_NAME;

use super::read::Document;
use super::schema::{self, Shape, Type};
use super::why::{self, Left, Why};

/// Members that one operation may have, those that are left out included.
const MAX_PARTS: usize = 1_000;
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
    /// What is sent: those in objects, too.
    Request,
    /// What is returned: those of the body itself.
    Answer,
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
            Side::Request => ("readOnly", why::READ_ONLY),
            Side::Answer => ("writeOnly", why::WRITE_ONLY),
        };
        if schema::is(schema, flag) || schema::is(read.node, flag) {
            return self.leave(path, false, why);
        }
        // Where `null` may be returned, nothing may be.
        let required = required && !(self.side == Side::Answer && read.nullable);
        match read.shape {
            Shape::Leaf(_) if self.side == Side::Answer && path.is_empty() => {
                self.leave(path, required, why::LIST_ALONE)
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
                let open = node.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false));
                if open || node.get("patternProperties").is_some() {
                    self.leave(path, false, why::MEMBERS)?;
                }
                Ok(())
            }
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends every case of a look")]
    fn leave(&mut self, path: &[&str], required: bool, why: Why) -> Result<(), Why> {
        let what = match self.side {
            Side::Request => "member of the body",
            Side::Answer => "field of the result",
        };
        self.left_out.push(match path {
            [] if self.side == Side::Request => Left { what: "the body".to_owned(), required, why },
            [] => Left { what: "the result".to_owned(), required: false, why },
            path => Left::new(what, &path.join("."), required && self.side == Side::Request, why),
        });
        Ok(())
    }
}

/// The member stands at its pointer and nowhere else: a number would be taken for the index of an array.
pub fn has_pointer(leaf: &Leaf) -> bool {
    !leaf.path.iter().any(|name| xp_json::index(name).is_some())
}
