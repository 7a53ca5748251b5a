//! The strict reading of a message, before any library sees it. What a call says is taken from this reading and nowhere else.

use std::fmt;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use xp_json::{Tree, Unread};

/// Objects and arrays inside each other.
const MAX_DEPTH: usize = 24;
/// Bytes of an id or of the name of a method.
const MAX_NAME: usize = 128;
/// Digits of an id that is a number, so that every reader reads the same.
const MAX_DIGITS: usize = 15;

/// A message that is not one of this protocol.
#[derive(Debug)]
pub(super) struct Malformed {
    code: i32,
    why: String,
    /// The id of the message, where it could be read.
    id: Option<Tree>,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = json!({ "code": self.code, "message": self.why });
        let id = self.id.as_ref().unwrap_or(&Tree::Null);
        write!(f, "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{error}}}")
    }
}

fn invalid<T>(why: &str) -> Result<T, Malformed> {
    Err(Malformed { code: -32600, why: why.to_owned(), id: None })
}

fn mismatch<T>(why: &str) -> Result<T, Malformed> {
    Err(Malformed { code: -32020, why: why.to_owned(), id: None })
}

/// A call of a tool.
#[derive(Debug)]
pub(super) struct Call {
    /// Name of the tool.
    pub name: String,
    /// Its arguments, an object.
    pub arguments: Tree,
}

/// A message.
#[derive(Debug)]
pub(super) struct Envelope {
    is_request: bool,
    /// The call, if it is one.
    pub call: Option<Call>,
}

impl Envelope {
    /// Reads a message and compares the headers with it.
    pub fn read(body: &[u8], headers: &HeaderMap) -> Result<Self, Malformed> {
        let tree = Tree::read_within(body, MAX_DEPTH).map_err(|unread| {
            let code = if unread == Unread::NotJson { -32700 } else { -32600 };
            Malformed { code, why: unread.to_string(), id: None }
        })?;
        Self::of(&tree, headers).map_err(|malformed| {
            let id = tree.get("id").filter(|id| is_id(id)).cloned();
            Malformed { id, ..malformed }
        })
    }

    fn of(tree: &Tree, headers: &HeaderMap) -> Result<Self, Malformed> {
        let Some(members) = tree.as_record() else {
            return invalid("a message is one JSON object; there are no batches");
        };
        if members.iter().any(|(name, _)| !["jsonrpc", "id", "method", "params"].contains(&name.as_str())) {
            return invalid("a message has `jsonrpc`, `id`, `method` and `params` only");
        }
        if tree.get("jsonrpc").and_then(Tree::as_text) != Some("2.0") {
            return invalid("`jsonrpc` must be \"2.0\"");
        }
        let is_request = match tree.get("id") {
            None => false,
            Some(id) if is_id(id) => true,
            Some(_) => return invalid("`id` must be a short string or an integer of at most 15 digits"),
        };
        let method = tree.get("method").and_then(Tree::as_text).filter(|name| name.len() <= MAX_NAME);
        let Some(method) = method else { return invalid("`method` must be a short string") };
        let params = tree.get("params");
        if params.is_some_and(|params| params.as_record().is_none()) {
            return invalid("`params` must be an object");
        }
        let meta = params.and_then(|params| params.get("_meta"));
        if meta.is_some_and(|meta| meta.as_record().is_none()) {
            return invalid("`_meta` must be an object");
        }
        let named = params.and_then(|params| params.get("name")).and_then(Tree::as_text);
        Self::compare(headers, method, named)?;
        let call = match (is_request, method) {
            (true, "tools/call") => Some(Self::call(params, named)?),
            _ => None,
        };
        Ok(Self { is_request, call })
    }

    /// Whether nobody waits for an answer.
    pub fn is_notification(&self) -> bool {
        !self.is_request
    }

    fn compare(headers: &HeaderMap, method: &str, named: Option<&str>) -> Result<(), Malformed> {
        for name in ["mcp-method", "mcp-name", "mcp-protocol-version"] {
            if headers.get_all(name).iter().count() > 1 {
                return mismatch(&format!("header `{name}` must stand once"));
            }
        }
        if headers.get("mcp-method").is_some_and(|given| given != method) {
            return mismatch("header `Mcp-Method` differs from `method`");
        }
        let Some(given) = headers.get("mcp-name") else { return Ok(()) };
        let given = given.to_str().ok().and_then(decoded);
        if method == "tools/call" && (given.is_none() || given.as_deref() != named) {
            return mismatch("header `Mcp-Name` differs from `params.name`");
        }
        Ok(())
    }

    fn call(params: Option<&Tree>, named: Option<&str>) -> Result<Call, Malformed> {
        let Some(name) = named.filter(|name| name.len() <= MAX_NAME) else {
            return invalid("`params.name` must be a short string");
        };
        let arguments = match params.and_then(|params| params.get("arguments")) {
            None => Tree::Record(Vec::new()),
            Some(given @ Tree::Record(_)) => given.clone(),
            Some(_) => return invalid("`params.arguments` must be an object"),
        };
        Ok(Call { name: name.to_owned(), arguments })
    }
}

fn is_id(id: &Tree) -> bool {
    match id {
        Tree::Text(id) => id.len() <= MAX_NAME,
        Tree::Number(id) => is_integer(id),
        _ => false,
    }
}

fn is_integer(digits: &str) -> bool {
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    (1..=MAX_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A header's value, which is written in base64 where it is not plain text: `=?base64?…?=`.
fn decoded(value: &str) -> Option<String> {
    let inner = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    match inner {
        None => Some(value.to_owned()),
        Some(inner) => String::from_utf8(STANDARD.decode(inner).ok()?).ok(),
    }
}
