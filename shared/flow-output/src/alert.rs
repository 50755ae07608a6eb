//! A finding as a person reads it.

use std::fmt::Write as _;

use flow_detect::{Episode, Finding, Language, Severity, Status, show_duration};
use flow_query::{AggregateFunction, Value};

use crate::console::narrowed_query_line;
use crate::number::{group_digits, show_bytes};
use crate::plain::{cut, plain};
use crate::suppression_lines::suppression_lines;
use crate::time::show_time;

/// The text of one finding: a heading of one line, and the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// How bad and what: `[HIGH] Administration port open to the internet: 10.0.0.5`.
    pub heading: String,
    /// What happened, when, where, why it fired, what to do, sample lines. Ends in a newline.
    pub body: String,
    /// How not to be told of this again: a sentence and the lines for the suppressions file, or nothing. Ends in a
    /// newline.
    pub suppression: String,
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
    /// Of a finding that went on for longer than its panes are kept.
    in_all_at_least: &'static str,
    link: &'static str,
    status: &'static str,
    delayed: &'static str,
    delayed_text: &'static str,
    suppress: &'static str,
    episodes: &'static str,
    episodes_text: fn(u64) -> String,
    duration: fn(u64) -> String,
    /// Where a finding that was told before is in its life, given a time and its values.
    life: fn(Status, &str, &str) -> String,
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
    in_all_at_least: "in all at least",
    link: "Logs Insights",
    status: "Status ",
    delayed: "Delayed",
    delayed_text: "these records were worked through only now, long after their time; the values may be too low",
    suppress: "To hear no more of this for 30 days, give a reason and add these lines to your suppressions",
    episodes: "Repeats",
    episodes_text: |episodes| {
        format!("{episodes} times since the last alert, with pauses in between; this is the latest")
    },
    duration: show_duration,
    life: life_in_english,
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
    in_all_at_least: "合計(少なくとも)",
    link: "Logs Insights",
    status: "状態",
    delayed: "遅延",
    delayed_text: "これらのレコードは発生からかなり後に処理されました。値は実際より小さい可能性があります",
    suppress: "この通知を 30 日間止めるには、理由 (reason) を書いて次の行を抑制ファイルに追加してください",
    episodes: "反復",
    episodes_text: |episodes| {
        format!("前回の通知以降、間隔を空けて {episodes} 回発生。これはその最新のものです")
    },
    duration: duration_in_japanese,
    life: life_in_japanese,
};

impl Alert {
    /// The text of `finding` in `language`, with a link to its records or, without one, the query that shows them.
    /// Whatever comes from a log is [`plain`] and cut where it is longer than anyone reads.
    ///
    /// With `now` in Unix seconds it says how to suppress the finding for 30 days.
    pub fn new(finding: &Finding<'_>, language: Language, link: Option<&str>, now: Option<u64>) -> Self {
        let words = match language {
            Language::English => &ENGLISH,
            Language::Japanese => &JAPANESE,
        };
        Alert {
            heading: Alert::heading(finding, language),
            body: body(finding, language, words, link),
            suppression: now.map_or_else(String::new, |now| suppression(finding, words, now)),
        }
    }

    /// `text`, which holds all of this alert but its suppression, and that: in at most `max` bytes, the text cut where
    /// both do not fit, because lines that were cut suppress nothing.
    pub(crate) fn with_suppression(&self, text: &str, max: usize) -> String {
        let room = max.saturating_sub(self.suppression.len() + 1);
        let text = cut(text, room);
        let end = if text.ends_with('\n') { "" } else { "\n" };
        format!("{text}{end}{}", self.suppression)
    }

    /// The heading alone.
    pub(crate) fn heading(finding: &Finding<'_>, language: Language) -> String {
        let rule = finding.rule;
        let severity = severity_word(finding.severity, language);
        let status = match (finding.status, language) {
            (Status::New, _) => "",
            (Status::Ongoing, Language::English) => "Still going on: ",
            (Status::SeverityRaised, Language::English) => "Severity raised: ",
            (Status::Resolved, Language::English) => "Over: ",
            (Status::Ongoing, Language::Japanese) => "継続中: ",
            (Status::SeverityRaised, Language::Japanese) => "重大度上昇: ",
            (Status::Resolved, Language::Japanese) => "終息: ",
        };
        plain(&format!("[{severity}] {status}{}: {}", rule.words().title.get(language), about(finding)))
            .into_owned()
    }
}

