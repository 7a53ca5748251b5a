//! An action from an operation.

use std::collections::HashSet;

use serde_json::{Map, Value};
use xp_artifact::http::rules::MAX_NAME;
use xp_artifact::http::{Method, Place};
use xpc_sema::request;

use super::draft::{Action, Param, Segment};
use crate::import::MAX_PARAMS;
use crate::import::document::Document;
use crate::import::members::{self, Budget, Field, Leaf, Members, Side};
use crate::import::names::{self, Names};
use crate::import::schema::{self, Shape, Type};
use crate::import::text;
use crate::import::why::{self, Left, Why};

/// Longest path, in bytes.
const MAX_PATH: usize = 2_048;

/// Where an operation stands in the description.
pub struct Operation<'d> {
    pub document: Document<'d>,
    /// Names of headers and parameters that carry a credential.
    pub credentials: &'d HashSet<(String, String)>,
    pub method: Method,
    pub path: &'d str,
    /// What all operations of the path have.
    pub item: &'d Map<String, Value>,
    pub operation: &'d Map<String, Value>,
}

/// An operation that is read, as far as it is.
struct Reader<'d> {
    of: &'d Operation<'d>,
    budget: Budget,
    names: Names,
    holes: Vec<Hole<'d>>,
    params: Vec<Param>,
    left_out: Vec<Left>,
}

/// A parameter of the path.
struct Hole<'d> {
    /// Its name in the path.
    name: &'d str,
    /// The argument that it is.
    argument: Result<(String, Type), Why>,
    used: bool,
}

impl Operation<'_> {
    /// The action, named so.
    ///
    /// # Errors
    /// If it cannot be drafted, with the reason.
    pub fn draft(&self, name: impl FnOnce() -> String) -> Result<Action, Why> {
        if self.item.contains_key("servers") || self.operation.contains_key("servers") {
            return Err(why::OTHER_SERVER);
        }
        let mut reader = Reader {
            of: self,
            budget: Budget::new(),
            names: Names::default(),
            holes: Vec::new(),
            params: Vec::new(),
            left_out: Vec::new(),
        };
        reader.parameters()?;
        let path = reader.path()?;
        reader.body()?;
        let (success, fields) = reader.answers()?;
        if reader.params.len() > MAX_PARAMS {
            return Err(why::TOO_LARGE);
        }
        Ok(Action {
            name: name(),
            method: self.method,
            path,
            params: reader.params,
            fields,
            success,
            left_out: reader.left_out,
        })
    }
}

impl<'d> Reader<'d> {
    /// The parameters of the operation, and those of its path that it does not describe anew.
    fn parameters(&mut self) -> Result<(), Why> {
        let list =
            |of: &'d Map<String, Value>| of.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let mut own: HashSet<(&str, &str)> = HashSet::new();
        let mut all = Vec::new();
        for parameter in list(self.of.operation) {
            self.budget.take()?;
            match named(self.of.document, parameter) {
                Ok((found, key)) if own.insert(key) => all.push((found, key)),
                Ok((_, key)) => self.left_out.push(Left::new(kind(key.1), key.0, false, why::TWICE)),
                Err(why) => self.left_out.push(Left { what: "a parameter".to_owned(), required: false, why }),
            }
        }
        for parameter in list(self.of.item) {
            self.budget.take()?;
            match named(self.of.document, parameter) {
                Ok((found, key)) if own.insert(key) => all.push((found, key)),
                Ok(_) => {}
                Err(why) => self.left_out.push(Left { what: "a parameter".to_owned(), required: false, why }),
            }
        }
        for (parameter, (name, place)) in all {
            if place == "path" {
                let argument = value(self.of.document, parameter, place).and_then(|ty| match ty {
                    Type::List(_) | Type::Url => Err(why::PATH_TYPE),
                    ty => Ok((self.names.give(names::word(name, "segment")), ty)),
                });
                self.holes.push(Hole { name, argument, used: false });
                continue;
            }
            let required = schema::is(parameter, "required");
            match self.outside_the_path(parameter, name, place) {
                Ok((at, ty)) => {
                    let name = self.names.give(names::word(name, "value"));
                    self.params.push(Param { name, ty, optional: !required, sent: Some(at) });
                }
                Err(why) => self.left_out.push(Left::new(kind(place), name, required, why)),
            }
        }
        Ok(())
    }

