//! Text to tree: grammar, tree, recovery, formatter.
