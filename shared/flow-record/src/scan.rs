//! Finds the columns of a line: where runs of spaces and line ends begin and end, 32 bytes at a time.

use wide::u8x32;

use crate::format::MAX_COLUMNS;

const STEP: usize = 32;

/// Byte offsets of the columns of one line; the first [`MAX_COLUMNS`] are kept, all are counted.
#[derive(Clone)]
pub(crate) struct Columns {
    /// Start and end of each column in turn.
    edges: [u16; 2 * MAX_COLUMNS],
    /// How many columns the line has.
    pub(crate) count: usize,
}

impl Columns {
    /// No columns yet.
    pub(crate) const NONE: Columns = Columns { edges: [0; 2 * MAX_COLUMNS], count: 0 };

    /// Splits `line`, whose length must fit `u16`, at runs of spaces and line ends: no value can hold one, so that what
    /// is printed can always be read again.
    #[inline]
    pub(crate) fn find(&mut self, line: &[u8]) {
        let (mut found, mut in_column) = (0, 0);
        let (blocks, rest) = line.as_chunks::<STEP>();
        for (index, block) in blocks.iter().enumerate() {
            self.block(index * STEP, block, &mut found, &mut in_column);
        }
        // The last block is padded with spaces, which also ends a column that touches the end of the line.
        let mut last = [b' '; STEP];
        last[..rest.len()].copy_from_slice(rest);
        self.block(blocks.len() * STEP, &last, &mut found, &mut in_column);
        self.count = found / 2;
    }

    /// Notes the edges in one block; `in_column` is 1 when the byte before it belongs to a column.
    #[inline]
    fn block(&mut self, offset: usize, block: &[u8; STEP], found: &mut usize, in_column: &mut u32) {
        let bytes = u8x32::from(*block);
        let is = |byte| bytes.simd_eq(u8x32::splat(byte));
        let filled = !(is(b' ') | is(b'\n') | is(b'\r')).to_bitmask();
        // A bit is set where a column begins and where the separator after one stands.
        let mut edges = filled ^ (filled << 1 | *in_column);
        *in_column = filled >> (STEP - 1);
        while edges != 0 {
            let at = offset + edges.trailing_zeros() as usize;
            if let Some(edge) = self.edges.get_mut(*found) {
                // The caller bounds the line to what fits.
                *edge = u16::try_from(at).unwrap_or(u16::MAX);
            }
            *found += 1;
            edges &= edges - 1;
        }
    }

    /// Start and end of the column at `index`, which must be below both `count` and [`MAX_COLUMNS`].
    #[inline]
    pub(crate) fn span(&self, index: usize) -> (usize, usize) {
        (usize::from(self.edges[2 * index]), usize::from(self.edges[2 * index + 1]))
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
