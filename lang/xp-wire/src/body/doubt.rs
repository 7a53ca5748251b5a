//! Actions whose end nobody knows.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// An action whose end nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Doubtful {
    /// Identity of the token.
    pub jti: String,
    /// The run.
    pub run: String,
    /// The step.
    pub step: String,
    /// Qualified action.
    pub action: String,
    /// The connector instance.
    pub instance: String,
    /// Whose use it was.
    pub principal: String,
    /// What ends the doubt.
    pub waits_for: WaitsFor,
}

/// What ends a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WaitsFor {
    /// The server repeats the action, which may be done twice.
    Repeat,
    /// The server looks whether it was carried out.
    Look,
    /// Somebody says how it ended.
    Person,
}

impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repeat => "repeat",
            Self::Look => "look",
            Self::Person => "person",
        })
    }
}

/// A person's word on an action in doubt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "V: Deserialize<'de>"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct ResolveRequest<V> {
    /// Whether it was carried out.
    pub done: bool,
    /// What came back: with `done` only, and always with it; `{}` for an action that gives nothing back. Never null.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value, required = false))]
    pub result: Option<V>,
}

/// Left out is one thing, null would be another: whether that is a value is for the value's own type to say.
fn present<'de, D: Deserializer<'de>, V: Deserialize<'de>>(from: D) -> Result<Option<V>, D::Error> {
    V::deserialize(from).map(Some)
}
