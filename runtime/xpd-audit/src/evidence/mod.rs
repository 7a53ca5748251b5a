//! Evidence packages: what an outside verifier needs to check one run, in one deterministic zip file.

mod archive;
mod end;
mod layout;
mod manifest;
mod transcript;
mod write;

pub use archive::MAX_PACKAGE_BYTES;
pub(crate) use archive::read;
pub use end::is_open;
pub(crate) use layout::{
    ARTIFACT, ARTIFACT_KEYS, BLOBS, CHECKPOINT, CONSISTENCY, EVENTS, LOG_KEY, MANIFEST, PROOFS, Proof,
    START_CHECKPOINT, hashes,
};
pub use manifest::Deployment;
pub(crate) use manifest::Manifest;
pub use transcript::transcript;
pub use write::{Evidence, EvidenceEntry, EvidenceError, EvidenceStart, write_package};
