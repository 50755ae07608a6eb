//! What a replay has to say, as text and as JSON.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use flow_detect::{Mode, Status};
use flow_output::{escape_json, group_digits, plain, show_day, show_time};
use flow_pipeline::{History, OneADay, RuleHistory, SubjectHistory, Told};
use flow_query::{Number, Value};
use serde_json::{Map, Value as Json, json};

use crate::messages;
use crate::table::{widths, write_cells};

/// The most days of a rule that are listed as text.
const DAYS_LISTED: usize = 31;

/// The columns of the table; the first two and the last but one hold words.
const COLUMNS: [&str; 11] = [
    "rule",
    "mode",
    "people",
    "in digests",
    "programs",
    "episodes",
    "joined",
    "held back",
    "suppressed",
    "threshold",
    "one a day",
];

type Modes = BTreeMap<String, Mode>;

/// Prints the table of rules, and the days and findings of each.
pub(super) fn text(history: &History<'_>, modes: &Modes, top: usize) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if let Some((from, to)) = history.span {
        writeln!(out, "Records from {} to {}\n", show_time(from), show_time(to))?;
    }
    let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
    rows.extend(history.rules.iter().map(|rule| cells(rule, modes)));
    let widths = widths(&rows);
    rows.insert(1, widths.iter().map(|width| "-".repeat(*width)).collect());
    for row in &rows {
        write_cells(&mut out, row, &widths, |place| !matches!(place, 0 | 1 | 9))?;
    }
    write_reasons(&mut out, history)?;
    for rule in history.rules.iter().filter(|rule| !rule.days.is_empty()) {
        write_rule(&mut out, rule, top)?;
    }
    if !history.digests.is_empty() {
        writeln!(out, "\ndigests to people")?;
        for (day, digests) in history.digests.iter().take(DAYS_LISTED) {
            writeln!(out, "  {}  {}", show_day(*day), group_digits(*digests))?;
        }
        write_more(&mut out, history.digests.len().saturating_sub(DAYS_LISTED), "day", "days")?;
    }
    out.flush()
}

/// Why a rule has no threshold to be moved to.
fn write_reasons(out: &mut impl Write, history: &History<'_>) -> io::Result<()> {
    let without = |wanted: OneADay| -> Vec<&str> {
        let rules = history.rules.iter().filter(|rule| rule.one_a_day.reason() == wanted.reason());
        rules.map(|rule| rule.rule.id.as_str()).collect()
    };
    let fixed = without(OneADay::NotOneNumber);
    if !without(OneADay::NothingSeen).is_empty() || !fixed.is_empty() {
        writeln!(
            out,
            "\none a day is `-` where no record counted, or none with all else that the rule asks"
        )?;
    }
    if !fixed.is_empty() {
        writeln!(out, "and where no one number decides: {}", fixed.join(", "))?;
    }
    Ok(())
}

fn cells(history: &RuleHistory<'_>, modes: &Modes) -> Vec<String> {
    let RuleHistory { rule, told, looks, one_a_day, .. } = history;
    let joined = looks.seen.saturating_sub(looks.began);
    let numbers = [told.people, told.in_digests, told.programs()];
    let numbers = numbers.into_iter().chain([looks.began, joined, looks.held_back, looks.suppressed]);
    let words = [rule.id.clone(), mode(history, modes).name().to_owned()];
    let threshold = plain(&rule.threshold()).into_owned();
    let one_a_day = one_a_day.number().map_or_else(|| "-".to_owned(), show_number);
    words.into_iter().chain(numbers.map(group_digits)).chain([threshold, one_a_day]).collect()
}

/// The mode as the user has it: for a replay all rules that run tell people.
fn mode(history: &RuleHistory<'_>, modes: &Modes) -> Mode {
    modes.get(&history.rule.id).copied().unwrap_or(history.rule.mode)
}

