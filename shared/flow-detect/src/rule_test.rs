//! A rule's own tests: lines in, findings out.

use std::fmt;

use flow_enrich::{EnrichedFlow, Networks, Origin, Tables};
use flow_record::{Column, Field, RecordFormat, Value};

use crate::deltas::Deltas;
use crate::finding::Finding;
use crate::groups::Groups;
use crate::rule_set::RuleSet;
use crate::window::Watermark;

/// One `[[test]]` of a rule file.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleTest {
    /// What it shows.
    pub name: String,
    /// The format of its lines.
    pub format: RecordFormat,
    /// The names of networks, as in a networks file.
    pub networks: String,
    /// The lines.
    pub lines: Vec<RepeatedLine>,
    /// The findings that must come out, each once and no others.
    pub expect: Vec<Expectation>,
}

/// A line again and again. It is written out when the test runs: a function, which runs none, starts without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedLine {
    /// The line; `{n}` in it stands for 1, 2, 3 and so on.
    pub line: String,
    /// How often.
    pub times: usize,
    /// Seconds that each is later than the one before.
    pub step: u64,
}

impl RepeatedLine {
    /// The `n`th of the lines, from 1.
    pub fn nth(&self, format: &RecordFormat, n: usize) -> String {
        later(format, self.line.replace("{n}", &n.to_string()), self.step * (n as u64 - 1))
    }
}

/// `line` with its `start` and `end` moved by `seconds`; a line that can't be read stays as it is.
fn later(format: &RecordFormat, line: String, seconds: u64) -> String {
    let Ok(read) = format.parse(&line) else { return line };
    let column = |(index, column): (usize, &Column)| match read.record().column(index) {
        Some(Value::Integer(time)) if column.field().is_some_and(Field::is_time) => {
            (time + seconds).to_string()
        }
        Some(value) => value.to_string(),
        None => "-".to_owned(),
    };
    format.columns().iter().enumerate().map(column).collect::<Vec<_>>().join(" ")
}

/// Names and values that a finding must have among its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation(pub(crate) Vec<(String, String)>);

impl Expectation {
    fn fits(&self, finding: &Finding<'_>) -> bool {
        let subject = |name: &str| {
            finding.subject.iter().find(|(subject, _)| subject == name).map(|(_, part)| part.to_string())
        };
        let value =
            |name: &str| finding.values().find(|(value, _)| *value == name).map(|(_, v)| v.to_string());
        self.0.iter().all(|(name, expected)| subject(name).or_else(|| value(name)).as_ref() == Some(expected))
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_values(f, self.0.iter().map(|(name, value)| (name.as_str(), value.clone())))
    }
}

/// A test whose findings are not those expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {}, found {}", List(expected), List(found))]
pub struct TestFailure {
    /// What should have come out.
    pub expected: Vec<String>,
    /// What did.
    pub found: Vec<String>,
}

struct List<'a>(&'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("silence") } else { f.write_str(&self.0.join(" and ")) }
    }
}

impl RuleTest {
    /// Runs the test against the rule at `rule` of `rules`.
    ///
    /// # Errors
    /// When other findings come out than those expected.
    pub fn run(&self, rules: &RuleSet, rule: usize) -> Result<(), TestFailure> {
        // It was read when the file was.
        let networks = Networks::parse(&self.networks).unwrap_or_default();
        let (tables, active) = (Tables { networks }, rules.only(rule));
        let mut deltas = Deltas::default();
        let lines = self.lines.iter();
        for line in lines.flat_map(|line| (1..=line.times).map(|n| line.nth(&self.format, n))) {
            if let Ok(line) = self.format.parse(&line) {
                let flow =
                    EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
                deltas.observe(&active, &flow);
            }
        }
        let mut groups = Groups::new(usize::MAX);
        deltas.into_iter().for_each(|delta| {
            groups.merge(delta);
        });
        let found = groups.findings(rules, Watermark::End);
        let mut left: Vec<&Finding<'_>> = found.iter().collect();
        let all_fit = self.expect.iter().all(|expected| {
            let place = left.iter().position(|finding| expected.fits(finding));
            place.map(|place| left.remove(place)).is_some()
        });
        if all_fit && left.is_empty() {
            return Ok(());
        }
        let expected = self.expect.iter().map(Expectation::to_string).collect();
        Err(TestFailure { expected, found: found.iter().map(|finding| Shown(finding).to_string()).collect() })
    }
}

struct Shown<'a>(&'a Finding<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.0.subject.iter().map(|(name, part)| (name.as_str(), part.to_string()));
        write_values(f, subject.chain(self.0.values().map(|(name, value)| (name, value.to_string()))))
    }
}

fn write_values<'a>(
    f: &mut fmt::Formatter<'_>,
    values: impl Iterator<Item = (&'a str, String)>,
) -> fmt::Result {
    let values: Vec<_> = values.map(|(name, value)| format!("{name} = {value}")).collect();
    write!(f, "{{ {} }}", values.join(", "))
}