    fn outside_the_path(
        &self,
        parameter: &'d Value,
        name: &str,
        place: &str,
    ) -> Result<((Place, String), Type), Why> {
        let folded = (place.to_owned(), name.to_ascii_lowercase());
        if self.of.credentials.contains(&folded) {
            return Err(why::CREDENTIAL);
        }
        let at = match place {
            "query" if request::is_pair(name) => Place::Query,
            "header" if request::is_token(name) => Place::Header,
            "query" | "header" => return Err(why::NAME),
            _ => return Err(why::PLACE),
        };
        if at == Place::Header && request::is_reserved_header(name) {
            return Err(why::RESERVED);
        }
        if text::quoted_template(name).is_none() {
            return Err(why::NAME);
        }
        let ty = value(self.of.document, parameter, place)?;
        if at == Place::Header && matches!(ty, Type::List(_)) {
            return Err(why::STYLE);
        }
        Ok(((at, name.to_owned()), ty))
    }

    /// The segments of the path; the arguments in them come first.
    fn path(&mut self) -> Result<Vec<Segment>, Why> {
        let rest =
            self.of.path.strip_prefix('/').filter(|rest| rest.len() <= MAX_PATH).ok_or(why::PATH_FORM)?;
        let mut segments = Vec::new();
        let mut params = Vec::new();
        for piece in rest.split('/').filter(|_| !rest.is_empty()) {
            let hole = piece.strip_prefix('{').and_then(|piece| piece.strip_suffix('}'));
            match hole.filter(|hole| !hole.contains(['{', '}'])) {
                Some(hole) => {
                    let found = self.holes.iter_mut().find(|known| known.name == hole).ok_or(why::NO_HOLE)?;
                    let (name, ty) = found.argument.clone().map_err(|_| why::PATH_TYPE)?;
                    if !found.used {
                        params.push(Param { name: name.clone(), ty, optional: false, sent: None });
                    }
                    found.used = true;
                    segments.push(Segment::Argument(name));
                }
                None if piece.contains(['{', '}']) => return Err(why::BESIDE),
                None if request::is_segment(piece) => segments.push(Segment::Literal(piece.to_owned())),
                None => return Err(why::PATH_FORM),
            }
        }
        for hole in self.holes.iter().filter(|hole| !hole.used) {
            self.left_out.push(Left::new(kind("path"), hole.name, false, why::UNUSED));
        }
        params.append(&mut self.params);
        self.params = params;
        Ok(segments)
    }

    fn body(&mut self) -> Result<(), Why> {
        let Some(body) = self.of.operation.get("requestBody") else { return Ok(()) };
        self.budget.take()?;
        let leave = |required: bool, why: Why| Left { what: "the body".to_owned(), required, why };
        let body = match self.of.document.resolve(body) {
            Ok(body) => body,
            Err(why) => {
                self.left_out.push(leave(true, why));
                return Ok(());
            }
        };
        let required = schema::is(body, "required");
        if !self.of.method.has_body() {
            self.left_out.push(leave(required, why::BODY_METHOD));
            return Ok(());
        }
        let json = media(body, "application/json").map(|found| (Place::Json, found));
        let form = || media(body, "application/x-www-form-urlencoded").map(|found| (Place::Form, found));
        let Some((place, found)) = json.or_else(form) else {
            self.left_out.push(leave(required, why::BODY_TYPE));
            return Ok(());
        };
        let Some(schema) = found.get("schema") else {
            self.left_out.push(leave(required, why::NO_SCHEMA));
            return Ok(());
        };
        let members = Members::of(self.of.document, Side::Request, schema, required, &mut self.budget)?;
        let (leaves, mut left_out) = (members.leaves, members.left_out);
        self.left_out.append(&mut left_out);
        for leaf in leaves {
            match in_body(place, &leaf) {
                Ok(at) => {
                    let name = self.names.give(names::word(&leaf.path.join("_"), "body"));
                    self.params.push(Param {
                        name,
                        ty: leaf.ty,
                        optional: !leaf.required,
                        sent: Some((place, at)),
                    });
                }
                Err(why) => {
                    self.left_out.push(Left::new(
                        "member of the body",
                        &leaf.path.join("."),
                        leaf.required,
                        why,
                    ));
                }
            }
        }
        Ok(())
    }

