//! What crosses a wire between agents, administrators and the server.

mod refusal;

pub use refusal::RefusalCode;
