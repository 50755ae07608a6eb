//! Records as rows of CSV (RFC 4180). Times are Unix seconds, what is absent is an empty cell.

use flow_enrich::EnrichedFlow;
use flow_record::RecordFormat;

use super::Marks;
use super::selection::RecordKey;
use crate::cell::text_cell;
use crate::scalar::Scalar;

/// Writes rows.
#[derive(Debug, Clone)]
pub(super) struct CsvRows {
    columns: Columns,
}

/// What the columns of a row are.
#[derive(Debug, Clone)]
enum Columns {
    /// What was chosen.
    Chosen(Box<[RecordKey]>),
    /// Those of a format, whatever that of the record is.
    Of(RecordFormat),
    /// Those of the record's own format.
    Own,
}

impl CsvRows {
    pub(super) fn new(chosen: Option<&[RecordKey]>) -> Self {
        CsvRows { columns: chosen.map_or(Columns::Own, |chosen| Columns::Chosen(chosen.into())) }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>, flow: &EnrichedFlow<'_>, marks: &Marks) {
        let record = flow.record;
        match &self.columns {
            Columns::Chosen(keys) => write_row(out, keys.iter().map(|key| key.value(flow, marks))),
            Columns::Own => {
                let columns = 0..record.format().columns().len();
                write_row(out, columns.map(|index| record.column(index).into()));
            }
            Columns::Of(format) => {
                write_row(out, format.columns().iter().map(|column| record.named(column.name()).into()));
            }
        }
    }

    pub(super) fn write_header(&mut self, out: &mut Vec<u8>, format: &RecordFormat) {
        match &self.columns {
            Columns::Chosen(keys) => write_row(out, keys.iter().map(|key| key.json_key().into())),
            Columns::Own | Columns::Of(_) => {
                write_row(out, format.columns().iter().map(|column| column.name().replace('-', "_").into()));
                self.columns = Columns::Of(format.clone());
            }
        }
        out.push(b'\n');
    }

    pub(super) fn left_out<'f>(&self, format: &'f RecordFormat) -> Vec<&'f str> {
        let Columns::Of(written) = &self.columns else { return Vec::new() };
        let is_written = |name: &str| written.columns().iter().any(|column| column.name() == name);
        format.columns().iter().map(|column| column.name()).filter(|name| !is_written(name)).collect()
    }
}

fn write_row<'v>(out: &mut Vec<u8>, values: impl Iterator<Item = Scalar<'v>>) {
    for (place, value) in values.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        match value {
            Scalar::Absent => {}
            Scalar::Number(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            Scalar::Boolean(is_so) => out.push(b'0' + u8::from(is_so)),
            Scalar::Text(text) => out.extend_from_slice(text_cell(&text).as_bytes()),
        }
    }
}
