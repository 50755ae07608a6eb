//! Firehose events from records that lie in files, one a line.

use std::fmt::Display;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use flow_envelope::encode::{RecordBuffer, record_of_line};
use flow_envelope::gunzip::{Gunzip, is_gzip};

use crate::args::FirehoseArgs;
use crate::failure::{Failure, Outcome};
use crate::inputs::{Input, inputs};
use crate::messages;

/// The longest line. The largest record, of a Kinesis stream, has 10 MiB before Base64.
const MAX_LINE: u64 = 16 << 20;

/// Runs the command. A line that holds no record is told, and the others go on.
pub(super) fn run(args: &FirehoseArgs) -> Result<Outcome, Failure> {
    let mut events = Events {
        buffer: RecordBuffer::new(args.buffer as usize, args.kinesis),
        out: BufWriter::new(io::stdout().lock()),
        records: 0,
        written: 0,
        outcome: Outcome::Fine,
    };
    for input in inputs(&args.input.inputs) {
        match lines(&input) {
            Ok(source) => events.read(&input, source)?,
            Err(error) => events.fault(&input, &error),
        }
    }
    let last = events.buffer.finish();
    events.write(last)?;
    events.out.flush()?;
    let written = messages::count(events.written, "event", "events");
    let records = messages::count(events.records, "record", "records");
    messages::summary(&format!("{written} of {records}"));
    Ok(events.outcome)
}

/// Firehose compresses what it keeps as it does what it delivers.
fn lines(input: &Input) -> io::Result<Box<dyn BufRead>> {
    let mut source = BufReader::new(input.open()?);
    let is_gzip = is_gzip(source.fill_buf()?);
    Ok(if is_gzip { Box::new(BufReader::new(Gunzip::new(source))) } else { Box::new(source) })
}

/// Records on their way into events.
struct Events {
    buffer: RecordBuffer,
    out: BufWriter<io::StdoutLock<'static>>,
    records: u64,
    written: u64,
    outcome: Outcome,
}

impl Events {
    fn read(&mut self, input: &Input, mut source: Box<dyn BufRead>) -> Result<(), Failure> {
        let mut line = String::new();
        for number in 1_u64.. {
            line.clear();
            match source.by_ref().take(MAX_LINE).read_line(&mut line) {
                Ok(0) => break,
                Ok(_) if line.trim().is_empty() => {}
                Ok(_) => match record_of_line(&line) {
                    Ok(record) => {
                        self.records += 1;
                        let event = self.buffer.add(record);
                        self.write(event)?;
                    }
                    Err(error) => self.fault(input, &format!("line {number}: {error}")),
                },
                Err(error) => {
                    self.fault(input, &format!("line {number}: {error}"));
                    break;
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, event: Option<String>) -> Result<(), Failure> {
        if let Some(event) = event {
            writeln!(self.out, "{event}")?;
            self.written += 1;
        }
        Ok(())
    }

    fn fault(&mut self, input: &Input, fault: &dyn Display) {
        messages::input_failure(input, fault);
        self.outcome = Outcome::Failed;
    }
}
