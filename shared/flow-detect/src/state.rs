//! State that outlives an invocation: one [`StateItem`] for each [`StateKey`], kept elsewhere as an opaque run of bytes.
//!
//! # Format, version 4
//!
//! ```text
//! item        = "FG", version (4), form (0: content; 1: length of the content, content deflated as in RFC 1951)
//! content     = newest record time, seconds from the watermark to it, until when windows were looked at, batches,
//!               sections
//! batches     = number, each: seconds since the one before or the watermark, 8 bytes of fingerprint
//! sections    = number, each in order of its id: id (8 bytes), until when it counts, by event time or by the clock at
//!               its last writing by someone who knows the rule, length, section
//! section     = values, scopes, newest pane, number of groups, groups
//! values      = number, each: kind (0 absent, 1 whole, 2 float, 3 IPv4, 4 IPv6, 5 text), its bytes
//! scopes      = number, each: the places of account, region, VPC and log group among the values
//! group       = place of its scope, place of each value of its key, number of panes, panes from new to old
//! pane        = panes between it and the one after, aggregates, seconds from its start to its first record,
//!               seconds from that to the last, source, destination, interface, log group where the scope has none,
//!               length of a line, its earliest line
//! source etc. = 0: none seen; 1: several; otherwise 2 more than the value's place
//! count       = number             sum = that of whole numbers * 2 (signed), or that + 1 and exact
//! average     = sum, number        least, greatest = 0, or 1 and a signed number, or 2 and 8 bytes of float
//! distinct    = number of hashes + 1, 8 bytes each; or 0, length, DataSketches' image of a sketch of 4 bits a register
//! quantiles   = number of values + 1, each: 1 and a signed number, or 2 and 8 bytes of float; or 0, the least and the
//!               greatest as such values, number of buckets, each: signed, from the bucket before; number of values
//! deviation   = number, exact sum, exact sum of squares
//! exact       = number of digits, and if there are any the power of 2^32 that the first counts (signed) and 4 bytes
//!               each, the least first, in two's complement
//! earliest, latest = 0, or 1, signed milliseconds and a value   sortsFirst, sortsLast = 0, or 1 and a value
//! number      = LEB128, 7 bits a byte, the least first; signed numbers in zigzag; fixed widths little-endian
//! ```
//!
//! A section holds the groups of one rule. Its id is [`Rule::state_id`](crate::Rule::state_id); the number of values in
//! a key and the aggregates of a pane are those of the rule's query. Panes are counted in the rule's own pane length.
//! Everything has one order, so equal items are equal bytes.

mod aggregates;
mod bounds;
mod bytes;
mod deflate;
mod error;
mod fingerprints;
mod format;
mod item;
mod key;
mod section;
mod table;

pub use bounds::{MAX_GROUPS, MAX_ITEM_BYTES};
pub use error::StateError;
pub use format::STATE_VERSION;
pub(crate) use item::delay;
pub use item::{Outcome, REDELIVERED_WITHIN, StateItem};
pub use key::{BUCKETS, StateKey, by_state_key};

/// How long what a program does not know is left for others that may, in seconds: they take over new rules at different
/// times, within a few minutes.
pub(crate) const DEFINITIONS_DIFFER: u64 = 900;

/// How soon whoever knows more has to look, in seconds.
pub(crate) const LOOK_AGAIN: u64 = 60;
