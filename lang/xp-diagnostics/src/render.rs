//! One renderer per format, one file each.
