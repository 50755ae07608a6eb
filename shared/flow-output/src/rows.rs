//! Rows of a query's answer, for programs.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use flow_query::{Column, Type, Value};
use serde_json::{Map, Value as Json};

use crate::cell::text_cell;
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

/// Writes the names of columns as the first row of CSV (RFC 4180).
///
/// # Errors
/// When writing fails.
pub fn write_csv_names(out: &mut impl Write, columns: &[Column]) -> io::Result<()> {
    for (place, column) in columns.iter().enumerate() {
        write_comma(out, place)?;
        write_row_text(out, &column.name)?;
    }
    out.write_all(b"\n")
}

/// Writes one row of CSV (RFC 4180): times as `YYYY-MM-DD HH:MM:SS.mmm` in UTC, what is absent as nothing. A cell never
/// reads as a formula, and holds no control characters.
///
/// # Errors
/// When writing fails.
pub fn write_csv_row(out: &mut impl Write, columns: &[Column], row: &[Value<'_>]) -> io::Result<()> {
    for (place, (column, value)) in columns.iter().zip(row).enumerate() {
        write_comma(out, place)?;
        match value {
            Value::Text(text) => write_row_text(out, text)?,
            // A time before the year 0 begins with a minus sign and is no number.
            time @ Value::Integer(_) if column.kind == Type::Time => {
                write_row_text(out, &column.show(time).to_string())?;
            }
            Value::Integer(number) => {
                out.write_all(itoa::Buffer::new().format(*number).as_bytes())?;
            }
            Value::Address(IpAddr::V4(address)) => write_ipv4(out, *address)?,
            other => write!(out, "{}", column.show(other))?,
        }
    }
    out.write_all(b"\n")
}

fn write_comma(out: &mut impl Write, place: usize) -> io::Result<()> {
    if place > 0 { out.write_all(b",") } else { Ok(()) }
}

/// A negative number is no formula, and the names of the console's own columns begin with `@`: neither can call anything.
fn write_row_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    if text.parse::<f64>().is_ok() || is_system_name(text) {
        out.write_all(text.as_bytes())
    } else {
        out.write_all(text_cell(text).as_bytes())
    }
}

/// As `write!` would, only quicker: an answer may have a million addresses.
fn write_ipv4(out: &mut impl Write, address: Ipv4Addr) -> io::Result<()> {
    let (mut text, mut length) = ([b'.'; 16], 0);
    for octet in address.octets() {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(octet).as_bytes();
        text[length..length + digits.len()].copy_from_slice(digits);
        length += digits.len() + 1;
    }
    out.write_all(&text[..length - 1])
}

fn is_system_name(cell: &str) -> bool {
    cell.strip_prefix('@').is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphabetic()))
}
