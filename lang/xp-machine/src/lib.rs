//! What an artifact means: the pure transition function and its refusals.
