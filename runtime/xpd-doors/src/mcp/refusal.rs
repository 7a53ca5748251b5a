//! Answers to calls. A refusal is an answer too, so that the model reads it.

use serde_json::{Value as Json, json};

use crate::api::problem::Problem;

/// The answer to a call: its content, or a refusal.
pub(super) type Done = Result<Json, Problem>;

/// A result of `tools/call` with structured content, and the same as text.
pub(super) fn success(content: &Json) -> Json {
    json!({
        "resultType": "complete",
        "content": [{ "type": "text", "text": content.to_string() }],
        "structuredContent": content,
        "isError": false,
    })
}

/// A refusal with what is open now.
pub(super) fn refusal(problem: &Problem, open: &[String]) -> Json {
    let body = problem.body();
    let mut text = format!("Refused: {}. {}", body.code, body.detail);
    if let Some(clause) = &body.clause {
        text.push_str(&format!("\nClause: {clause}"));
    }
    text.push_str(&match open {
        [] => "\nNothing is open to you now.".to_owned(),
        open => format!("\nOpen to you now: {}", open.join(", ")),
    });
    let again = body.code.is_retryable();
    if again {
        text.push_str("\nThe same call may be accepted later; `await` returns when something changes.");
    }
    json!({
        "resultType": "complete",
        "content": [{ "type": "text", "text": text }],
        "isError": true,
        "_meta": {
            "code": body.code, "detail": body.detail, "clause": body.clause, "retryable": again, "until": again.then_some("await"),
            "open_now": open, "index": body.index,
        },
    })
}
