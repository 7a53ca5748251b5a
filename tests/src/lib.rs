//! What needs two rooms: suites, attacks, the tidy test.