fn write_rule(out: &mut impl Write, history: &RuleHistory<'_>, top: usize) -> io::Result<()> {
    let rule = history.rule;
    writeln!(out, "\n{}: {}", rule.id, plain(&rule.words().title.en))?;
    for (day, told) in history.days.iter().take(DAYS_LISTED) {
        writeln!(out, "  {}  {}", show_day(*day), show_told(told))?;
    }
    write_more(out, history.days.len().saturating_sub(DAYS_LISTED), "day", "days")?;
    writeln!(out, "  told most:")?;
    for SubjectHistory { subject, told, .. } in history.subjects.iter().take(top) {
        writeln!(out, "  - {}: {}", plain(&show_subject(subject)), show_told(told))?;
    }
    write_more(out, history.subjects.len().saturating_sub(top), "finding", "findings")
}

fn write_more(out: &mut impl Write, number: usize, one: &str, many: &str) -> io::Result<()> {
    if number == 0 {
        Ok(())
    } else {
        writeln!(out, "  and {} more", messages::count(number as u64, one, many))
    }
}

/// `2 to people, 1 in digests, 4 to programs`: all but digests that were not needed.
fn show_told(told: &Told) -> String {
    let digests = if told.in_digests > 0 {
        format!(", {} in digests", group_digits(told.in_digests))
    } else {
        String::new()
    };
    format!("{} to people{digests}, {} to programs", group_digits(told.people), group_digits(told.programs()))
}

/// `dstAddr 10.0.0.5, dstPort 22`; a text may be anything.
fn show_subject(subject: &Map<String, Json>) -> String {
    let shown = |(name, value): (&String, &Json)| match value {
        Json::String(text) => format!("{name} {text}"),
        other => format!("{name} {other}"),
    };
    subject.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn show_number(number: Number) -> String {
    match number {
        Number::Integer(number) => group_digits(number),
        Number::Float(_) => Value::from(number).to_string(),
    }
}

/// Prints one object.
pub(super) fn json(history: &History<'_>, modes: &Modes, top: usize) -> io::Result<()> {
    let days = |(day, digests): (&u64, &u64)| (show_day(*day), json!(digests));
    let object = json!({
        "from": history.span.map(|(from, _)| from),
        "to": history.span.map(|(_, to)| to),
        "digests": history.digests.iter().map(days).collect::<Map<_, _>>(),
        "rules": history.rules.iter().map(|rule| rule_json(rule, modes, top)).collect::<Vec<_>>(),
    });
    let mut out = io::stdout().lock();
    writeln!(out, "{}", escape_json(&object.to_string()))?;
    out.flush()
}

fn rule_json(history: &RuleHistory<'_>, modes: &Modes, top: usize) -> Json {
    let RuleHistory { rule, told, days, subjects, looks, one_a_day } = history;
    let of_day = |(day, told): (&u64, &Told)| (show_day(*day), told_json(told));
    json!({
        "rule": rule.id,
        "mode": mode(history, modes).name(),
        "severity": rule.severity.name(),
        "told": told_json(told),
        "days": days.iter().map(of_day).collect::<Map<_, _>>(),
        "looks": looks.seen,
        "episodes": looks.began,
        "held_back": looks.held_back,
        "suppressed": looks.suppressed,
        "threshold": rule.threshold(),
        "one_a_day": one_a_day.number().map(number_json),
        "no_one_a_day": one_a_day.reason(),
        "findings": subjects.len(),
        "top": subjects.iter().take(top).map(subject_json).collect::<Vec<_>>(),
    })
}

fn subject_json(history: &SubjectHistory) -> Json {
    let SubjectHistory { id, subject, told, first, last } = history;
    json!({ "id": id, "subject": subject, "told": told_json(told), "first": first, "last": last })
}

fn told_json(told: &Told) -> Json {
    let status = |(status, number): (Status, u64)| (status.name().to_owned(), json!(number));
    let by_status: Map<_, _> = Status::ALL.into_iter().zip(told.by_status).map(status).collect();
    let Told { people, in_digests, .. } = told;
    json!({ "people": people, "in_digests": in_digests, "programs": told.programs(), "by_status": by_status })
}

fn number_json(number: Number) -> Json {
    match number {
        Number::Integer(number) => Json::from(number),
        Number::Float(number) => Json::from(number),
    }
}
