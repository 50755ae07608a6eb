//! A finding as a person reads it.

use std::fmt::Write as _;

use flow_detect::{Finding, Language, Severity, show_duration};
use flow_query::{AggregateFunction, Value};

use crate::number::{group_digits, show_bytes};
use crate::plain::{cut, plain};
use crate::time::show_time;

/// The text of one finding: a heading of one line, and the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// How bad and what: `[HIGH] Administration port open to the internet: 10.0.0.5`.
    pub heading: String,
    /// What happened, when, where, why it fired, what to do, sample lines. Ends in a newline.
    pub body: String,
}

/// The words of one language.
struct Words {
    when: &'static str,
    place: &'static str,
    why: &'static str,
    rule: &'static str,
    finding: &'static str,
    to_do: &'static str,
    lines: &'static str,
    observed: &'static str,
    to: &'static str,
    account: &'static str,
    region: &'static str,
    interface: &'static str,
    window: &'static str,
    in_all: &'static str,
    link: &'static str,
    duration: fn(u64) -> String,
}

const ENGLISH: Words = Words {
    when: "When   ",
    place: "Where  ",
    why: "Why    ",
    rule: "Rule   ",
    finding: "Finding",
    to_do: "What to do",
    lines: "Sample lines",
    observed: "observed, not notified",
    to: " to ",
    account: "account",
    region: "region",
    interface: "interface",
    window: "within",
    in_all: "in all",
    link: "Logs Insights",
    duration: show_duration,
};

const JAPANESE: Words = Words {
    when: "日時",
    place: "場所",
    why: "理由",
    rule: "ルール",
    finding: "検知 ID",
    to_do: "対応",
    lines: "ログの例",
    observed: "監視のみ・通知対象外",
    to: " 〜 ",
    account: "アカウント",
    region: "リージョン",
    interface: "インターフェイス",
    window: "期間",
    in_all: "合計",
    link: "Logs Insights",
    duration: duration_in_japanese,
};

impl Alert {
    /// The text of `finding` in `language`, with a link to its records. Whatever comes from a log is [`plain`] and cut
    /// where it is longer than anyone reads.
    pub fn new(finding: &Finding<'_>, language: Language, link: Option<&str>) -> Self {
        let words = match language {
            Language::English => &ENGLISH,
            Language::Japanese => &JAPANESE,
        };
        Alert { heading: Alert::heading(finding, language), body: body(finding, language, words, link) }
    }

    /// The heading alone.
    pub(crate) fn heading(finding: &Finding<'_>, language: Language) -> String {
        let rule = finding.rule;
        let severity = match (rule.severity, language) {
            (severity, Language::English) => severity.name().to_uppercase(),
            (Severity::Informational, Language::Japanese) => "情報".to_owned(),
            (Severity::Low, Language::Japanese) => "低".to_owned(),
            (Severity::Medium, Language::Japanese) => "中".to_owned(),
            (Severity::High, Language::Japanese) => "高".to_owned(),
            (Severity::Critical, Language::Japanese) => "重大".to_owned(),
        };
        let key = rule.query.group_names().len();
        let about: Vec<_> = finding
            .subject
            .iter()
            .take(key)
            .map(|(_, part)| cut(&part.to_string(), MAX_VALUE).into_owned())
            .collect();
        plain(&format!("[{severity}] {}: {}", rule.title.get(language), about.join(" "))).into_owned()
    }
}

/// The most bytes shown of one value from a log, and of one sample line.
const MAX_VALUE: usize = 200;
const MAX_SAMPLE: usize = 600;

