//! Messages of the Model Context Protocol (JSON-RPC 2.0), written and strictly read.

use xp_artifact::mcp::TOOL_DEPTH;
use xp_json::Tree;

/// A message that a server sent, as far as a caller needs to know it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The answer to a request of this identifier.
    Answer(String, Said),
    /// The list of tools has changed.
    Changed,
    /// A notification of another kind.
    Other,
    /// A request of the server's own, which nobody answers.
    Asks,
}

/// What was answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A result.
    Result(Tree),
    /// An error with this code, and its data.
    Error(i64, Option<Tree>),
}

/// A revision of the protocol and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Revision {
    /// 2026-07-28: each request says all about itself.
    Stateless,
    /// An earlier one, opened by `initialize`: the revision that the server chose, and its session.
    Opened {
        /// The revision.
        version: &'static str,
        /// The session, over HTTP.
        session: Option<String>,
    },
}

/// The revision whose requests say all about themselves.
pub(super) const STATELESS: &str = "2026-07-28";
/// The revision that `initialize` asks for.
pub(super) const OPENED: &str = "2025-11-25";
/// Revisions that a server may choose instead.
const KNOWN: [&str; 4] = [OPENED, "2025-06-18", "2025-03-26", "2024-11-05"];

/// Code of the error for a revision that a server does not speak.
pub(super) const UNSUPPORTED_VERSION: i64 = -32022;

fn text(text: &str) -> Tree {
    Tree::Text(text.to_owned())
}

fn record<const N: usize>(members: [(&str, Tree); N]) -> Tree {
    Tree::Record(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn client() -> Tree {
    record([("name", text("xpd")), ("version", text(env!("CARGO_PKG_VERSION")))])
}

/// A request. The parameters are an object.
pub(super) fn request(id: &str, method: &str, params: Tree, revision: &Revision) -> Tree {
    let mut members = match params {
        Tree::Record(members) => members,
        _ => Vec::new(),
    };
    if *revision == Revision::Stateless {
        let meta = record([
            ("io.modelcontextprotocol/protocolVersion", text(STATELESS)),
            ("io.modelcontextprotocol/clientInfo", client()),
            ("io.modelcontextprotocol/clientCapabilities", record([])),
        ]);
        members.push(("_meta".to_owned(), meta));
    }
    record([
        ("jsonrpc", text("2.0")),
        ("id", text(id)),
        ("method", text(method)),
        ("params", Tree::Record(members)),
    ])
}

/// The first request to a server of an earlier revision.
pub(super) fn initialize(id: &str) -> Tree {
    let params =
        record([("protocolVersion", text(OPENED)), ("capabilities", record([])), ("clientInfo", client())]);
    let revision = Revision::Opened { version: OPENED, session: None };
    request(id, "initialize", params, &revision)
}

/// What follows the answer to it.
pub(super) fn initialized() -> Tree {
    record([("jsonrpc", text("2.0")), ("method", text("notifications/initialized"))])
}

/// The revision that an answer to `initialize` chooses.
pub(super) fn chosen(said: &Said) -> Option<&'static str> {
    let Said::Result(result) = said else { return None };
    let version = result.get("protocolVersion")?.as_text()?;
    KNOWN.into_iter().find(|known| *known == version)
}

/// Whether an answer to a first request is that of a server that speaks the stateless revision.
pub(super) fn is_stateless(said: &Said) -> bool {
    let lists = |versions: Option<&Tree>| {
        let versions = versions.and_then(Tree::as_list).unwrap_or_default();
        versions.iter().any(|version| version.as_text() == Some(STATELESS))
    };
    match said {
        Said::Result(result) => lists(result.get("supportedVersions")),
        Said::Error(..) => false,
    }
}

/// A request for a part of the list of tools.
pub(super) fn list(id: &str, cursor: Option<&str>, revision: &Revision) -> Tree {
    let cursor = cursor.map(|cursor| ("cursor".to_owned(), text(cursor)));
    request(id, "tools/list", Tree::Record(cursor.into_iter().collect()), revision)
}

/// A call of a tool.
pub(super) fn call(id: &str, tool: &str, arguments: Tree, revision: &Revision) -> Tree {
    request(id, "tools/call", record([("name", text(tool)), ("arguments", arguments)]), revision)
}

/// Reads a message. `None` if it is none, or can be read in two ways.
pub(super) fn heard(bytes: &[u8]) -> Option<Heard> {
    let message = Tree::read_within(bytes, TOOL_DEPTH + 4).ok()?;
    if message.get("jsonrpc")?.as_text()? != "2.0" {
        return None;
    }
    if let Some(method) = message.get("method") {
        return Some(match (method.as_text()?, message.get("id")) {
            (_, Some(_)) => Heard::Asks,
            ("notifications/tools/list_changed", None) => Heard::Changed,
            (_, None) => Heard::Other,
        });
    }
    let id = message.get("id")?.as_text()?.to_owned();
    let said = match (message.get("result"), message.get("error")) {
        (Some(result @ Tree::Record(_)), None) => Said::Result(result.clone()),
        (None, Some(error)) => {
            let Tree::Number(code) = error.get("code")? else { return None };
            Said::Error(code.parse().ok()?, error.get("data").cloned())
        }
        _ => return None,
    };
    Some(Heard::Answer(id, said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_not_read() {
        for bad in [
            "[]",
            r#"[{"jsonrpc":"2.0","id":"1","result":{}}]"#,
            r#"{"jsonrpc":"1.0","id":"1","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":"1","result":{},"error":{"code":1,"message":""}}"#,
            r#"{"jsonrpc":"2.0","id":"1"}"#,
            r#"{"jsonrpc":"2.0","id":"1","result":[]}"#,
            r#"{"jsonrpc":"2.0","id":"1","id":"2","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":"1","result":{"a":1,"a":2}}"#,
            r#"{"jsonrpc":"2.0","id":"1","error":{"code":"x"}}"#,
            r#"{"jsonrpc":"2.0","id":"1","error":{"code":1.5}}"#,
        ] {
            assert_eq!(heard(bad.as_bytes()), None, "{bad}");
        }
        let asks = heard(br#"{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{}}"#);
        assert_eq!(asks, Some(Heard::Asks));
        let changed = heard(br#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
        assert_eq!(changed, Some(Heard::Changed));
    }
}
