//! Log lines that are metrics too, in CloudWatch's embedded metric format: counts add up until a line takes them.
//!
//! It knows nothing of what is counted, and of time only what it is given.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::slice;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use metrique_writer_core::format::Format as _;
use metrique_writer_core::unit::AsCount;
use metrique_writer_core::{Entry, EntryWriter, Unit, Value, ValueWriter};
use metrique_writer_format_emf::{Emf, NoMetric};

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Flowgauge";

/// The unit of all metrics.
pub const UNIT: Unit = Unit::Count;

/// The dimension of all metrics: the function's name.
pub const FUNCTION: &str = "function";

/// The time between two lines when all is quiet, in seconds.
const QUIET: u64 = 60;

/// The most texts of one property.
const MAX_TEXTS: usize = 5;

/// The most characters of a text: the rest of a line must find room beside it.
const MAX_TEXT: usize = 1000;

/// A metric's name and its value.
pub type Count = (&'static str, u64);

/// What a line says beside its metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// A text; its first 1000 characters are written.
    Text(String),
    /// Several texts; the first few are written, each as a text is.
    Texts(Vec<String>),
    /// A number that is no metric.
    Number(u64),
}

/// Properties by name, in the order in which they are written.
pub type Properties = Vec<(Cow<'static, str>, Property)>;

/// A text under a name.
pub fn text(name: &'static str, value: &str) -> (Cow<'static, str>, Property) {
    (name.into(), Property::Text(value.to_owned()))
}

/// Numbers by kind, under `prefix_kind`.
pub fn numbers(prefix: &str, counts: &BTreeMap<&'static str, u64>) -> Properties {
    let number = |(kind, count): (&&str, &u64)| (format!("{prefix}_{kind}").into(), Property::Number(*count));
    counts.iter().map(number).collect()
}

/// What every line begins with: its level, the time, and the request it is written for.
pub fn heading(level: &str, request_id: &str, now: u64) -> Properties {
    // Lambda filters by level only where there is a time in this form beside it.
    let time = i64::try_from(now).ok().and_then(|now| Timestamp::from_second(now).ok()).unwrap_or_default();
    vec![text("level", level), text("timestamp", &time.to_string()), text("request_id", request_id)]
}

/// Counts of one execution environment on their way to a line.
#[derive(Debug)]
pub struct Tally {
    function: String,
    counts: Vec<Count>,
    last_line: u64,
}

impl Tally {
    /// Nothing counted yet, for the function of this name.
    pub fn new(function: String) -> Self {
        Tally { function, counts: Vec::new(), last_line: 0 }
    }

    /// Adds to what the next line says.
    pub fn add(&mut self, counts: impl IntoIterator<Item = Count>) {
        for (name, count) in counts {
            match self.counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += count,
                None => self.counts.push((name, count)),
            }
        }
    }

    /// What was counted under a name since the line before.
    pub fn count(&self, name: &str) -> u64 {
        self.counts.iter().find(|(known, _)| *known == name).map_or(0, |(_, sum)| *sum)
    }

    /// Whether the last line is so long ago that there has to be one even if all is quiet. The first is always due: it
    /// says that the function is alive. `now` is in Unix seconds, as everywhere here.
    pub fn is_due(&self, now: u64) -> bool {
        now >= self.last_line.saturating_add(QUIET)
    }

    /// A line of all counts since the line before. Its properties have other names than its counts.
    pub fn line(&mut self, properties: &Properties, now: u64) -> String {
        self.last_line = now;
        let counts = std::mem::take(&mut self.counts);
        Line { function: &self.function, dimension: None, counts: &counts, properties, now }.write()
    }

    /// A line of one count by one more dimension, given with its value: a line has one value for each dimension.
    pub fn line_by(&self, dimension: (&'static str, &str), count: Count, now: u64) -> String {
        let counts = slice::from_ref(&count);
        let (dimension, properties) = (Some(dimension), &Vec::new());
        Line { function: &self.function, dimension, counts, properties, now }.write()
    }
}

/// What one line says.
struct Line<'l> {
    function: &'l str,
    dimension: Option<(&'static str, &'l str)>,
    counts: &'l [Count],
    properties: &'l Properties,
    now: u64,
}

