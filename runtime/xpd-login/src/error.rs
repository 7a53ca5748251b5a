//! Why a login failed.

/// Why a login failed. The texts have no tokens, codes or secrets in them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The provider is not reached, or does not answer as it must.
    #[error("the provider cannot be used: {0}")]
    Provider(String),
    /// The provider answered with an error.
    #[error("the provider did not log you in: {0}")]
    Refused(String),
    /// What the provider answered does not prove a login.
    #[error("the answer of the provider proves no login: {0}")]
    Proof(String),
}

/// A text of a provider's, without anything but plain words and at most 200 bytes of it.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|one| one.is_ascii_graphic() || *one == ' ').take(200).collect()
}
