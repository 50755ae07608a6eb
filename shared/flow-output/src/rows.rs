//! Rows of a query's answer, for programs.

use std::io::{self, Write};

use flow_query::{Column, Type, Value};
use serde_json::{Map, Value as Json};

use crate::csv::write_text_cell;
use crate::finding_json::value_json;
use crate::plain::escape_json;

/// Writes a row as a JSON object on one line: the columns' names, numbers as numbers, times as `YYYY-MM-DD HH:MM:SS.mmm`
/// in UTC. What is absent is left out.
///
/// # Errors
/// When writing fails.
pub fn write_row_json(out: &mut impl Write, columns: &[Column], row: &[Value<'_>]) -> io::Result<()> {
    let present = columns.iter().zip(row).filter(|(_, value)| **value != Value::Absent);
    let json = |(column, value): (&Column, &Value<'_>)| {
        let json = match column.kind {
            Type::Time => Json::from(column.show(value).to_string()),
            _ => value_json(value),
        };
        (column.name.clone(), json)
    };
    let object = Json::Object(present.map(json).collect::<Map<_, _>>());
    writeln!(out, "{}", escape_json(&object.to_string()))
}

/// Writes one row of CSV (RFC 4180). A cell never reads as a formula, and holds no control characters.
///
/// # Errors
/// When writing fails.
pub fn write_csv_row(out: &mut impl Write, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        // A negative number is no formula, and the names of the console's own columns begin with `@`:
        // neither can call anything.
        if cell.parse::<f64>().is_ok() || is_system_name(&cell) {
            write!(out, "{cell}")?;
        } else {
            write_text_cell(out, &cell)?;
        }
    }
    out.write_all(b"\n")
}

fn is_system_name(cell: &str) -> bool {
    cell.strip_prefix('@').is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphabetic()))
}
