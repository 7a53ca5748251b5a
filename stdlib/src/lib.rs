//! The standard library of connector declarations, embedded as text.
