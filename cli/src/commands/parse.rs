//! `flowgauge parse`: flow records as JSON, in others' schemas, as CSV or as they are.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use flow_enrich::{EnrichedFlow, Tables};
use flow_output::{Marks, RecordEncoder, RecordEncoding, plain};
use flow_pipeline::{Report, SourceLine};
use flow_record::{FlowRecord, Line, RecordBuffer, RecordFormat};

use super::detect::networks;
use crate::args::ParseArgs;
use crate::failure::{Failure, Outcome};
use crate::inputs::{Input, each_item, read_each};
use crate::messages;

/// Runs the command.
pub(crate) fn run(args: &ParseArgs) -> Result<Outcome, Failure> {
    let format = args.input.format();
    messages::unknown_columns(&format);
    let encoder = RecordEncoder::new(args.output.encoding(), args.fields.as_deref())?;
    let tables = Tables { networks: networks(args.networks.as_deref())? };
    let mut printer = Printer::new(encoder, &tables, args.all);
    let mut buffer = RecordBuffer::default();
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
    printer.finish(&format)?;
    messages::summary(&printer.summary());
    Ok(if printer.report.unusable > 0 { Outcome::Failed } else { outcome })
}

/// Prints records and counts them.
struct Printer<'a> {
    out: BufWriter<StdoutLock<'static>>,
    encoder: RecordEncoder,
    tables: &'a Tables,
    /// Whether NODATA and SKIPDATA are printed too.
    all: bool,
    has_header: bool,
    /// Whether lines are printed as they were read, to a terminal.
    is_for_a_terminal: bool,
    report: Report,
    /// Columns of the input at hand that the CSV header has no place for.
    left_out: Vec<String>,
    encoded: Vec<u8>,
}

impl<'a> Printer<'a> {
    fn new(encoder: RecordEncoder, tables: &'a Tables, all: bool) -> Self {
        let is_for_a_terminal = encoder.encoding() == RecordEncoding::Text && io::stdout().is_terminal();
        Printer {
            out: BufWriter::with_capacity(64 * 1024, io::stdout().lock()),
            encoder,
            tables,
            all,
            has_header: false,
            is_for_a_terminal,
            report: Report::default(),
            left_out: Vec::new(),
            encoded: Vec::new(),
        }
    }

    fn line(&mut self, source: &SourceLine<'_>, buffer: &mut RecordBuffer) -> io::Result<()> {
        match source.format.parse_into(source.text, buffer) {
            Ok(line) => {
                self.report.lines.add(&line);
                if self.all || matches!(line, Line::Flow(_)) {
                    return self.record(line.record(), source);
                }
            }
            Err(error) => self.report.reject(error.kind().name(), source.number, || error.to_string()),
        }
        Ok(())
    }

    fn record(&mut self, record: &FlowRecord<'_>, source: &SourceLine<'_>) -> io::Result<()> {
        self.header(record.format())?;
        self.encoded.clear();
        let flow = EnrichedFlow { record, origin: &source.origin, tables: self.tables };
        self.encoder.write(&mut self.encoded, &flow, &Marks::default());
        if self.left_out.is_empty() {
            self.left_out = self.encoder.left_out(record.format()).into_iter().map(str::to_owned).collect();
        }
        self.print()
    }

    /// Prints the header of CSV, once.
    fn header(&mut self, format: &RecordFormat) -> io::Result<()> {
        if std::mem::replace(&mut self.has_header, true) {
            return Ok(());
        }
        self.encoded.clear();
        self.encoder.write_header(&mut self.encoded, format);
        self.print()
    }

    /// Prints what is encoded. Only the line as it was read can hold what deceives or disturbs who looks at a terminal.
    fn print(&mut self) -> io::Result<()> {
        if self.is_for_a_terminal {
            let text = String::from_utf8_lossy(&self.encoded);
            return self
                .out
                .write_all(text.lines().map(|line| plain(line) + "\n").collect::<String>().as_bytes());
        }
        self.out.write_all(&self.encoded)
    }

    /// Ends the output; CSV has its header even without a record.
    fn finish(&mut self, format: &RecordFormat) -> io::Result<()> {
        self.header(format)?;
        self.out.flush()
    }

    fn warn_of_left_out(&mut self, input: &Input) {
        let left_out = std::mem::take(&mut self.left_out);
        if !left_out.is_empty() {
            let names = left_out.join(", ");
            let text =
                format!("{}: not in the CSV's header, left out: {names} (use --output flat)", input.name);
            messages::warning(&text);
        }
    }

    fn summary(&self) -> String {
        let lines = self.report.lines;
        let hidden = if self.all { 0 } else { lines.no_data + lines.skip_data };
        let note = if hidden > 0 { "; NODATA and SKIPDATA lines are printed with --all" } else { "" };
        format!("{}{note}", messages::counts(&self.report))
    }
}