    /// The statuses of a success, and the fields of the first answer in JSON.
    fn answers(&mut self) -> Result<(Vec<u16>, Vec<Field>), Why> {
        let answers = self.of.operation.get("responses").and_then(Value::as_object);
        let mut success: Vec<(u16, &'d Value)> = answers
            .into_iter()
            .flatten()
            .filter_map(|(status, answer)| Some((status.parse().ok()?, answer)))
            .filter(|(status, _)| (200..=299).contains(status))
            .collect();
        success.sort_unstable_by_key(|(status, _)| *status);
        success.dedup_by_key(|(status, _)| *status);
        let mut fields = Vec::new();
        let statuses = success.iter().map(|(status, _)| *status).collect();
        if answers.is_some_and(|answers| answers.keys().any(|status| status.eq_ignore_ascii_case("2XX"))) {
            let what = "success of every status from 200 to 299".to_owned();
            self.left_out.push(Left { what, required: false, why: why::STATUSES });
        }
        let no_result = |why: Why| Left { what: "the result".to_owned(), required: false, why };
        let mut other_type = false;
        for (_, answer) in success {
            let answer = match self.of.document.resolve(answer) {
                Ok(answer) => answer,
                Err(why) => {
                    self.left_out.push(Left { what: "an answer".to_owned(), required: false, why });
                    continue;
                }
            };
            let Some(found) = media(answer, "application/json") else {
                let types = answer.get("content").and_then(Value::as_object);
                other_type |= types.is_some_and(|types| !types.is_empty());
                continue;
            };
            other_type = false;
            let Some(schema) = found.get("schema") else {
                self.left_out.push(no_result(why::NO_SCHEMA));
                break;
            };
            let members = Members::of(self.of.document, Side::Answer, schema, true, &mut self.budget)?;
            let (leaves, mut left_out) = (members.leaves, members.left_out);
            self.left_out.append(&mut left_out);
            fields = members::fields(leaves, &mut self.left_out);
            break;
        }
        if other_type {
            self.left_out.push(no_result(why::ANSWER_TYPE));
        }
        Ok((statuses, fields))
    }
}

/// A parameter, with its name and place.
fn named<'d>(document: Document<'d>, parameter: &'d Value) -> Result<(&'d Value, (&'d str, &'d str)), Why> {
    let parameter = document.resolve(parameter)?;
    let text = |name: &str| parameter.get(name).and_then(Value::as_str).ok_or(why::NO_SCHEMA);
    let name = text("name")?;
    if name.len() > MAX_NAME {
        return Err(why::NAME);
    }
    Ok((parameter, (name, text("in")?)))
}

fn kind(place: &str) -> &'static str {
    match place {
        "path" => "path parameter",
        "query" => "query parameter",
        "header" => "header",
        "cookie" => "cookie",
        _ => "parameter",
    }
}

/// The type of a parameter that is written as one value, or as one pair for each.
fn value(document: Document<'_>, parameter: &Value, place: &str) -> Result<Type, Why> {
    let schema = parameter.get("schema").ok_or(why::STYLE)?;
    let ty = match schema::read(document, schema)?.shape {
        Shape::Leaf(ty) => ty,
        Shape::Object(..) => return Err(why::STYLE),
    };
    let usual = if place == "query" { "form" } else { "simple" };
    let style = parameter.get("style").and_then(Value::as_str).unwrap_or(usual);
    let explode = parameter.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
    let fits = match &ty {
        Type::List(of) if matches!(**of, Type::Record(_)) => false,
        Type::List(_) => place == "query" && style == usual && explode,
        _ => style == usual,
    };
    if fits { Ok(ty) } else { Err(why::STYLE) }
}

/// What is said about this media type.
fn media<'d>(of: &'d Value, essence: &str) -> Option<&'d Value> {
    let content = of.get("content")?.as_object()?;
    let is = |name: &str| name.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(essence);
    content.iter().find(|(name, _)| is(name)).map(|(_, found)| found)
}

/// The name of a place of the body.
fn in_body(place: Place, leaf: &Leaf) -> Result<String, Why> {
    let of_objects = matches!(&leaf.ty, Type::List(of) if matches!(**of, Type::Record(_)));
    let at = match (place, leaf.path.as_slice()) {
        (Place::Form, _) if of_objects => return Err(why::BODY_FORM),
        (Place::Form, [name]) if request::is_pair(name) => name.clone(),
        (Place::Form, [_]) => return Err(why::NAME),
        (Place::Form, _) => return Err(why::BODY_FORM),
        _ => leaf.pointer(),
    };
    if (place == Place::Json && !members::has_pointer(leaf)) || text::quoted_template(&at).is_none() {
        return Err(why::NAME);
    }
    Ok(at)
}
