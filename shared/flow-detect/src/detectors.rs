//! The detectors, a file each.

pub(crate) mod sweep;