/// What a finding is about: the values that its rule groups by.
pub(crate) fn about(finding: &Finding<'_>) -> String {
    let key = finding.subject.iter().take(finding.rule.identity_names().count());
    let about: Vec<_> = key.map(|(_, part)| cut(&part.to_string(), MAX_VALUE).into_owned()).collect();
    about.join(" ")
}

/// How bad, as it stands in a heading.
pub(crate) fn severity_word(severity: Severity, language: Language) -> String {
    match (severity, language) {
        (severity, Language::English) => severity.name().to_uppercase(),
        (Severity::Informational, Language::Japanese) => "情報".to_owned(),
        (Severity::Low, Language::Japanese) => "低".to_owned(),
        (Severity::Medium, Language::Japanese) => "中".to_owned(),
        (Severity::High, Language::Japanese) => "高".to_owned(),
        (Severity::Critical, Language::Japanese) => "重大".to_owned(),
    }
}

fn life_in_english(status: Status, time: &str, values: &str) -> String {
    match status {
        Status::New => String::new(),
        Status::Ongoing => format!("still going on since {time}; at its highest {values}"),
        Status::SeverityRaised => {
            format!("told before with a lower severity; going on since {time}; at its highest {values}")
        }
        Status::Resolved => format!("over; last seen {time}"),
    }
}

fn life_in_japanese(status: Status, time: &str, values: &str) -> String {
    match status {
        Status::New => String::new(),
        Status::Ongoing => format!("{time} から継続中。最大時の値: {values}"),
        Status::SeverityRaised => {
            format!("以前より低い重大度で通知済み。{time} から継続中。最大時の値: {values}")
        }
        Status::Resolved => format!("終息。最終検出 {time}"),
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
    let life = life(finding, words);
    if !life.is_empty() {
        add(words.status, &life);
    }
    if finding.is_delayed {
        add(words.delayed, words.delayed_text);
    }
    if finding.episodes > 1 {
        add(words.episodes, &(words.episodes_text)(finding.episodes));
    }
    add(words.when, &when(finding, words));
    add(words.place, &place(finding, words));
    add(words.why, &why(finding, words));
    let mode =
        if rule.mode == flow_detect::Mode::Notify { String::new() } else { format!("; {}", words.observed) };
    add(words.rule, &format!("{} ({}, ATT&CK {}){mode}", rule.id, rule.finding_type, rule.technique));
    add(words.finding, finding.id.as_str());
    add("", words.to_do);
    for (index, step) in rule.words().advice.get(language).iter().enumerate() {
        add("", &format!("  {}. {step}", index + 1));
    }
    add("", words.lines);
    for sample in &finding.episode.samples {
        add("", &format!("  {}", cut(sample, MAX_SAMPLE)));
    }
    // The console runs either.
    match link {
        Some(link) => add(words.link, link),
        None => add(words.link, &narrowed_query_line(finding)),
    }
    text
}

fn life(finding: &Finding<'_>, words: &Words) -> String {
    let Episode { first_seen, last_seen, .. } = &finding.episode;
    let time = if finding.status == Status::Resolved { last_seen } else { first_seen };
    (words.life)(finding.status, &show_time(*time), &show_values(finding))
}

fn suppression(finding: &Finding<'_>, words: &Words, now: u64) -> String {
    let mut text = format!("  {}\n", words.suppress);
    for line in suppression_lines(finding, now).lines() {
        text.extend(["    ", line, "\n"]);
    }
    text
}

fn when(finding: &Finding<'_>, words: &Words) -> String {
    let episode = &finding.episode;
    let (first, last) = (show_time(episode.first_seen), show_time(episode.last_seen));
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
    let mut text = format!("{}: {}", finding.rule.threshold(), show_values(finding));
    let more = finding
        .totals()
        .filter(|(name, total)| finding.values().any(|(other, value)| other == *name && value != *total));
    let in_all = if finding.status == Status::New { words.in_all } else { words.in_all_at_least };
    for (name, total) in more {
        // Writing to a String can't fail.
        let _ = write!(text, "; {in_all} {name} = {}", show_sized(finding, name, total));
    }
    text
}

/// The values by name: `attempts = 120, ports = 1`.
pub(crate) fn show_values(finding: &Finding<'_>) -> String {
    let show = |(name, value)| format!("{name} = {}", show_sized(finding, name, value));
    finding.values().map(show).collect::<Vec<_>>().join(", ")
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
