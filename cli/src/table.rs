//! Lines of a table for people.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

/// One line of a table: numbers to the right, all else to the left, no spaces at its end.
pub(crate) fn write_cells(
    out: &mut impl Write,
    cells: &[String],
    widths: &[usize],
    is_number: impl Fn(usize) -> bool,
) -> io::Result<()> {
    let mut line = String::new();
    for (place, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if !line.is_empty() {
            line.push_str("  ");
        }
        let space = " ".repeat(width.saturating_sub(cell.width()));
        let (before, after) = if is_number(place) { (space.as_str(), "") } else { ("", space.as_str()) };
        line.extend([before, cell, after]);
    }
    writeln!(out, "{}", line.trim_end())
}

/// How wide each column is, of rows that all have as many cells as the first.
pub(crate) fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |place: usize| rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.width()).max();
    (0..columns).map(|place| width(place).unwrap_or_default()).collect()
}
