//! Drafts a connector from an OpenAPI description (3.0, 3.1) in JSON.
//!
//! A description is written by others. It decides neither what an action does nor what its text is: names are cleaned or quoted,
//! descriptions are not copied, and what is read as harmless follows from the method alone.

mod draft;
mod operation;
mod read;
mod same;
mod text;

use std::collections::HashSet;

use serde_json::{Map, Value};
use xp_artifact::http::Method;

use draft::Draft;
use operation::Operation;

use crate::import::document::Document;
use crate::import::names::{self, Names};
use crate::import::same::Parts;
use crate::import::why::{self, Left};
use crate::import::{self, Drafted, Failure};

/// Most operations of a description.
const MAX_OPERATIONS: usize = 2_000;

/// Drafts a connector of this name.
///
/// # Errors
/// If the bytes are no description, or nothing of it can be drafted.
pub fn draft(bytes: &[u8], name: &str) -> Result<Drafted, Failure> {
    let root = read::document(bytes)?;
    let draft = tree(&root, name)?;
    if draft.actions.is_empty() {
        let first = draft.left_out.first().map(Left::told).unwrap_or_else(|| "there is none".to_owned());
        return Err(Failure::Rejected(format!("describes no operation that can be drafted: {first}")));
    }
    let meant: Vec<Parts> = draft.actions.iter().map(same::meant).collect();
    let text = import::finished(name, &meant, &text::write(&draft), "leave paths out of the description")?;
    let actions = draft.actions.len();
    let gets = draft.actions.iter().filter(|action| action.method == Method::Get).count();
    let mut to_confirm = vec!["the resources, and what each action reads and reveals".to_owned()];
    if gets > 0 {
        to_confirm.push(format!("{gets} action(s) by GET change nothing"));
    }
    if actions > gets {
        to_confirm.push(format!(
            "{} action(s) by other methods are refused until `effect` and `changes` are said",
            actions - gets
        ));
    }
    Ok(Drafted {
        text,
        of: "operations",
        actions,
        left_out: draft.left_out.iter().map(Left::told).collect(),
        parts: import::parts(draft.actions.iter().flat_map(|action| &action.left_out)),
        to_confirm,
    })
}

fn tree(root: &Value, name: &str) -> Result<Draft, String> {
    let document = Document(root);
    let credentials = credentials(document);
    let mut draft = Draft { name: name.to_owned(), actions: Vec::new(), left_out: Vec::new() };
    let mut names = Names::default();
    let mut operations = 0;
    for (path, item) in root.get("paths").and_then(Value::as_object).into_iter().flatten() {
        if path.starts_with("x-") {
            continue;
        }
        let item = match document.resolve(item).and_then(|item| item.as_object().ok_or(why::NO_OPERATION)) {
            Ok(item) => item,
            Err(why) => {
                draft.left_out.push(Left::new("path", path, false, why));
                continue;
            }
        };
        for (word, operation) in item {
            if is_about_the_path(word) {
                continue;
            }
            operations += 1;
            if operations > MAX_OPERATIONS {
                return Err(format!(
                    "describes more than {MAX_OPERATIONS} operations; leave paths out of the description"
                ));
            }
            let method = Method::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
            let drafted = match (method, operation.as_object()) {
                (None, _) => Err(why::METHOD),
                (_, None) => Err(why::NO_OPERATION),
                (Some((_, method)), Some(operation)) => {
                    let one = Operation {
                        document,
                        credentials: &credentials,
                        method: *method,
                        path,
                        item,
                        operation,
                    };
                    one.draft(|| names.give(action_name(word, path, operation)))
                }
            };
            match drafted {
                Ok(action) => draft.actions.push(action),
                Err(why) => draft.left_out.push(Left::new(
                    "operation",
                    &format!("{} {}", why::cut(word), why::cut(path)),
                    false,
                    why,
                )),
            }
        }
    }
    Ok(draft)
}

/// Members of a path that are no operations.
fn is_about_the_path(word: &str) -> bool {
    matches!(word, "summary" | "description" | "servers" | "parameters" | "$ref") || word.starts_with("x-")
}

/// From the identifier, or else from method and path.
fn action_name(method: &str, path: &str, operation: &Map<String, Value>) -> String {
    let said = operation.get("operationId").and_then(Value::as_str).and_then(names::action);
    said.unwrap_or_else(|| {
        let method = method.to_ascii_lowercase();
        let path = names::word(path, "base");
        names::action(&format!("{method}_{path}")).unwrap_or(method)
    })
}

/// Places and names, in small letters, where a credential stands.
fn credentials(document: Document<'_>) -> HashSet<(String, String)> {
    let schemes = document.0.pointer("/components/securitySchemes").and_then(Value::as_object);
    let mut found = HashSet::new();
    for scheme in schemes.into_iter().flatten().filter_map(|(_, scheme)| document.resolve(scheme).ok()) {
        let said = |name: &str| scheme.get(name).and_then(Value::as_str);
        if let (Some("apiKey"), Some(place), Some(name)) = (said("type"), said("in"), said("name")) {
            found.insert((place.to_owned(), name.to_ascii_lowercase()));
        }
    }
    found
}
