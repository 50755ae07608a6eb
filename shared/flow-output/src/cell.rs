//! Records as CSV (RFC 4180), one header for all.

use std::io::{self, Write};

use flow_record::{FlowRecord, RecordFormat, Value};

use crate::plain::plain;

/// Writes records as CSV. The columns are those of the first record's format; records of other formats are written
/// under them as far as they go.
pub struct CsvWriter<W: Write> {
    out: W,
    format: Option<RecordFormat>,
}

impl<W: Write> CsvWriter<W> {
    /// A writer that has written nothing yet.
    pub fn new(out: W) -> Self {
        CsvWriter { out, format: None }
    }

    /// Writes one record, before the first one the header. Times are Unix seconds; absent values are empty cells.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&mut self, record: &FlowRecord<'_>) -> io::Result<()> {
        self.write_header(record.format())?;
        let Some(format) = &self.format else { return Ok(()) };
        for (index, column) in format.columns().iter().enumerate() {
            if index > 0 {
                self.out.write_all(b",")?;
            }
            if let Some(value) = record.named(column.name()) {
                write_cell(&mut self.out, value)?;
            }
        }
        self.out.write_all(b"\n")
    }

    /// Writes the header for records of `format`, unless there is one already.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write_header(&mut self, format: &RecordFormat) -> io::Result<()> {
        if self.format.is_some() {
            return Ok(());
        }
        let names = format.columns().iter().map(|column| column.name().replace('-', "_"));
        writeln!(self.out, "{}", names.collect::<Vec<_>>().join(","))?;
        self.format = Some(format.clone());
        Ok(())
    }

    /// The columns of `format` that the header has no place for.
    pub fn left_out<'f>(&self, format: &'f RecordFormat) -> Vec<&'f str> {
        let Some(written) = &self.format else { return Vec::new() };
        let is_written = |name: &str| written.columns().iter().any(|column| column.name() == name);
        format.columns().iter().map(|column| column.name()).filter(|name| !is_written(name)).collect()
    }

    /// The writer underneath.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }
}

fn write_cell(out: &mut impl Write, value: Value<'_>) -> io::Result<()> {
    match value {
        Value::Text(text) => write_text_cell(out, text),
        other => write!(out, "{other}"),
    }
}

pub(crate) fn write_text_cell(out: &mut impl Write, text: &str) -> io::Result<()> {
    // Spreadsheets run what begins like a formula; an apostrophe before it makes it text again (OWASP, CSV injection).
    let text = plain(text);
    let is_formula = text.starts_with(['=', '+', '-', '@']);
    let guard = if is_formula { "'" } else { "" };
    if text.contains(['"', ',']) {
        write!(out, "\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        write!(out, "{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(lines: &[(&str, &str)]) -> String {
        let mut writer = CsvWriter::new(Vec::new());
        for (format, line) in lines {
            let format: RecordFormat = format.parse().unwrap();
            writer.write(format.parse(line).unwrap().record()).unwrap();
        }
        String::from_utf8(std::mem::take(writer.get_mut())).unwrap()
    }

    #[test]
    fn header_and_rows() {
        let text = csv(&[
            ("interface-id srcaddr bytes action", "eni-1 - 5 ACCEPT"),
            ("action srcaddr extra", "REJECT 10.0.0.1 x"),
        ]);
        assert_eq!(text, "interface_id,srcaddr,bytes,action\neni-1,,5,ACCEPT\n,10.0.0.1,,REJECT\n");
    }

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let text = csv(&[
            ("version action", "2 =cmd|'/c'!A0"),
            ("version action", "2 a,\"b\""),
            ("version action", "2 a\u{1b}[31m"),
        ]);
        assert_eq!(text, "version,action\n2,'=cmd|'/c'!A0\n2,\"a,\"\"b\"\"\"\n2,a\u{fffd}[31m\n");
    }
}
