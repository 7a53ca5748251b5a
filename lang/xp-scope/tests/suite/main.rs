//! Values, paths, refs, patterns and things, through the crate's interface.

mod content;
mod content_readers;
mod git;
mod joint;
mod loopback;
mod names;
mod pattern_agreement;
mod patterns;
mod things;
mod types;
mod values;
