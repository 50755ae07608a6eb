//! `flowgauge pattern`: what a filter pattern of CloudWatch Logs selects, and what it means.

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use flow_envelope::RejectedEntry;
use flow_output::plain;
use flow_pipeline::{Item, Report, SourceLine};
use flow_query::{FilterPattern, ItemMeaning};
use flow_record::RecordFormat;

use crate::args::{PatternArgs, PatternCommand, PatternTestArgs};
use crate::failure::{Failure, Outcome};
use crate::inputs::{Input, each_item, read_each};
use crate::messages;

/// Items longer than this move what stands beside them.
const WIDEST_ITEM: usize = 40;

/// Runs the command.
pub(crate) fn run(args: &PatternArgs) -> Result<Outcome, Failure> {
    let PatternCommand::Test(args) = &args.command;
    test(args)
}

fn test(args: &PatternTestArgs) -> Result<Outcome, Failure> {
    let pattern = FilterPattern::parse(&args.pattern)
        .map_err(|error| Failure::Pattern { text: args.pattern.clone(), error })?;
    let format = args.input.format();
    messages::unknown_columns(&format);
    let mut test = PatternTest::new(&pattern);
    let outcome = read_each(&args.input.inputs, |input, source| {
        test.report.next_input();
        let read = each_item(source, &format, |item| test.item(&item))?;
        messages::rejects(input, &test.report);
        test.warn_of_other_lines(input);
        Ok(read)
    })?;
    test.out.flush()?;
    if test.explained.is_empty() && !test.has_json {
        test.explain(&format);
    }
    messages::summary(&test.summary());
    Ok(if test.report.unusable > 0 { Outcome::Failed } else { outcome })
}

/// A pattern and what it selected so far.
struct PatternTest<'p> {
    pattern: &'p FilterPattern,
    out: BufWriter<StdoutLock<'static>>,
    is_terminal: bool,
    report: Report,
    read: u64,
    matched: u64,
    /// The formats for whose lines it was told what the pattern means.
    explained: Vec<RecordFormat>,
    /// A JSON pattern was given JSON: there is nothing to say of columns.
    has_json: bool,
    /// Lines of the input at hand that are not in their format.
    other_lines: u64,
    /// The first of them: its number, and why.
    first_other: Option<(u64, String)>,
}

impl<'p> PatternTest<'p> {
    fn new(pattern: &'p FilterPattern) -> Self {
        PatternTest {
            pattern,
            out: BufWriter::with_capacity(64 * 1024, io::stdout().lock()),
            is_terminal: io::stdout().is_terminal(),
            report: Report::default(),
            read: 0,
            matched: 0,
            explained: Vec::new(),
            has_json: false,
            other_lines: 0,
            first_other: None,
        }
    }

    fn item(&mut self, item: &Item<'_>) -> io::Result<()> {
        // Whoever has a JSON pattern has a log of JSON: what is no envelope is a message itself.
        if let Item::Rejected(RejectedEntry { json: Some(message), .. }) = item
            && self.pattern.is_json()
        {
            return self.json(message);
        }
        match self.report.line_of(item) {
            Some(line) if self.pattern.is_json() && line.text.trim_start().starts_with('{') => {
                self.json(line.text)
            }
            Some(line) => self.line(line),
            None => Ok(()),
        }
    }

    fn json(&mut self, message: &str) -> io::Result<()> {
        self.has_json = true;
        self.message(message)
    }

    fn line(&mut self, line: &SourceLine<'_>) -> io::Result<()> {
        if !self.explained.contains(line.format) {
            self.explain(line.format);
        }
        if let Err(error) = line.format.parse(line.text) {
            self.other_lines += 1;
            self.first_other.get_or_insert_with(|| (line.number, error.to_string()));
        }
        self.message(line.text)
    }

    fn message(&mut self, message: &str) -> io::Result<()> {
        self.read += 1;
        if !self.pattern.matches(message) {
            return Ok(());
        }
        self.matched += 1;
        writeln!(self.out, "{}", printed(message, self.is_terminal))
    }

    /// Tells what the pattern means for lines of `format`.
    fn explain(&mut self, format: &RecordFormat) {
        let meaning = self.pattern.meaning(format);
        let columns = messages::count(format.columns().len() as u64, "field", "fields");
        if !meaning.items.is_empty() {
            messages::summary(&format!("a line has {columns}; the pattern's items stand for:"));
        }
        let widest = meaning.items.iter().map(|item| item.item.chars().count()).max().unwrap_or(0);
        let width = widest.min(WIDEST_ITEM);
        for (number, item) in (1..).zip(&meaning.items) {
            messages::summary(&format!("{number:>4}  {:width$}  {}", item.item, landing(item)));
        }
        meaning.warnings.iter().for_each(|warning| messages::warning(&warning.to_string()));
        self.explained.push(format.clone());
    }

    /// Lines of another format than the one that the pattern was explained for: the wrong `--format`, most likely.
    fn warn_of_other_lines(&mut self, input: &Input) {
        let others = std::mem::take(&mut self.other_lines);
        if let Some((number, reason)) = self.first_other.take() {
            let lines = messages::count(others, "line is", "lines are");
            messages::warning(&format!(
                "{}: {lines} not in the format for which the pattern was explained (see --format); line {number}: \
                 {reason}",
                input.name
            ));
        }
    }

    fn summary(&self) -> String {
        let read = messages::count(self.read, "line", "lines");
        let rejected = match self.report.rejected_total() {
            0 => String::new(),
            rejected => format!(", {} rejected", messages::count(rejected, "line", "lines")),
        };
        format!("{} matched of {read}{rejected}", messages::count(self.matched, "line", "lines"))
    }
}

/// Where an item lands, in few words.
fn landing(item: &ItemMeaning) -> Cow<'_, str> {
    match item.columns.as_slice() {
        [] => "no field".into(),
        [column] => column.into(),
        [first, .., last] => format!("{first} to {last} ({} fields)", item.columns.len()).into(),
    }
}

/// A line as it is; on a terminal without what could deceive or disturb who looks at it.
fn printed(line: &str, is_terminal: bool) -> Cow<'_, str> {
    if is_terminal { plain(line) } else { line.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_itself_and_safe_on_a_terminal() {
        let line = "2 eni-\u{1b}[31m\u{202e} OK";
        assert_eq!(printed(line, false), line);
        assert_eq!(printed(line, true), "2 eni-\u{fffd}[31m\u{fffd} OK");
    }
}
