//! `flowgauge event`: Lambda events from flow log lines, or from records.

mod records;

use std::cell::OnceCell;
use std::io::{self, BufWriter, Write};

use flow_enrich::{EnrichedFlow, Tables};
use flow_envelope::encode::{EncodeError, EncodeLimits, FirehoseEncoder, LogStream, SubscriptionEncoder};
use flow_pipeline::{Item, Report, SourceLine, account_of};
use flow_record::{Field, RecordFormat};

use crate::args::{EventArgs, EventCommand, FirehoseArgs, LogStreamArgs};
use crate::failure::{Failure, Outcome};
use crate::inputs::{Input, each_item, read_each};
use crate::messages;
use crate::shell::quoted;

/// The owner of lines that name no account.
const NO_ACCOUNT: &str = "000000000000";

/// Lines are encoded when this many bytes of them are held.
const HELD_BYTES: usize = 8 * 1024 * 1024;

/// Runs the command.
pub(crate) fn run(args: &EventArgs) -> Result<Outcome, Failure> {
    let (input, stream, target) = match &args.command {
        EventCommand::Firehose(args) if args.from_records => return records::run(args),
        EventCommand::Subscription(args) => (&args.input, &args.stream, Target::Subscription),
        EventCommand::Firehose(args) => (&args.input, &args.stream, Target::Firehose(args)),
    };
    let format = input.format();
    messages::unknown_columns(&format);
    let owner = OnceCell::new();
    let mut events = Events::new(stream, target, &owner);
    let outcome = read_each(&input.inputs, |input, source| {
        events.report.next_input();
        let read = each_item(source, &format, |item| events.take(item))?;
        events.encode()?;
        messages::rejects(input, &events.report);
        events.warn_of_header(input);
        Ok(read)
    })?;
    events.out.flush()?;
    let written = messages::count(events.written, "event", "events");
    messages::summary(&format!("{written} of {}", messages::counts(&events.report)));
    Ok(if events.report.unusable > 0 { Outcome::Failed } else { outcome })
}

/// What is to be invoked with the events.
#[derive(Clone, Copy)]
enum Target<'a> {
    Subscription,
    Firehose(&'a FirehoseArgs),
}

enum Encoder<'a> {
    Subscription(SubscriptionEncoder<'a>),
    Firehose(FirehoseEncoder<'a>),
}

impl<'a> Encoder<'a> {
    fn new(stream: LogStream<'a>, target: Target<'_>) -> Self {
        let Target::Firehose(args) = target else {
            return Encoder::Subscription(SubscriptionEncoder::new(stream, EncodeLimits::default()));
        };
        let mut encoder = FirehoseEncoder::new(stream, args.shape);
        (encoder.lines, encoder.buffer) = (args.lines as usize, args.buffer as usize);
        encoder.from_kinesis = args.kinesis;
        Encoder::Firehose(encoder)
    }

    fn encode(&mut self, lines: &[(i64, String)]) -> Result<Vec<String>, EncodeError> {
        match self {
            Encoder::Subscription(encoder) => encoder.encode(lines),
            Encoder::Firehose(encoder) => Ok(encoder.encode(lines)),
        }
    }
}

/// Lines on their way into events. Lines that are no records go in too: the function has to cope with them.
struct Events<'a> {
    stream: &'a LogStreamArgs,
    target: Target<'a>,
    out: BufWriter<io::StdoutLock<'static>>,
    /// The account of the first record that names one.
    owner: &'a OnceCell<String>,
    encoder: Option<Encoder<'a>>,
    held: Vec<(i64, String)>,
    /// The numbers of the lines held.
    held_numbers: Vec<u64>,
    held_bytes: usize,
    /// The time of the line before, for lines that have none.
    last_time: i64,
    /// The format that the header of the input at hand says its lines are in.
    header: Option<String>,
    tables: Tables,
    report: Report,
    written: u64,
}

impl<'a> Events<'a> {
    fn new(stream: &'a LogStreamArgs, target: Target<'a>, owner: &'a OnceCell<String>) -> Self {
        Events {
            stream,
            target,
            out: BufWriter::new(io::stdout().lock()),
            owner,
            encoder: None,
            held: Vec::new(),
            held_numbers: Vec::new(),
            held_bytes: 0,
            last_time: 0,
            header: None,
            tables: Tables::default(),
            report: Report::default(),
            written: 0,
        }
    }

    fn take(&mut self, item: Item<'_>) -> Result<(), Failure> {
        match item {
            Item::Line(line) => return self.line(&line),
            Item::BadHeader { number, error } => {
                self.report.reject("bad_header", number, || error.to_string());
            }
            Item::ControlMessage => self.report.control_messages += 1,
            Item::Rejected(rejected) => self.report.reject_entry(&rejected),
            Item::Header(format) => self.header = Some(format.to_string()),
            Item::EventStart { .. } | Item::EventEnd => {}
        }
        Ok(())
    }

    fn line(&mut self, source: &SourceLine<'_>) -> Result<(), Failure> {
        let mut account = source.origin.account;
        let mut time = source.origin.timestamp;
        match source.format.parse(source.text) {
            Ok(line) => {
                self.report.lines.add(&line);
                let flow =
                    EnrichedFlow { record: line.record(), origin: &source.origin, tables: &self.tables };
                time = flow.timestamp();
                account = account.or_else(|| line.record().text(Field::AccountId).and_then(account_of));
            }
            Err(error) => self.report.reject(error.kind().name(), source.number, || error.to_string()),
        }
        if let Some(account) = account {
            self.owner.get_or_init(|| account.to_owned());
        }
        self.last_time = time.unwrap_or(self.last_time);
        self.held_bytes += source.text.len();
        self.held.push((self.last_time, source.text.to_owned()));
        self.held_numbers.push(source.number);
        if self.held_bytes >= HELD_BYTES { self.encode() } else { Ok(()) }
    }

    /// Writes what is held as events. A line that fits into no event is counted as rejected.
    fn encode(&mut self) -> Result<(), Failure> {
        let (args, target, owner) = (self.stream, self.target, self.owner);
        let encoder = self.encoder.get_or_insert_with(|| {
            let stream = LogStream {
                owner: owner.get_or_init(|| NO_ACCOUNT.to_owned()),
                log_group: &args.log_group,
                log_stream: &args.log_stream,
                subscription_filter: "flowgauge",
            };
            Encoder::new(stream, target)
        });
        let events = loop {
            match encoder.encode(&self.held) {
                Ok(events) => break events,
                Err(EncodeError::LineTooLarge { index, found, limit }) => {
                    self.held.remove(index);
                    let number = self.held_numbers.remove(index);
                    let reason = || format!("makes an event of {found} bytes, expected at most {limit}");
                    self.report.reject("too_large_for_an_event", number, reason);
                }
                Err(error) => return Err(error.into()),
            }
        };
        for event in events {
            writeln!(self.out, "{event}")?;
            self.written += 1;
        }
        self.held.clear();
        self.held_numbers.clear();
        self.held_bytes = 0;
        Ok(())
    }

    /// Events have no header: who reads them must be told the format.
    fn warn_of_header(&mut self, input: &Input) {
        if let Some(format) = self.header.take()
            && format != RecordFormat::default().to_string()
        {
            let (name, format) = (&input.name, quoted(&format));
            let text = format!("{name}: its events carry no header, read them with --format {format}");
            messages::warning(&text);
        }
    }
}
