//! The workflow as a graph with ids; obligations, verdicts, traces.