fn body(finding: &Finding<'_>, language: Language, words: &Words, link: Option<&str>) -> String {
    let rule = finding.rule;
    let mut text = String::new();
    let mut add = |label: &str, content: &str| {
        let content = plain(content);
        let indented =
            if label.is_empty() { format!("  {content}") } else { format!("  {label}  {content}") };
        text.push_str(&indented);
        text.push('\n');
    };
    add("", &finding.explanation_with(language, |name, value| show_value(finding, name, value)));
    add(words.when, &when(finding, words));
    add(words.place, &place(finding, words));
    add(words.why, &why(finding, words));
    let mode =
        if rule.mode == flow_detect::Mode::Notify { String::new() } else { format!("; {}", words.observed) };
    add(words.rule, &format!("{} ({}, ATT&CK {}){mode}", rule.id, rule.finding_type, rule.technique));
    add(words.finding, finding.id.as_str());
    add("", words.to_do);
    for (index, step) in rule.advice.get(language).iter().enumerate() {
        add("", &format!("  {}. {step}", index + 1));
    }
    add("", words.lines);
    for sample in &finding.episode.samples {
        add("", &format!("  {}", cut(sample, MAX_SAMPLE)));
    }
    if let Some(link) = link {
        add(words.link, link);
    }
    text
}

fn when(finding: &Finding<'_>, words: &Words) -> String {
    let state = &finding.episode.state;
    let (first, last) = (show_time(state.first_seen), show_time(state.last_seen));
    let window = (words.duration)(finding.rule.windowing.window);
    if first == last {
        return first;
    }
    format!("{first}{}{last} ({} {window})", words.to, words.window)
}

/// `1h` as `1 時間`.
fn duration_in_japanese(seconds: u64) -> String {
    let short = show_duration(seconds);
    let units = [('d', "日"), ('h', "時間"), ('m', "分"), ('s', "秒")];
    let unit = units.iter().find_map(|(unit, name)| Some((short.strip_suffix(*unit)?, name)));
    unit.map_or_else(|| short.clone(), |(number, name)| format!("{number} {name}"))
}

fn place(finding: &Finding<'_>, words: &Words) -> String {
    let scope = &finding.scope;
    let mut parts = Vec::new();
    for (label, text) in [
        (words.account, scope.account.as_deref()),
        (words.region, scope.region.as_deref()),
        ("VPC", scope.vpc.as_deref()),
        ("", scope.log_group.as_deref()),
        (words.interface, finding.interface.as_deref()),
    ] {
        if let Some(text) = text {
            parts.push(format!("{label} {}", cut(text, MAX_VALUE)).trim().to_owned());
        }
    }
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

/// The values against the threshold: `attempts > 100: attempts = 120, ports = 1`.
fn why(finding: &Finding<'_>, words: &Words) -> String {
    let values: Vec<_> = finding
        .values()
        .map(|(name, value)| format!("{name} = {}", show_sized(finding, name, value)))
        .collect();
    let mut text = format!("{}: {}", finding.rule.query.threshold(), values.join(", "));
    let more = finding
        .totals()
        .filter(|(name, total)| finding.values().any(|(other, value)| other == *name && value != *total));
    for (name, total) in more {
        // Writing to a String can't fail.
        let _ = write!(text, "; {} {name} = {}", words.in_all, show_sized(finding, name, total));
    }
    text
}

/// Counts and sums with their digits grouped; numbers that name something, such as ports, as they are.
fn show_value(finding: &Finding<'_>, name: &str, value: &Value<'_>) -> String {
    let query = &finding.rule.query;
    let function = query.aggregate_names().zip(query.aggregate_functions()).find(|(other, _)| *other == name);
    let counts = matches!(
        function,
        Some((_, AggregateFunction::Count | AggregateFunction::CountDistinct | AggregateFunction::Sum))
    );
    match value {
        Value::Integer(number) if counts => group_digits(*number),
        Value::Float(number) => format!("{number:.2}"),
        other => cut(&other.to_string(), MAX_VALUE).into_owned(),
    }
}

/// The same, and a number of bytes in its unit too.
fn show_sized(finding: &Finding<'_>, name: &str, value: &Value<'_>) -> String {
    let shown = show_value(finding, name, value);
    match value {
        Value::Integer(number) if *number >= 1024 && name.to_ascii_lowercase().contains("bytes") => {
            format!("{shown} ({})", show_bytes(number.unsigned_abs()))
        }
        _ => shown,
    }
}
