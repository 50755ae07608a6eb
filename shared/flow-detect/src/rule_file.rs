//! A rule file to a rule: TOML with a query in it, checked to the last key.

use std::sync::OnceLock;

use flow_enrich::{Networks, NetworksError};
use flow_query::{ContinuousQuery, FilterPattern, Query, QueryError, Span, nearest};
use flow_record::RecordFormat;

use crate::built_in::{self, BuiltInRule};
use crate::definition_error::{DefinitionError, DefinitionErrorKind, DefinitionFile};
use crate::detector::{DETECTORS, Detector, Parameter, Tuned};
use crate::duration::parse_duration;
use crate::logic::Logic;
use crate::rule::{Mode, Rule, Severity};
use crate::rule_test::{Expectation, RepeatedLine, RuleTest};
use crate::scope::ScopeWidth;
use crate::text::{Localized, Template, Words};
use crate::toml_reader::{Placed, TableReader, TomlFile};
use crate::window::Windowing;

type Read<T> = Result<T, DefinitionError>;

const DEFAULT_LATENESS: u64 = 15 * 60;
/// A window is this many panes unless the rule says otherwise.
const DEFAULT_PANES: u64 = 12;
/// The most panes a window may have: what is kept of each group.
const MAX_PANES: u64 = 288;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// How long a text may be.
#[derive(Clone, Copy)]
struct Limit {
    bytes: usize,
    expected: &'static str,
}

const TITLE: Limit = Limit { bytes: 200, expected: "a text of at most 200 bytes" };
/// Explanations and steps of advice.
const TEXT: Limit = Limit { bytes: 2000, expected: "a text of at most 2000 bytes" };
/// What CloudWatch Logs Insights takes.
const QUERY: Limit = Limit { bytes: 10_000, expected: "a query of at most 10000 bytes" };
/// The most steps of advice.
const MAX_STEPS: usize = 10;
/// The most times a test may repeat a line.
const MAX_REPEAT: usize = 10_000;

impl Rule {
    /// Reads the rule file `name` with this text.
    ///
    /// # Errors
    /// With file, line, column, what was expected and what was found; for a name that nothing has, the nearest.
    pub fn parse(name: &str, text: &str) -> Read<Rule> {
        let file = TomlFile::parse(name, text).map_err(|mut mistakes| mistakes.swap_remove(0))?;
        Self::read(&file, None)
    }

    /// All built-in rules, without their words and tests.
    pub(crate) fn built_in() -> impl Iterator<Item = Rule> {
        built_in::RULES.iter().map(|BuiltInRule { file, says, words: _, query }| {
            let rule = Self::read(&TomlFile::built_in(file, says), Some(query));
            Rule { is_built_in: true, ..rule.expect("a test reads each of them") }
        })
    }

    /// Of a built-in rule the query is [compiled](ContinuousQuery::to_bytes) already, and its words are elsewhere.
    fn read(file: &TomlFile<'_>, compiled: Option<&[u8]>) -> Read<Rule> {
        let mut top = file.top();
        let rule = read_rule(&mut top, compiled)?;
        top.finish()?;
        Ok(rule)
    }

    /// Whether a rule may have this id.
    pub fn is_id(text: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !text.is_empty() && text.len() <= 64 && text.bytes().all(fits)
    }
}

fn read_rule(top: &mut TableReader<'_>, compiled: Option<&[u8]>) -> Read<Rule> {
    let id = top.required("id")?;
    let id =
        top.parsed(&id, "letters a-z, digits and hyphens", |id| Rule::is_id(id).then(|| id.to_owned()))?;
    let finding_type = top.required("type")?;
    let expected = "a finding type such as \"Recon:VPC/AdminPortTries\"";
    let finding_type =
        top.parsed(&finding_type, expected, |text| is_finding_type(text).then(|| text.to_owned()))?;
    let severity = top.required("severity")?;
    let expected = "informational, low, medium, high or critical";
    let severity =
        top.word(&severity, expected, Severity::ALL.map(|severity| (severity.name(), severity)))?;
    let mode = top.required("mode")?;
    let mode = top.word(&mode, "notify, observe or off", Mode::ALL.map(|mode| (mode.name(), mode)))?;
    let technique = top.required("technique")?;
    let expected = "an ATT&CK technique such as \"T1110\" or \"T1110.001\"";
    let technique = top.parsed(&technique, expected, |text| is_technique(text).then(|| text.to_owned()))?;
    let windowing = windowing(top)?;
    let default_repeat = if severity >= Severity::High { HOUR } else { 6 * HOUR };
    let repeat = duration(top, "repeat", 60..=7 * DAY)?.unwrap_or(default_repeat);
    let scope = scope(top)?;
    let pattern = pattern(top)?;
    let (query_text, query) = query(top, pattern.is_some(), compiled)?;
    let query = Logic::new(query, detector(top)?);
    let identity = identity(top, &query)?;
    let words = match compiled {
        None => read_words(top, &query, &identity)?.into(),
        Some(_) => OnceLock::new(),
    };
    let tests = tests(top, &query)?;
    let file = top.file().name.to_owned();
    Ok(Rule {
        id,
        finding_type,
        severity,
        mode,
        technique,
        windowing,
        repeat,
        scope,
        pattern,
        query_text,
        written: OnceLock::new(),
        query,
        identity,
        words,
        tests,
        file,
        is_built_in: false,
    })
}