impl Line<'_> {
    /// Debug builds hold every line to the format's rules.
    fn write(&self) -> String {
        let dimensions = [FUNCTION].into_iter().chain(self.dimension.map(|(name, _)| name));
        let dimensions = vec![dimensions.map(str::to_owned).collect()];
        let mut line = Vec::new();
        Emf::builder(NAMESPACE.to_owned(), dimensions)
            .build()
            .format(self, &mut line)
            .expect("names are constants and differ, and memory takes every byte");
        String::from_utf8_lossy(line.trim_ascii_end()).into_owned()
    }

    fn time(&self) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_secs(self.now)).unwrap_or(UNIX_EPOCH)
    }
}

impl Entry for Line<'_> {
    fn write<'a>(&'a self, writer: &mut impl EntryWriter<'a>) {
        writer.timestamp(self.time());
        writer.value(FUNCTION, self.function);
        if let Some((name, value)) = self.dimension {
            writer.value(name, value);
        }
        for (name, property) in self.properties {
            writer.value(name.as_ref(), property);
        }
        for (name, count) in self.counts {
            writer.value(*name, &AsCount::from(*count));
        }
    }
}

impl Value for Property {
    fn write(&self, writer: impl ValueWriter) {
        match self {
            Property::Text(text) => writer.string(cut(text)),
            Property::Texts(texts) => {
                let texts: Vec<_> = texts.iter().take(MAX_TEXTS).map(|text| cut(text).to_owned()).collect();
                writer.values(&texts);
            }
            Property::Number(number) => NoMetric::from(*number).write(writer),
        }
    }
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(MAX_TEXT).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn parse(line: &str) -> Json {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn a_line_is_one_json_object_with_metrics_and_properties() {
        let mut tally = Tally::new("f".to_owned());
        tally.add([("Events", 1), ("Flows", 0)]);
        tally.add([("Events", 2)]);
        let properties = vec![
            ("level".into(), Property::Text("INFO".to_owned())),
            ("text".into(), Property::Text("é\"\n".repeat(MAX_TEXT))),
            ("rules".into(), Property::Texts(vec!["a".to_owned(), "b".to_owned()])),
            ("rejected".into(), Property::Number(3)),
        ];
        let line = tally.line(&properties, 1000);
        assert!(line.contains(r#""level":"INFO""#) && !line.contains('\n'), "{line}");
        let directive = json!({
            "Namespace": "Flowgauge",
            "Dimensions": [["function"]],
            "Metrics": [{ "Name": "Events", "Unit": "Count" }, { "Name": "Flows", "Unit": "Count" }],
        });
        let expected = json!({
            "_aws": { "Timestamp": 1_000_000, "CloudWatchMetrics": [directive] },
            "function": "f",
            "level": "INFO",
            "text": "é\"\n".chars().cycle().take(MAX_TEXT).collect::<String>(),
            "rules": ["a", "b"],
            "rejected": 3,
            "Events": 3,
            "Flows": 0,
        });
        assert_eq!(parse(&line), expected);
        assert_eq!(parse(&tally.line(&Vec::new(), 1000)).get("Events"), None, "counts are told once");
    }

    #[test]
    fn one_count_by_one_more_dimension() {
        let mut tally = Tally::new("f".to_owned());
        tally.add([("Events", 1)]);
        let line = parse(&tally.line_by(("rule", "fan-out"), ("RuleFindings", 3), u64::MAX));
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["function", "rule"]]));
        assert_eq!(directive["Metrics"], json!([{ "Name": "RuleFindings", "Unit": "Count" }]));
        let values = [&line["function"], &line["rule"], &line["RuleFindings"]];
        assert_eq!(values, [&json!("f"), &json!("fan-out"), &json!(3)]);
        assert_eq!(parse(&tally.line(&Vec::new(), 1))["Events"], 1, "it takes nothing from the next line");
    }

    #[test]
    fn a_line_is_due_once_a_minute() {
        let mut tally = Tally::new("f".to_owned());
        assert!(tally.is_due(QUIET));
        tally.line(&Vec::new(), 1000);
        assert_eq!([1000, 1059, 1060].map(|now| tally.is_due(now)), [false, false, true]);
    }
}
