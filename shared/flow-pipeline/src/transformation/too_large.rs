//! A record for which the answer has no room, cut into parts that will have some.

use std::mem;
use std::ops::Range;

use flow_envelope::Repacking;

use crate::put_back::{MAX_RECORD, StreamEntry};

/// How often events are put back at most: a megabyte that inflates to a gigabyte needs ten halvings, and where records grow
/// so much that every other has no room, one in 2^54 has had no luck after those.
const MAX_GENERATIONS: u32 = 64;

/// A record for which there is no room.
pub(super) struct TooLarge<'a> {
    pub unpacked: &'a [u8],
    /// How many events it holds.
    pub events: usize,
    /// How many of them fit into an answer of its own, if not all.
    pub events_that_fit: Option<u64>,
    /// How often they were put back before.
    pub generation: u32,
    /// The key under which a Kinesis stream had it.
    pub partition_key: Option<String>,
    /// The stream decompresses by itself: it takes nothing from other producers.
    pub is_unpacked_by_stream: bool,
}

/// Some of its events, as a record of their own.
pub(super) struct Part {
    entry: StreamEntry,
    /// How many events it holds.
    pub events: u64,
}

impl Part {
    /// None if no stream takes a record of that size.
    fn new(data: Vec<u8>, partition_key: Option<&String>, events: u64) -> Option<Self> {
        let fits = data.len() + partition_key.map_or(0, String::len) <= MAX_RECORD;
        fits.then(|| Part { entry: StreamEntry { data, partition_key: partition_key.cloned() }, events })
    }

    /// The record for the stream; its data are moved out.
    pub(super) fn take_entry(&mut self) -> StreamEntry {
        let StreamEntry { data, partition_key } = &mut self.entry;
        StreamEntry { data: mem::take(data), partition_key: partition_key.take() }
    }
}

/// The record as it came, for an event that unpacks to too much: it is not looked at, so its events are not counted.
pub(super) fn as_it_came(data: &[u8], partition_key: Option<&String>) -> Option<Part> {
    Part::new(data.to_vec(), partition_key, 0)
}

/// The record in parts: whole when it fits into an answer of its own, else halved until each probably does. An error is the
/// reason for which it fails.
pub(super) fn parts(record: &TooLarge<'_>, puts_back: bool) -> Result<Vec<Part>, &'static str> {
    if record.events_that_fit.is_some() && record.events < 2 {
        return Err("event_too_large");
    }
    if record.is_unpacked_by_stream {
        return Err("decompressing_stream");
    }
    if !puts_back {
        return Err(if record.events_that_fit.is_some() { "record_too_large" } else { "answer_full" });
    }
    if record.generation >= MAX_GENERATIONS {
        return Err("put_back_too_often");
    }
    // What could be read once can be read again.
    let repacking = Repacking::read(record.unpacked).ok().or_else(|| Repacking::read_lines(record.unpacked));
    let repacking = repacking.ok_or("not_repacked")?;
    let mut parts = Vec::new();
    for range in cut(0..repacking.events(), record.events_that_fit) {
        pack(record, &repacking, range, &mut parts)?;
    }
    Ok(parts)
}

/// Halves of halves, none with more than nine tenths of the events that fit: lines differ in length.
fn cut(events: Range<usize>, that_fit: Option<u64>) -> Vec<Range<usize>> {
    let Some(that_fit) = that_fit else { return vec![events] };
    let most = usize::try_from(that_fit / 10 * 9).unwrap_or(usize::MAX).max(1);
    let mut pieces = 2;
    while events.len().div_ceil(pieces) > most {
        pieces *= 2;
    }
    let pieces = pieces.min(events.len());
    let bound = |piece: usize| events.start + events.len() * piece / pieces;
    (0..pieces).map(|piece| bound(piece)..bound(piece + 1)).collect()
}

/// Packs these events, in halves when the stream takes no record of that size.
fn pack(
    record: &TooLarge<'_>,
    repacking: &Repacking<'_>,
    events: Range<usize>,
    into: &mut Vec<Part>,
) -> Result<(), &'static str> {
    let data = repacking.pack(events.clone(), record.generation + 1);
    if let Some(part) = Part::new(data, record.partition_key.as_ref(), events.len() as u64) {
        into.push(part);
        return Ok(());
    }
    if events.len() < 2 {
        return Err("event_too_large");
    }
    let middle = events.start + events.len() / 2;
    pack(record, repacking, events.start..middle, into)?;
    pack(record, repacking, middle..events.end, into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_alone_stays_whole_and_the_rest_is_halved() {
        assert!(matches!(cut(0..7, None)[..], [Range { start: 0, end: 7 }]));
        assert_eq!(cut(0..100, Some(60)), [0..50, 50..100]);
        assert_eq!(cut(0..100, Some(50)), [0..25, 25..50, 50..75, 75..100]);
        assert_eq!(cut(0..3, Some(0)), [0..1, 1..2, 2..3]);
    }
}
