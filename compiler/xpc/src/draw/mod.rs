//! A workflow drawn: the same picture in three notations.

mod dot;
mod layout;
mod mermaid;
mod picture;
mod svg;

pub use dot::dot;
pub use mermaid::mermaid;
pub use picture::Picture;
pub use svg::svg;
