//! A GitHub-shaped stand-in over a real bare git repository, for tests and the demo.
