//! Spans, sources, codes and the one Diagnostic value; renderers, one file each.
