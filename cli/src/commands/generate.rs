//! `flowgauge generate`: flow logs of a network that does not exist.

use std::fs::File;
use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::Path;

use flow_generate::{Batches, EventEncoder, Family, Label, Record, Settings, Traffic};
use flow_record::RecordFormat;

use crate::args::{GenerateArgs, TrafficOutput};
use crate::failure::{Failure, Outcome};
use crate::messages;
use crate::shell::quoted;

/// How long traffic is if nothing says it, in seconds.
const HOUR: u64 = 3600;

/// The most lines of an event, and how many seconds of them: flow logs are delivered about every five minutes.
const EVENT_LINES: usize = 10_000;
const EVENT_SECONDS: u64 = 300;

const LOG_GROUP: &str = "/aws/vpc/flowlogs";

/// Runs the command.
pub(crate) fn run(args: &GenerateArgs) -> Result<Outcome, Failure> {
    messages::unknown_columns(&args.format);
    let settings = settings(args);
    // A file that can't be written is told before the work, not after it.
    let labels = args.labels.as_deref().map(|path| create(path).map(|file| (path, file))).transpose()?;
    let mut traffic = Traffic::new(&settings);
    let most = usize::try_from(args.records.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let records = match args.output {
        TrafficOutput::Lines => print_lines(&mut out, &mut traffic, most, &args.format)?,
        TrafficOutput::Events => print_events(&mut out, &mut traffic, most, &args.format)?,
    };
    out.flush()?;
    let played: Vec<Label> = traffic.labels().cloned().collect();
    if let Some((path, file)) = labels {
        write_labels(file, &played).map_err(|error| Failure::Write { path: path.to_owned(), error })?;
    }
    tell(args, &settings, &played, records);
    Ok(Outcome::Fine)
}

fn settings(args: &GenerateArgs) -> Settings {
    let unfit = args.scenario.iter().filter(|scenario| !scenario.fits(&args.format));
    for scenario in unfit {
        let text =
            format!("no field of the format shows `{}`: left out (use a transit gateway's)", scenario.name);
        messages::warning(&text);
    }
    Settings {
        seed: args.seed,
        interfaces: args.interfaces,
        start: args.start,
        duration: if args.records.is_some() { None } else { Some(args.duration.unwrap_or(HOUR)) },
        aggregation: args.aggregation.into(),
        scenarios: args.scenario.iter().copied().filter(|scenario| scenario.fits(&args.format)).collect(),
        family: if args.ipv6 { Family::V6 } else { Family::V4 },
        ..Settings::default()
    }
}

fn create(path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|error| Failure::Write { path: path.to_owned(), error })
}

/// How many records were printed.
fn print_lines(
    out: &mut BufWriter<StdoutLock<'_>>,
    traffic: &mut Traffic,
    most: usize,
    format: &RecordFormat,
) -> io::Result<u64> {
    if *format != RecordFormat::default() {
        let names: Vec<_> = format.columns().iter().map(|column| column.name()).collect();
        writeln!(out, "{}", names.join(" "))?;
    }
    let mut records = 0;
    for record in traffic.take(most) {
        writeln!(out, "{}", record.display(format))?;
        records += 1;
    }
    Ok(records)
}

fn print_events(
    out: &mut BufWriter<StdoutLock<'_>>,
    traffic: &mut Traffic,
    most: usize,
    format: &RecordFormat,
) -> Result<u64, Failure> {
    let interfaces = traffic.interfaces().to_vec();
    let mut encoder = EventEncoder::new(&interfaces, LOG_GROUP);
    let mut records = 0;
    let counted = traffic.take(most).inspect(|_: &Record| records += 1);
    for batch in Batches::new(counted, format.clone(), EVENT_LINES, EVENT_SECONDS) {
        for event in encoder.encode(&batch)? {
            writeln!(out, "{event}")?;
        }
    }
    if *format != RecordFormat::default() {
        let format = quoted(&format.to_string());
        messages::warning(&format!("events carry no header, read them with --format {format}"));
    }
    Ok(records)
}

fn write_labels(file: File, labels: &[Label]) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    for label in labels {
        writeln!(out, "{}", label.to_json())?;
    }
    out.flush()
}

fn tell(args: &GenerateArgs, settings: &Settings, played: &[Label], records: u64) {
    for scenario in &settings.scenarios {
        if !played.iter().any(|label| label.scenario == scenario.name) {
            messages::warning(&format!("`{}` begins after the last record: print more", scenario.name));
        }
    }
    let records = messages::count(records, "record", "records");
    let interfaces = messages::count(args.interfaces as u64, "interface", "interfaces");
    let scenarios = match played.len() {
        0 => String::new(),
        number => format!(", {}", messages::count(number as u64, "scenario", "scenarios")),
    };
    messages::summary(&format!("{records} of {interfaces}{scenarios}"));
}
