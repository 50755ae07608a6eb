//! Finds the columns of a line: where runs of spaces and line ends begin and end, 32 bytes at a time.

use wide::u8x32;

use crate::format::MAX_COLUMNS;

const STEP: usize = 32;

/// Byte offsets of the columns of one line; the first [`MAX_COLUMNS`] are kept, all are counted.
#[derive(Clone)]
pub(crate) struct Columns {
    /// Where one column ends and the next begins, from before the first to after the last.
    gaps: [(u16, u16); MAX_COLUMNS + 1],
    /// How many columns the line has.
    pub(crate) count: usize,
}

/// The separators in a block: spaces and line ends.
#[inline]
fn separators(block: [u8; STEP]) -> u32 {
    let bytes = u8x32::from(block);
    let is = |byte| bytes.simd_eq(u8x32::splat(byte));
    (is(b' ') | is(b'\n') | is(b'\r')).to_bitmask()
}

/// A block that is not full, padded with spaces.
#[inline]
fn padded(rest: &[u8]) -> [u8; STEP] {
    let mut block = [b' '; STEP];
    block[..rest.len()].copy_from_slice(rest);
    block
}

/// An offset as it is kept: the caller bounds the line to what fits.
#[inline]
fn kept(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}

impl Columns {
    /// No columns yet.
    pub(crate) const NONE: Columns = Columns { gaps: [(0, 0); MAX_COLUMNS + 1], count: 0 };

    /// Splits `line`, whose length must fit `u16`, at runs of spaces and line ends: no value can hold one, so that what
    /// is printed can always be read again.
    #[inline]
    pub(crate) fn find(&mut self, line: &[u8]) {
        if !self.find_single(line) {
            self.find_runs(line);
        }
    }

    /// [`find`](Self::find) where single separators stand between columns, as in all that AWS writes; false elsewhere.
    #[inline]
    fn find_single(&mut self, line: &[u8]) -> bool {
        // As if a separator stood before the line: none may follow it.
        let (mut found, mut before) = (0, 1);
        self.gaps[0] = (0, 0);
        let (blocks, rest) = line.as_chunks::<STEP>();
        for (index, block) in blocks.iter().enumerate() {
            if !self.note(index * STEP, separators(*block), &mut before, &mut found) {
                return false;
            }
        }
        // Of the padding one separator is wanted, after the last column.
        let last = separators(padded(rest)) & (u32::MAX >> (STEP - 1 - rest.len()));
        let is_single = self.note(blocks.len() * STEP, last, &mut before, &mut found);
        self.count = found;
        is_single
    }

    /// Notes the separators of one block; false when two stand together.
    #[inline]
    fn note(&mut self, offset: usize, mut separators: u32, before: &mut u32, found: &mut usize) -> bool {
        if separators & (separators << 1 | *before) != 0 {
            return false;
        }
        *before = separators >> (STEP - 1);
        while separators != 0 {
            let at = offset + separators.trailing_zeros() as usize;
            *found += 1;
            if let Some(gap) = self.gaps.get_mut(*found) {
                *gap = (kept(at), kept(at + 1));
            }
            separators &= separators - 1;
        }
        true
    }

    /// [`find`](Self::find) in any line.
    #[cold]
    fn find_runs(&mut self, line: &[u8]) {
        let is_separator = |byte: u8| matches!(byte, b' ' | b'\n' | b'\r');
        let (mut found, mut in_column) = (0, false);
        for (at, byte) in line.iter().copied().chain([b' ']).enumerate() {
            if is_separator(byte) == in_column {
                if in_column {
                    found += 1;
                }
                if let Some(gap) = self.gaps.get_mut(found) {
                    *(if in_column { &mut gap.0 } else { &mut gap.1 }) = kept(at);
                }
                in_column = !in_column;
            }
        }
        self.count = found;
    }

    /// Start and end of the column at `index`, which must be below both `count` and [`MAX_COLUMNS`].
    #[inline]
    pub(crate) fn span(&self, index: usize) -> (usize, usize) {
        (usize::from(self.gaps[index].1), usize::from(self.gaps[index + 1].0))
    }
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
            .map(|index| columns.span(index))
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
