//! Rows of an answer as a table, as JSON, as CSV.

use std::io::{self, BufWriter, StdoutLock, Write};

use flow_output::{plain, write_csv_names, write_csv_row, write_row_json};
use flow_query::{AnswerRow, Column, Type};
use unicode_width::UnicodeWidthStr;

use crate::args::RowOutput;
use crate::table::write_cells;

/// Rows that a table is laid out by: later ones may be wider than their columns.
const LAID_OUT: usize = 1000;

/// Writes rows to standard output as they come.
pub(super) struct Printer<'c> {
    out: BufWriter<StdoutLock<'static>>,
    output: RowOutput,
    columns: &'c [Column],
    /// Of a table: cells that wait for its layout.
    waiting: Vec<Vec<String>>,
    /// Of a table: the columns' widths, once it is laid out.
    widths: Option<Vec<usize>>,
    rows: u64,
}

impl<'c> Printer<'c> {
    pub(super) fn new(output: RowOutput, columns: &'c [Column]) -> Self {
        let out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        Printer { out, output, columns, waiting: Vec::new(), widths: None, rows: 0 }
    }

    /// How many rows were written.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn row(&mut self, row: &AnswerRow) -> io::Result<()> {
        self.rows += 1;
        match self.output {
            RowOutput::Json => write_row_json(&mut self.out, self.columns, row),
            RowOutput::Csv => {
                if self.rows == 1 {
                    self.csv_header()?;
                }
                write_csv_row(&mut self.out, self.columns, row)
            }
            RowOutput::Table => {
                let shown =
                    self.columns.iter().zip(row).map(|(column, value)| column.show(value).to_string());
                let cells: Vec<_> = shown.map(|cell| plain(&cell).into_owned()).collect();
                self.table_row(cells)
            }
        }
    }

    /// Ends the output; a table and CSV have their header even without a row.
    pub(super) fn finish(mut self) -> io::Result<()> {
        match self.output {
            RowOutput::Csv if self.rows == 0 => self.csv_header()?,
            RowOutput::Table => self.lay_out()?,
            _ => {}
        }
        self.out.flush()
    }

    fn csv_header(&mut self) -> io::Result<()> {
        write_csv_names(&mut self.out, self.columns)
    }

    fn table_row(&mut self, cells: Vec<String>) -> io::Result<()> {
        let is_number = is_number(self.columns);
        if let Some(widths) = &self.widths {
            return write_cells(&mut self.out, &cells, widths, is_number);
        }
        self.waiting.push(cells);
        if self.waiting.len() >= LAID_OUT || self.output.is_watched() && self.waiting.len() >= 100 {
            self.lay_out()?;
        }
        Ok(())
    }

    /// Decides the widths of columns, and writes what waited for that.
    fn lay_out(&mut self) -> io::Result<()> {
        if self.widths.is_some() {
            return Ok(());
        }
        let names: Vec<_> = self.columns.iter().map(|column| plain(&column.name).into_owned()).collect();
        let waiting = std::mem::take(&mut self.waiting);
        let width = |place: usize| {
            let cells = waiting.iter().chain([&names]).filter_map(|cells| cells.get(place));
            cells.map(|cell| cell.width()).max().unwrap_or_default()
        };
        let widths: Vec<_> = (0..names.len()).map(width).collect();
        let rules: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let is_number = is_number(self.columns);
        write_cells(&mut self.out, &names, &widths, is_number)?;
        write_cells(&mut self.out, &rules, &widths, is_number)?;
        for cells in &waiting {
            write_cells(&mut self.out, cells, &widths, is_number)?;
        }
        self.widths = Some(widths);
        Ok(())
    }
}

/// Whether the column at a place holds numbers.
fn is_number(columns: &[Column]) -> impl Fn(usize) -> bool + Copy {
    move |place| columns.get(place).is_some_and(|column| matches!(column.kind, Type::Integer | Type::Float))
}
