//! The Lambda function on a one-minute schedule: claims that ran out, windows that close, digests, episodes that are over.
//!
//! [`handler`] has the pipeline do what is due. Two ticks at once, or one too few, do no harm.

pub mod handler;