pub(crate) fn read_words(top: &mut TableReader<'_>, query: &Logic, identity: &[usize]) -> Read<Words> {
    let title = localized(top, "title", |reader, title| short(reader, title, TITLE).map(str::to_owned))?;
    let explain = localized(top, "explain", |reader, text| explain(reader, text, query, identity))?;
    let advice = localized(top, "advice", advice)?;
    Ok(Words { title, explain, advice })
}

/// `ThreatPurpose:Resource/Family`, as GuardDuty names its findings.
fn is_finding_type(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".&!_-".contains(&byte))
    };
    let parts = text.split_once(':').and_then(|(purpose, rest)| Some((purpose, rest.split_once('/')?)));
    text.len() <= 100
        && parts.is_some_and(|(purpose, (resource, family))| {
            is_word(purpose) && is_word(resource) && is_word(family)
        })
}

fn is_technique(text: &str) -> bool {
    let is_number =
        |text: &str, digits| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('T').is_some_and(|number| match number.split_once('.') {
        Some((technique, sub)) => is_number(technique, 4) && is_number(sub, 3),
        None => is_number(number, 4),
    })
}

fn localized<'f, T>(
    top: &mut TableReader<'f>,
    key: &'static str,
    read: impl Fn(&TableReader<'f>, &Placed<'f>) -> Read<T>,
) -> Read<Localized<T>> {
    let placed = top.required(key)?;
    let mut languages = top.table(&placed, "{ en = ..., ja = ... }")?;
    let en = languages.required("en")?;
    let ja = languages.required("ja")?;
    languages.finish()?;
    Ok(Localized { en: read(&languages, &en)?, ja: read(&languages, &ja)? })
}

fn duration(
    top: &mut TableReader<'_>,
    key: &'static str,
    range: std::ops::RangeInclusive<u64>,
) -> Read<Option<u64>> {
    let Some(placed) = top.optional(key) else { return Ok(None) };
    let expected = match key {
        "window" => "a duration from 1m to 1d",
        "pane" => "a duration that divides the window into 1 to 288 panes",
        _ => "a duration such as 90s, 15m, 6h or 1d",
    };
    let read = |text: &str| parse_duration(text).filter(|seconds| range.contains(seconds));
    top.parsed(&placed, expected, read).map(Some)
}

fn windowing(top: &mut TableReader<'_>) -> Read<Windowing> {
    let placed = top.required("window")?;
    let window = duration(top, "window", 60..=DAY)?.unwrap_or(HOUR);
    let pane = duration(top, "pane", 1..=window)?;
    let lateness = duration(top, "lateness", 0..=DAY)?.unwrap_or(DEFAULT_LATENESS);
    let fits = |pane: u64| window.is_multiple_of(pane) && window / pane <= MAX_PANES;
    match pane {
        Some(pane) if fits(pane) => Ok(Windowing { window, pane, lateness }),
        Some(_) => {
            let pane = top.required("pane")?;
            Err(top.wrong(&pane, "a duration that divides the window into 1 to 288 panes"))
        }
        None if window.is_multiple_of(DEFAULT_PANES) => {
            Ok(Windowing { window, pane: window / DEFAULT_PANES, lateness })
        }
        None => Err(top.wrong(&placed, "a duration that 12 panes divide, or a `pane` beside it")),
    }
}

fn scope(top: &mut TableReader<'_>) -> Read<ScopeWidth> {
    let Some(placed) = top.optional("scope") else { return Ok(ScopeWidth::Vpc) };
    let words = ScopeWidth::ALL.map(|width| (width.name(), width));
    top.word(&placed, "vpc, account or global", words)
}

fn pattern(top: &mut TableReader<'_>) -> Read<Option<FilterPattern>> {
    let Some(placed) = top.optional("pattern") else { return Ok(None) };
    let text = top.text(&placed)?;
    FilterPattern::parse(text).map(Some).map_err(|error| in_text(top, &placed, text, error))
}

