//! `flowgauge parse`: flow records as JSON or CSV.

use std::io::{self, BufWriter, StdoutLock, Write};

use flow_output::{CsvWriter, write_flat_json};
use flow_pipeline::{Report, SourceLine};
use flow_record::{FlowRecord, Line, RecordBuffer, RecordFormat};

use crate::args::{ParseArgs, RecordOutput};
use crate::failure::{Failure, Outcome};
use crate::inputs::{Input, each_item, read_each};
use crate::messages;

/// Runs the command.
pub(crate) fn run(args: &ParseArgs) -> Result<Outcome, Failure> {
    let format = args.input.format();
    messages::unknown_columns(&format);
    let (mut printer, mut buffer) = (Printer::new(args), RecordBuffer::default());
    let outcome = read_each(&args.input.inputs, |input, source| {
        printer.report.next_input();
        let read = each_item(source, &format, |item| match printer.report.line_of(&item) {
            Some(line) => printer.line(line, &mut buffer),
            None => Ok(()),
        })?;
        messages::rejects(input, &printer.report);
        printer.warn_of_left_out(input);
        Ok(read)
    })?;
    printer.out.finish(&format)?;
    messages::summary(&printer.summary());
    Ok(if printer.report.unusable > 0 { Outcome::Failed } else { outcome })
}

/// Prints records and counts them.
struct Printer<'a> {
    out: Output,
    args: &'a ParseArgs,
    report: Report,
    /// Columns of the input at hand that the CSV header has no place for.
    left_out: Vec<String>,
    buffer: Vec<u8>,
}

enum Output {
    Json(BufWriter<StdoutLock<'static>>),
    Csv(CsvWriter<BufWriter<StdoutLock<'static>>>),
}

impl Output {
    /// Ends the output; CSV has its header even without a record.
    fn finish(&mut self, format: &RecordFormat) -> io::Result<()> {
        match self {
            Output::Json(out) => out.flush(),
            Output::Csv(writer) => {
                writer.write_header(format)?;
                writer.get_mut().flush()
            }
        }
    }
}

impl<'a> Printer<'a> {
    fn new(args: &'a ParseArgs) -> Self {
        let out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        let out = match args.output {
            RecordOutput::Json => Output::Json(out),
            RecordOutput::Csv => Output::Csv(CsvWriter::new(out)),
        };
        Printer { out, args, report: Report::default(), left_out: Vec::new(), buffer: Vec::new() }
    }

    fn line(&mut self, source: &SourceLine<'_>, buffer: &mut RecordBuffer) -> io::Result<()> {
        match source.format.parse_into(source.text, buffer) {
            Ok(line) => {
                self.report.lines.add(&line);
                if self.args.all || matches!(line, Line::Flow(_)) {
                    return self.record(line.record());
                }
            }
            Err(error) => self.report.reject(error.kind().name(), source.number, || error.to_string()),
        }
        Ok(())
    }

    fn record(&mut self, record: &FlowRecord<'_>) -> io::Result<()> {
        match &mut self.out {
            Output::Json(out) => {
                self.buffer.clear();
                write_flat_json(&mut self.buffer, record);
                self.buffer.push(b'\n');
                out.write_all(&self.buffer)
            }
            Output::Csv(writer) => {
                writer.write(record)?;
                if self.left_out.is_empty() {
                    self.left_out = writer.left_out(record.format()).into_iter().map(str::to_owned).collect();
                }
                Ok(())
            }
        }
    }

    fn warn_of_left_out(&mut self, input: &Input) {
        let left_out = std::mem::take(&mut self.left_out);
        if !left_out.is_empty() {
            let names = left_out.join(", ");
            let text =
                format!("{}: not in the CSV's header, left out: {names} (use --output json)", input.name);
            messages::warning(&text);
        }
    }

    fn summary(&self) -> String {
        let lines = self.report.lines;
        let hidden = if self.args.all { 0 } else { lines.no_data + lines.skip_data };
        let note = if hidden > 0 { "; NODATA and SKIPDATA lines are printed with --all" } else { "" };
        format!("{}{note}", messages::counts(&self.report))
    }
}
