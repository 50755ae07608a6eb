//! Finds the columns of a line: where runs of spaces and line ends begin and end, 64 bytes at a time.

use wide::u8x32;

use crate::format::MAX_COLUMNS;

const BLOCK: usize = 64;

/// How many separators are noted at once, whether there are as many or not: cheaper than to ask after each.
const AT_ONCE: usize = 8;

/// Byte offsets of the columns of one line; the first [`MAX_COLUMNS`] are kept, all are counted.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// The place before each column, and behind the last; before the line's beginning it wraps around. More may follow.
    before: [u16; MAX_COLUMNS + AT_ONCE],
    /// How many columns the line has.
    pub(crate) count: usize,
    /// Whether more than one separator stands somewhere between columns.
    pub(crate) has_runs: bool,
}

#[inline]
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r')
}

/// The spaces in a block; `lowest` becomes the lowest bytes seen so far.
#[inline]
fn spaces(block: &[u8; BLOCK], lowest: &mut u8x32) -> u64 {
    let mut half = |half: &[u8; BLOCK / 2]| {
        let bytes = u8x32::from(*half);
        *lowest = lowest.min(bytes);
        u64::from(bytes.simd_eq(u8x32::splat(b' ')).to_bitmask())
    };
    let (low, high) = block.as_chunks().0.split_at(1);
    half(&low[0]) | half(&high[0]) << (BLOCK / 2)
}

/// The spaces in `rest`, which `line` ends with and which is shorter than a block.
#[inline]
fn spaces_of_rest(line: &[u8], rest: &[u8], lowest: &mut u8x32) -> u64 {
    match line.last_chunk() {
        // Those of the block that ends with the line, without what lies before the rest.
        Some(block) => spaces(block, lowest) >> 1 >> (BLOCK - 1 - rest.len()),
        None => {
            let mut block = [u8::MAX; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            spaces(&block, lowest)
        }
    }
}

/// An offset as it is kept.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the caller bounds the line to what fits")]
fn kept(offset: usize) -> u16 {
    offset as u16
}

impl Columns {
    /// No columns yet.
    pub(crate) const NONE: Columns =
        Columns { before: [u16::MAX; MAX_COLUMNS + AT_ONCE], count: 0, has_runs: false };

    /// Splits `line`, whose length must fit `u16`, at runs of spaces and line ends: no value can hold one, so
    /// that what is printed can always be read again.
    #[inline]
    pub(crate) fn find(&mut self, line: &[u8]) {
        self.has_runs = !self.find_single(line);
        if self.has_runs {
            self.find_runs(line);
        }
    }

    /// [`find`](Self::find) where single spaces stand between columns, as in all that AWS writes; false elsewhere, and where
    /// there are control characters, which line ends are.
    #[inline]
    fn find_single(&mut self, line: &[u8]) -> bool {
        self.before[0] = u16::MAX;
        let mut lowest = u8x32::splat(u8::MAX);
        // As if a separator stood before the line: none may follow it.
        let (mut last, mut runs, mut found) = (1, 0, 0);
        let mut note = |columns: &mut Columns, offset: usize, separators: u64| {
            runs |= separators & (separators << 1 | last);
            last = separators >> (BLOCK - 1);
            found = columns.note(found, offset, separators);
        };
        let (blocks, rest) = line.as_chunks::<BLOCK>();
        for (place, block) in blocks.iter().enumerate() {
            note(self, place * BLOCK, spaces(block, &mut lowest));
        }
        // As if one stood behind the line too.
        let behind = 1 << rest.len();
        note(self, line.len() - rest.len(), spaces_of_rest(line, rest, &mut lowest) | behind);
        self.count = found;
        runs == 0 && lowest.simd_eq(lowest.max(u8x32::splat(b' '))).all()
    }

    /// Notes the separators of one block behind those that were `found`; gives how many there are then.
    #[inline]
    fn note(&mut self, found: usize, offset: usize, mut separators: u64) -> usize {
        let all = found + separators.count_ones() as usize;
        for places in self.before[found.min(MAX_COLUMNS) + 1..].as_chunks_mut::<AT_ONCE>().0 {
            for place in places {
                *place = kept(offset + separators.trailing_zeros() as usize);
                separators &= separators.wrapping_sub(1);
            }
            if separators == 0 {
                break;
            }
        }
        all
    }

    /// [`find`](Self::find) in any line.
    #[cold]
    fn find_runs(&mut self, line: &[u8]) {
        *self = Columns { has_runs: true, ..Columns::NONE };
        for at in 0..line.len() {
            let is_start =
                !is_separator(line[at]) && at.checked_sub(1).is_none_or(|before| is_separator(line[before]));
            if is_start {
                self.before[self.count.min(MAX_COLUMNS)] = kept(at).wrapping_sub(1);
                self.count += 1;
            }
        }
        self.before[self.count.min(MAX_COLUMNS)] = kept(line.len());
    }

    /// Start and end of the column at `index` of `line`, which must be below both `count` and [`MAX_COLUMNS`].
    #[inline]
    pub(crate) fn span(&self, index: usize, line: &[u8]) -> (usize, usize) {
        let (start, end) = self.single_span(index);
        (start, if self.has_runs { trimmed(line, end) } else { end })
    }

    /// [`span`](Self::span) in a line without [runs](Self::has_runs).
    #[inline]
    pub(crate) fn single_span(&self, index: usize) -> (usize, usize) {
        match self.before[index..] {
            [before, end, ..] => (before.wrapping_add(1).into(), end.into()),
            _ => (0, 0),
        }
    }
}

/// The end of what stands before `end` and is no separator.
#[cold]
fn trimmed(line: &[u8], end: usize) -> usize {
    let column = line.get(..end).unwrap_or_default();
    column.iter().rposition(|byte| !is_separator(*byte)).map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find(line: &str) -> Columns {
        let mut columns = Columns::NONE;
        columns.find(line.as_bytes());
        columns
    }

    fn split(line: &str) -> Vec<&str> {
        let columns = find(line);
        (0..columns.count.min(MAX_COLUMNS))
            .map(|index| columns.span(index, line.as_bytes()))
            .map(|(start, end)| &line[start..end])
            .collect()
    }

    #[test]
    fn columns_beyond_the_kept_ones_are_counted() {
        let line = "x ".repeat(MAX_COLUMNS + 7);
        assert_eq!(find(&line).count, MAX_COLUMNS + 7);
    }

    proptest! {
        #[test]
        fn agrees_with_split(line in "[ \r\na-z0-9\t-]{0,200}| {0,70}|[a-z ]{31,33}") {
            let expected: Vec<_> = line.split([' ', '\r', '\n']).filter(|part| !part.is_empty()).take(MAX_COLUMNS).collect();
            prop_assert_eq!(split(&line), expected);
        }
    }
}
