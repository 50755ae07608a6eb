//! `flowgauge explain`: what records mean, as a person would tell it.

use std::ffi::OsStr;
use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::PathBuf;

use flow_enrich::{EnrichedFlow, Tables};
use flow_output::Explainer;
use flow_pipeline::{Report, SourceLine};
use jiff::tz::TimeZone;

use super::detect::{language, networks};
use crate::args::ExplainArgs;
use crate::environment::environment;
use crate::failure::{Failure, Outcome};
use crate::inputs::{Input, each_item, read_each};
use crate::messages;

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs) -> Result<Outcome, Failure> {
    let format = args.format.clone().unwrap_or_default();
    messages::unknown_columns(&format);
    let (lines, files): (Vec<_>, Vec<_>) = args.inputs.iter().partition(|input| is_line(input));
    let mut teller = Teller {
        out: BufWriter::with_capacity(64 * 1024, io::stdout().lock()),
        explainer: Explainer::new(language(args.lang), zone()),
        tables: Tables { networks: networks(args.networks.as_deref())? },
        report: Report::default(),
        is_first: true,
    };
    let mut read = |input: &Input, source: &mut dyn io::Read| {
        teller.report.next_input();
        let read = each_item(source, &format, |item| match teller.report.line_of(&item) {
            Some(line) => teller.line(line),
            None => Ok(()),
        })?;
        let last = teller.explainer.finish();
        teller.tell(last)?;
        messages::rejects(input, &teller.report);
        Ok::<_, Failure>(read)
    };
    let mut outcome = Outcome::Fine;
    if !lines.is_empty() {
        let text: Vec<_> = lines.iter().map(|line| line.as_os_str().as_encoded_bytes()).collect();
        let input = Input::of_arguments();
        if let Err(error) = read(&input, &mut text.join(&b'\n').as_slice())? {
            messages::input_failure(&input, &error);
            outcome = Outcome::Failed;
        }
    }
    if lines.is_empty() || !files.is_empty() {
        let files: Vec<PathBuf> = files.into_iter().cloned().collect();
        let ended = read_each(&files, |input, mut source| read(input, &mut source))?;
        outcome = if ended == Outcome::Fine { outcome } else { ended };
    }
    teller.out.flush()?;
    let is_bad = teller.report.unusable > 0 || teller.report.lines.total() == 0;
    Ok(if is_bad { Outcome::Failed } else { outcome })
}

/// That of the variable TZ, else of this machine. One that does not exist is UTC, and that is told.
fn zone() -> TimeZone {
    TimeZone::try_system().unwrap_or_else(|_| {
        if let Some(name) = environment("TZ") {
            messages::warning(&format!("`TZ={name}` is no known time zone: times are in UTC"));
        }
        TimeZone::UTC
    })
}

/// Whether an argument is a line: it has columns, and no file is called so.
fn is_line(argument: &PathBuf) -> bool {
    let text = OsStr::new(argument).as_encoded_bytes();
    text.trim_ascii().contains(&b' ') && !argument.exists()
}

struct Teller {
    out: BufWriter<StdoutLock<'static>>,
    explainer: Explainer,
    tables: Tables,
    report: Report,
    is_first: bool,
}

impl Teller {
    fn line(&mut self, source: &SourceLine<'_>) -> io::Result<()> {
        let line = match source.format.parse(source.text) {
            Ok(line) => line,
            Err(error) => {
                self.report.reject(error.kind().name(), source.number, || error.to_string());
                return Ok(());
            }
        };
        self.report.lines.add(&line);
        let flow = EnrichedFlow { record: line.record(), origin: &source.origin, tables: &self.tables };
        let before = self.explainer.add(&line, &flow);
        self.tell(before)
    }

    /// Prints a paragraph.
    fn tell(&mut self, text: Option<String>) -> io::Result<()> {
        let Some(text) = text else { return Ok(()) };
        if !std::mem::replace(&mut self.is_first, false) {
            writeln!(self.out)?;
        }
        self.out.write_all(text.as_bytes())
    }
}
