//! SHA-256 digests, printed as `sha256:<hex>`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A SHA-256 digest, printed as `sha256:` and 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Digest(String);