fn query(
    top: &mut TableReader<'_>,
    has_pattern: bool,
    compiled: Option<&[u8]>,
) -> Read<(String, ContinuousQuery)> {
    let placed = top.required("query")?;
    let text = short(top, &placed, QUERY)?;
    if let Some(bytes) = compiled {
        let compiled = ContinuousQuery::from_bytes(bytes).expect("build.rs compiled it");
        return Ok((text.trim().to_owned(), compiled));
    }
    let compile = if has_pattern { ContinuousQuery::compile_after_pattern } else { ContinuousQuery::compile };
    let compiled = Query::parse(text).and_then(|query| compile(&query));
    let compiled = compiled.map_err(|error| in_text(top, &placed, text, error))?;
    Ok((text.trim().to_owned(), compiled))
}

/// The detector beside the query, and `[tune]`.
fn detector(top: &mut TableReader<'_>) -> Read<Option<(&'static dyn Detector, Tuned)>> {
    let Some(placed) = top.optional("detector") else { return Ok(None) };
    let detector =
        top.word(&placed, "the name of a detector", DETECTORS.map(|known| (known.name(), known)))?;
    let mut tuned = Tuned(detector.parameters().iter().map(|parameter| parameter.default).collect());
    if let Some(placed) = top.optional("tune") {
        let mut tune = top.table(&placed, "a table of the detector's parameters")?;
        for (Parameter { name, least, most, .. }, value) in detector.parameters().iter().zip(&mut tuned.0) {
            if let Some(placed) = tune.optional(name) {
                let range =
                    usize::try_from(*least).unwrap_or(0)..=usize::try_from(*most).unwrap_or(usize::MAX);
                *value = tune.count(&placed, "a whole number that the detector takes", range)? as u64;
            }
        }
        tune.finish()?;
    }
    Ok(Some((detector, tuned)))
}

/// A mistake in the text of a query or a pattern.
fn in_text(top: &TableReader<'_>, placed: &Placed<'_>, text: &str, error: QueryError) -> DefinitionError {
    let QueryError { kind, span } = error;
    top.error(span_in_file(top.file(), placed, text, span), DefinitionErrorKind::Query(kind))
}

/// Where a place in the query's text stands in the file; the whole value where escapes moved it.
fn span_in_file(file: DefinitionFile<'_>, placed: &Placed<'_>, text: &str, span: Span) -> Span {
    let literal = file.text.get(placed.span.start..placed.span.end).unwrap_or_default();
    match literal.find(text) {
        Some(offset) => {
            let start = placed.span.start + offset;
            Span { start: start + span.start, end: start + span.end }
        }
        None => placed.span,
    }
}

/// A text within `limit`: what a rule says goes into messages that have one themselves.
fn short<'f>(reader: &TableReader<'f>, placed: &Placed<'f>, limit: Limit) -> Read<&'f str> {
    let text = reader.text(placed)?;
    if text.len() > limit.bytes { Err(reader.wrong(placed, limit.expected)) } else { Ok(text) }
}

fn advice(reader: &TableReader<'_>, placed: &Placed<'_>) -> Read<Vec<String>> {
    let steps = reader.items(placed, "a list of at most 10 texts")?;
    if steps.len() > MAX_STEPS {
        return Err(reader.wrong(placed, "a list of at most 10 texts"));
    }
    steps.iter().map(|step| short(reader, step, TEXT).map(str::to_owned)).collect()
}

/// `identity`, the names after `by` that tell findings apart; all of them unless the rule says otherwise.
fn identity(top: &mut TableReader<'_>, query: &Logic) -> Read<Vec<usize>> {
    let names = query.group_names();
    let Some(list) = top.optional("identity") else { return Ok((0..names.len()).collect()) };
    let expected = "a list of names that the query groups by";
    let known = |item: &Placed<'_>| {
        let name = top.text(item)?;
        names.iter().position(|known| known == name).ok_or_else(|| top.wrong(item, expected))
    };
    let mut places = top.items(&list, expected)?.iter().map(known).collect::<Read<Vec<_>>>()?;
    places.sort_unstable();
    places.dedup();
    if places.is_empty() { Err(top.wrong(&list, expected)) } else { Ok(places) }
}

fn explain(
    reader: &TableReader<'_>,
    placed: &Placed<'_>,
    query: &Logic,
    identity: &[usize],
) -> Read<Template> {
    let text = short(reader, placed, TEXT)?;
    let template = Template::new(text);
    let told = identity.iter().filter_map(|place| query.group_names().get(*place)).map(String::as_str);
    let known: Vec<&str> = told.chain(query.aggregate_names()).collect();
    let unknown = template.names().find(|name| !known.contains(name));
    match unknown.map(str::to_owned) {
        None => Ok(template),
        Some(name) => {
            let suggestion = nearest(&name, known);
            let start = text.find(&name).unwrap_or(0);
            let span = span_in_file(reader.file(), placed, text, (start..start + name.len()).into());
            let kind = DefinitionErrorKind::Placeholder { key: placed.key.to_string(), name, suggestion };
            Err(reader.error(span, kind))
        }
    }
}

