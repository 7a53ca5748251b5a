//! Resolve names, check types, lower to the model, ask what needs no solver.
