//! `flowgauge event`: Lambda events from flow log lines.

use std::cell::OnceCell;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;

use flow_enrich::{EnrichedFlow, Tables};
use flow_envelope::Limits;
use flow_envelope::encode::{EncodeError, EncodeLimits, LogStream, SubscriptionEncoder};
use flow_pipeline::{Item, Report, SourceLine, account_of, read_lines};
use flow_record::{Field, RecordFormat};

use crate::args::{EventArgs, EventCommand, SubscriptionArgs};
use crate::failure::{Failure, Outcome};
use crate::inputs::inputs;
use crate::messages;

/// The owner of lines that name no account.
const NO_ACCOUNT: &str = "000000000000";

/// Lines are encoded when this many bytes of them are held.
const HELD_BYTES: usize = 8 * 1024 * 1024;

/// Runs the command.
pub(crate) fn run(args: &EventArgs) -> Result<Outcome, Failure> {
    let EventCommand::Subscription(args) = &args.command;
    let format = args.input.format();
    let owner = OnceCell::new();
    let mut events = Events::new(args, &owner);
    let mut outcome = Outcome::Fine;
    for input in inputs(&args.input.inputs) {
        let before = events.report.clone();
        let read = match input.open() {
            Ok(source) => events.take_all(source, &format)?,
            Err(error) => Err(flow_envelope::ReadError::Io { line: 0, error }),
        };
        if let Err(error) = read {
            messages::input_failure(&input, &error);
            outcome = Outcome::Failed;
        }
        messages::rejects(&input, &events.report, &before);
    }
    events.encode()?;
    events.out.flush()?;
    let written = messages::count(events.written, "event", "events");
    messages::summary(&format!("{written} of {}", messages::counts(&events.report)));
    Ok(if events.report.unusable > 0 { Outcome::Failed } else { outcome })
}

/// Lines on their way into events. Lines that are no records go in too: the function has to cope with them.
struct Events<'a> {
    args: &'a SubscriptionArgs,
    out: BufWriter<io::StdoutLock<'static>>,
    /// The account of the first record that names one.
    owner: &'a OnceCell<String>,
    encoder: Option<SubscriptionEncoder<'a>>,
    held: Vec<(i64, String)>,
    held_bytes: usize,
    /// The time of the line before, for lines that have none.
    last_time: i64,
    tables: Tables,
    report: Report,
    written: u64,
}

impl<'a> Events<'a> {
    fn new(args: &'a SubscriptionArgs, owner: &'a OnceCell<String>) -> Self {
        Events {
            args,
            out: BufWriter::new(io::stdout().lock()),
            owner,
            encoder: None,
            held: Vec::new(),
            held_bytes: 0,
            last_time: 0,
            tables: Tables::default(),
            report: Report::default(),
            written: 0,
        }
    }

    fn take_all(
        &mut self,
        source: impl io::Read,
        format: &RecordFormat,
    ) -> Result<Result<flow_envelope::Summary, flow_envelope::ReadError>, Failure> {
        let mut encoded = Ok(());
        let read = read_lines(source, format, &Limits::default(), &mut |item| {
            encoded = self.take(item);
            if encoded.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        encoded.map(|()| read)
    }

    fn take(&mut self, item: Item<'_>) -> Result<(), Failure> {
        match item {
            Item::Line(line) => return self.line(&line),
            Item::BadHeader { number, error } => {
                self.report.reject("bad_header", number, || error.to_string());
            }
            Item::ControlMessage => self.report.control_messages += 1,
            Item::Rejected(rejected) => self.report.reject_entry(&rejected),
            Item::EventStart { .. } | Item::EventEnd | Item::Header(_) => {}
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
                    EnrichedFlow { record: line.record(), origin: source.origin, tables: &self.tables };
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
        if self.held_bytes >= HELD_BYTES { self.encode() } else { Ok(()) }
    }

    /// Writes what is held as events. A line that fits into no event is counted as rejected.
    fn encode(&mut self) -> Result<(), Failure> {
        let (args, owner) = (self.args, self.owner);
        let encoder = self.encoder.get_or_insert_with(|| {
            let stream = LogStream {
                owner: owner.get_or_init(|| NO_ACCOUNT.to_owned()),
                log_group: &args.log_group,
                log_stream: &args.log_stream,
                subscription_filter: "flowgauge",
            };
            SubscriptionEncoder::new(stream, EncodeLimits::default())
        });
        let events = loop {
            match encoder.encode(&self.held) {
                Ok(events) => break events,
                Err(error @ EncodeError::LineTooLarge { index, .. }) => {
                    self.held.remove(index);
                    self.report.reject("too_large_for_an_event", 0, || error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        };
        for event in events {
            writeln!(self.out, "{event}")?;
            self.written += 1;
        }
        self.held.clear();
        self.held_bytes = 0;
        Ok(())
    }
}