fn tests(top: &mut TableReader<'_>, query: &Logic) -> Read<Vec<RuleTest>> {
    let Some(placed) = top.optional("test") else { return Ok(Vec::new()) };
    let tables = top.items(&placed, "[[test]] tables")?;
    tables.iter().map(|table| read_test(top.table(table, "a [[test]] table")?, query)).collect()
}

fn read_test(mut reader: TableReader<'_>, query: &Logic) -> Read<RuleTest> {
    let name = reader.required("name")?;
    let name = reader.text(&name)?.to_owned();
    let format = match reader.optional("format") {
        Some(format) => reader.text(&format)?.parse().map_err(|error: flow_record::FormatError| {
            reader.error(format.span, DefinitionErrorKind::TestLine(error.to_string()))
        })?,
        None => RecordFormat::default(),
    };
    let networks = match reader.optional("networks") {
        Some(networks) => {
            let text = reader.text(&networks)?;
            let wrong = |error: NetworksError| {
                reader.error(networks.span, DefinitionErrorKind::TestLine(error.to_string()))
            };
            Networks::parse(text).map_err(wrong)?;
            text.to_owned()
        }
        None => String::new(),
    };
    let mut lines = Vec::new();
    if let Some(given) = reader.optional("lines") {
        for line in reader.items(&given, "a list of lines")? {
            let text = reader.text(&line)?;
            check_line(&reader, &format, text, line.span)?;
            lines.push(RepeatedLine { line: text.to_owned(), times: 1, step: 0 });
        }
    }
    if let Some(given) = reader.optional("repeat") {
        let repeats = if given.value.is_array() { reader.items(&given, "repeats")? } else { vec![given] };
        for repeat in &repeats {
            lines.push(repeated(&reader, &format, repeat)?);
        }
    }
    if lines.is_empty() {
        // A test without lines expects silence of nothing and can't fail.
        return Err(reader.missing("lines"));
    }
    let expect = reader.required("expect")?;
    let expect = reader.items(&expect, "a list of findings, [] for none")?;
    let expect = expect.iter().map(|finding| expectation(&reader, finding, query)).collect::<Read<_>>()?;
    reader.finish()?;
    Ok(RuleTest { name, format, networks, lines, expect })
}

/// `{ line = "...", times = 101, step = "1s" }`: the line again and again, each later by a step; `{n}` in it becomes
/// 1, 2, 3 and so on.
fn repeated(reader: &TableReader<'_>, format: &RecordFormat, placed: &Placed<'_>) -> Read<RepeatedLine> {
    let mut repeat = reader.table(placed, "{ line = ..., times = ..., step = ... }")?;
    let line = repeat.required("line")?;
    let times = repeat.required("times")?;
    let times = repeat.count(&times, "a whole number from 1 to 10000", 1..=MAX_REPEAT)?;
    let step = duration(&mut repeat, "step", 0..=DAY)?.unwrap_or(0);
    repeat.finish()?;
    let repeated = RepeatedLine { line: repeat.text(&line)?.to_owned(), times, step };
    // Numbers only grow from line to line: what the last may be, those between may be too.
    for n in [1, times] {
        check_line(&repeat, format, &repeated.nth(format, n), line.span)?;
    }
    Ok(repeated)
}

fn check_line(reader: &TableReader<'_>, format: &RecordFormat, line: &str, span: Span) -> Read<()> {
    let read = format.parse(line).map(drop);
    read.map_err(|error| reader.error(span, DefinitionErrorKind::TestLine(error.to_string())))
}

fn expectation(reader: &TableReader<'_>, placed: &Placed<'_>, query: &Logic) -> Read<Expectation> {
    let table = reader.table(placed, "a finding's values, such as { srcAddr = \"198.51.100.7\" }")?;
    let known = query.group_names().iter().map(String::as_str).chain(query.aggregate_names());
    let known: Vec<&str> = known.chain(["srcAddr", "dstAddr", "interfaceId"]).collect();
    let mut values = Vec::new();
    for (name, span, value) in table.all() {
        if !known.contains(&name) {
            let (key, suggestion) = (name.to_owned(), nearest(name, known));
            return Err(reader.error(span, DefinitionErrorKind::UnknownKey { key, suggestion }));
        }
        let text = match (value.value.as_str(), value.value.as_integer(), value.value.as_float()) {
            (Some(text), ..) => text.to_owned(),
            (_, Some(number), _) => number.as_str().to_owned(),
            (.., Some(number)) => number.as_str().to_owned(),
            _ => return Err(table.wrong(&value, "a text or a number")),
        };
        values.push((name.to_owned(), text));
    }
    Ok(Expectation(values))
}
