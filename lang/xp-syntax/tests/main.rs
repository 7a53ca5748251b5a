//! What may be written, what is said about what may not, and how it is laid out.

mod suite;
