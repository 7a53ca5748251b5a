//! Answers of the stand-in, including GitHub's forms of errors.

use serde_json::{Value, json};

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Body.
    pub body: Payload,
    /// Additional headers.
    pub headers: Vec<(&'static str, String)>,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// None.
    Nothing,
    /// JSON.
    Json(Value),
    /// Text of a media type.
    Text(&'static str, String),
}

/// Result of a handler; the error is an early answer.
pub type Answer = Result<Reply, Reply>;

impl Reply {
    /// JSON with a status.
    #[must_use]
    pub fn json(status: u16, body: Value) -> Self {
        Self { status, body: Payload::Json(body), headers: Vec::new() }
    }

    /// 200 with JSON.
    #[must_use]
    pub fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    /// 201 with JSON and the location of the new object.
    #[must_use]
    pub fn created(body: Value) -> Self {
        let place = body.get("url").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { headers: vec![("location", place)], ..Self::json(201, body) }
    }

    /// 204.
    #[must_use]
    pub fn nothing() -> Self {
        Self { status: 204, body: Payload::Nothing, headers: Vec::new() }
    }

    /// Text of a media type.
    #[must_use]
    pub fn text(media: &'static str, text: String) -> Self {
        Self { status: 200, body: Payload::Text(media, text), headers: Vec::new() }
    }

    /// An error with a message.
    #[must_use]
    pub fn error(status: u16, message: &str) -> Self {
        let body = json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.to_string(),
        });
        Self::json(status, body)
    }

    /// 404.
    #[must_use]
    pub fn not_found() -> Self {
        Self::error(404, "Not Found")
    }

    /// 422 with errors in GitHub's form.
    #[must_use]
    pub fn invalid(errors: Value) -> Self {
        let body = json!({
            "message": "Validation Failed",
            "errors": errors,
            "documentation_url": "https://docs.github.com/rest",
            "status": "422",
        });
        Self::json(422, body)
    }

    /// 422 about one field.
    #[must_use]
    pub fn field(resource: &str, code: &str, field: &str) -> Self {
        Self::invalid(json!([{ "resource": resource, "code": code, "field": field }]))
    }

    /// Whether the request succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl From<crate::git::GitError> for Reply {
    fn from(error: crate::git::GitError) -> Self {
        Self::error(500, &error.to_string())
    }
}
