//! What is told on standard error: counts, rejected lines, failures.

use std::fmt::Arguments;
use std::io::Write;

use anstyle::{AnsiColor, Style};
use flow_output::{group_digits, plain, plain_lines};
use flow_pipeline::Report;
use flow_query::nearest;
use flow_record::{Field, RecordFormat};

use crate::failure::Failure;
use crate::inputs::Input;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Writes a line to standard error. When nobody can be told, there is nobody to tell that either.
fn tell(text: Arguments<'_>) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Something that ends a command.
pub(crate) fn failure(failure: &Failure) {
    // A mistake in a rule file is shown with its line and a caret under it: lines stay lines.
    tell(format_args!("{ERROR}error{ERROR:#}: {}", plain_lines(&failure.to_string())));
}

/// Something that went wrong while the others go on.
pub(crate) fn error(text: &str) {
    tell(format_args!("{ERROR}error{ERROR:#}: {}", plain(text)));
}

/// Something that went wrong with one input while the others go on.
pub(crate) fn input_failure(input: &Input, error: &dyn std::fmt::Display) {
    tell(format_args!("{ERROR}error{ERROR:#}: {}: {}", plain(&input.name), plain(&error.to_string())));
}

/// Something to know that is no failure.
pub(crate) fn warning(text: &str) {
    tell(format_args!("{WARNING}warning{WARNING:#}: {}", plain(text)));
}

/// The same, with the place that it is about.
pub(crate) fn warning_at(text: &str, place: &str) {
    tell(format_args!("{WARNING}warning{WARNING:#}: {}\n{}", plain(text), plain_lines(place)));
}

/// Columns of a format that may be misspelt: they are kept as text.
pub(crate) fn unknown_columns(format: &RecordFormat) {
    for name in format.unknown_columns() {
        let known = Field::ALL.iter().map(|field| field.name());
        let hint = nearest(name, known).map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
        warning(&format!("`{name}` is no known field{hint}: kept as text"));
    }
}

/// Counts, in one line.
pub(crate) fn summary(text: &str) {
    tell(format_args!("{}", plain(text)));
}

/// What of `input`, the one read last, was rejected: the first few places with their reasons.
pub(crate) fn rejects(input: &Input, report: &Report) {
    let unusable = report.unusable_samples.iter().map(|sample| (ERROR, "error", sample));
    let rejected = report.reject_samples.iter().map(|sample| (WARNING, "rejected", sample));
    for (style, label, sample) in unusable.chain(rejected) {
        let (name, reason) = (plain(&input.name), plain(&sample.reason));
        tell(format_args!("{style}{label}{style:#}: {name}:{}: {reason}", sample.number));
    }
}

/// `1,234 flows, 5 NODATA, ...`: what was read.
pub(crate) fn counts(report: &Report) -> String {
    let lines = report.lines;
    let mut parts = vec![count(lines.flows, "flow", "flows")];
    let optional = [
        (lines.no_data, "NODATA", "NODATA"),
        (lines.skip_data, "SKIPDATA", "SKIPDATA"),
        (report.events, "event", "events"),
        (
            report.redelivered,
            "of them redelivered and not counted again",
            "of them redelivered and not counted again",
        ),
        (report.control_messages, "control message", "control messages"),
        (report.untimed, "line without a time", "lines without a time"),
        (report.unusable, "unusable event", "unusable events"),
        (report.rejected_total(), "line rejected", "lines rejected"),
    ];
    parts.extend(optional.iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(*n, one, many)));
    let mut text = parts.join(", ");
    if report.rejected_total() > 0 {
        let kinds: Vec<_> =
            report.rejected.iter().map(|(kind, n)| format!("{kind} {}", group_digits(*n))).collect();
        text = format!("{text} ({})", kinds.join(", "));
    }
    text
}

/// `2 messages to findings, 1 message to alerts`: what was published, and what not and why.
#[cfg(feature = "aws")]
pub(crate) fn told(report: &Report) -> String {
    let published = report.published.iter();
    let mut parts: Vec<_> =
        published.map(|(topic, n)| format!("{} to {topic}", count(*n, "message", "messages"))).collect();
    let optional = [
        (report.observed, "finding only observed", "findings only observed"),
        (report.suppressed, "finding suppressed", "findings suppressed"),
        (report.held_back, "finding held back", "findings held back"),
        (report.superseded, "finding before a later one", "findings before later ones"),
        (report.alerts_withheld, "alert left to the digest", "alerts left to the digest"),
    ];
    parts.extend(optional.iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(*n, one, many)));
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// A number and its noun.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", group_digits(number), if number == 1 { one } else { many })
}
