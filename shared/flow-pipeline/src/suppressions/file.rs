//! A file of suppressions to its entries: TOML, checked to the last key.

use std::net::IpAddr;

use flow_detect::{DefinitionError, DefinitionErrorKind, MAX_MISTAKES, Placed, Rule, TableReader, TomlFile};
use flow_enrich::parse_network;
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::Suppression;

type Read<T> = Result<T, DefinitionError>;

/// The most entries of a file.
pub const MAX_SUPPRESSIONS: usize = 10_000;

const MAX_REASON: usize = 1000;
/// The longest text that is kept of an interface, as a group's key.
const MAX_INTERFACE: usize = 1024;

/// A key of a `[[suppress]]` entry.
#[derive(Debug, Clone, Copy)]
pub struct SuppressionKey {
    /// Its name.
    pub name: &'static str,
    /// A value as it is written.
    pub example: &'static str,
    /// Whether every entry has it.
    pub is_required: bool,
    /// What it says of findings.
    pub meaning: &'static str,
}

/// The keys of an entry.
pub const SUPPRESSION_KEYS: [SuppressionKey; 6] = [
    SuppressionKey {
        name: "rule",
        example: "\"admin-port-tries\"",
        is_required: false,
        meaning: "the finding is by the rule with this id",
    },
    SuppressionKey {
        name: "cidr",
        example: "\"198.51.100.7/32\"",
        is_required: false,
        meaning: "an address of the finding's subject, source or destination, is in this network",
    },
    SuppressionKey {
        name: "interface",
        example: "\"eni-0a1b2c3d4e5f60718\"",
        is_required: false,
        meaning: "the finding is about this network interface, or was seen at no other",
    },
    SuppressionKey {
        name: "port",
        example: "22",
        is_required: false,
        meaning: "`dstPort` of the finding's subject",
    },
    SuppressionKey {
        name: "reason",
        example: "\"our vulnerability scanner, ticket 4711\"",
        is_required: true,
        meaning: "why nobody needs to be told, at most 1000 bytes; shown where findings are suppressed",
    },
    SuppressionKey {
        name: "until",
        example: "2027-02-18",
        is_required: true,
        meaning: "the last day in UTC, or a date and time with offset such as 2027-02-18T09:00:00+09:00; no quotes",
    },
];

/// The entries in the file's order.
pub(super) fn read(name: &str, text: &str) -> Result<Vec<Suppression>, Vec<DefinitionError>> {
    let file = TomlFile::parse(name, text)?;
    let mut mistakes = Mistakes::default();
    let mut top = file.top();
    let given = top.optional("suppress");
    let tables = given.and_then(|given| mistakes.note(tables(&top, &given))).unwrap_or_default();
    top.unknown_keys().take(MAX_MISTAKES).for_each(|unknown| mistakes.add(unknown));
    let lines = Lines::of(text);
    let mut entries = Vec::with_capacity(tables.len());
    for table in &tables {
        if mistakes.are_enough() {
            break;
        }
        if let Some(mut reader) = mistakes.note(top.table(table, "a [[suppress]] table")) {
            let line = lines.number(reader.span().start);
            entries.extend(read_entry(&mut reader, line, &mut mistakes));
        }
    }
    mistakes.or(entries)
}

fn tables<'f>(top: &TableReader<'f>, given: &Placed<'f>) -> Read<Vec<Placed<'f>>> {
    let tables = top.items(given, "[[suppress]] tables")?;
    match tables.get(MAX_SUPPRESSIONS) {
        None => Ok(tables),
        Some(beyond) => {
            let (max, found) = (MAX_SUPPRESSIONS, tables.len());
            Err(top.error(
                beyond.span(),
                DefinitionErrorKind::TooMany { what: "[[suppress]] tables", max, found },
            ))
        }
    }
}

fn read_entry(reader: &mut TableReader<'_>, line: usize, mistakes: &mut Mistakes) -> Option<Suppression> {
    let rule = reader.optional("rule");
    let cidr = reader.optional("cidr");
    let interface = reader.optional("interface");
    let port = reader.optional("port");
    let names_nothing = [&rule, &cidr, &interface, &port].iter().all(|given| given.is_none());
    let rule = rule.and_then(|given| mistakes.note(read_rule(reader, &given)));
    let network = cidr.and_then(|given| mistakes.note(read_network(reader, &given)));
    let interface = interface.and_then(|given| mistakes.note(read_interface(reader, &given)));
    let port = port.and_then(|given| mistakes.note(read_port(reader, &given)));
    let reason = reader.required("reason").and_then(|given| read_reason(reader, &given));
    let reason = mistakes.note(reason);
    let until = reader.required("until").and_then(|given| read_until(reader, &given));
    let until = mistakes.note(until);
    let mut unknown = reader.unknown_keys().peekable();
    // A misspelt key may be the one that is missing.
    if names_nothing && unknown.peek().is_none() {
        let kind = DefinitionErrorKind::NoneOf { keys: "`rule`, `cidr`, `interface` and `port`" };
        mistakes.add(reader.error(reader.span(), kind));
    }
    unknown.take(MAX_MISTAKES).for_each(|unknown| mistakes.add(unknown));
    Some(Suppression { rule, network, interface, port, reason: reason?, until: until?, line })
}

fn read_rule(reader: &TableReader<'_>, given: &Placed<'_>) -> Read<String> {
    let expected = "the id of a rule: letters a-z, digits and hyphens";
    reader.parsed(given, expected, |id| Rule::is_id(id).then(|| id.to_owned()))
}

fn read_network(reader: &TableReader<'_>, given: &Placed<'_>) -> Read<IpNet> {
    let expected = "a network such as \"198.51.100.0/24\" or \"2001:db8::/32\"";
    let text = reader.text(given)?;
    match parse_network(text) {
        Some(network) if network == network.trunc() => Ok(network),
        // An address alone, or an address in a network: either may be meant, the likelier one is offered.
        Some(network) => Err(reader.wrong_instead(given, expected, Some(network.trunc().to_string()))),
        None => {
            let alone = text.parse::<IpAddr>().ok().map(|address| IpNet::from(address).to_string());
            Err(reader.wrong_instead(given, expected, alone))
        }
    }
}

fn read_interface(reader: &TableReader<'_>, given: &Placed<'_>) -> Read<String> {
    let fits = |text: &str| !text.is_empty() && text.len() <= MAX_INTERFACE;
    reader.parsed(given, "a network interface such as \"eni-0a1b2c3d4e5f60718\"", |text| {
        fits(text).then(|| text.to_owned())
    })
}

fn read_port(reader: &TableReader<'_>, given: &Placed<'_>) -> Read<u16> {
    let expected = "a port, a number from 0 to 65535";
    let port = reader.count(given, expected, 0..=usize::from(u16::MAX))?;
    u16::try_from(port).map_err(|_| reader.wrong(given, expected))
}

fn read_reason(reader: &TableReader<'_>, given: &Placed<'_>) -> Read<String> {
    let text = reader.text(given)?.trim();
    match text.len() {
        0 => Err(reader.wrong(given, "a reason: say why nobody needs to be told")),
        1..=MAX_REASON => Ok(text.to_owned()),
        _ => Err(reader.wrong(given, "a reason of at most 1000 bytes")),
    }
}

fn read_until(reader: &TableReader<'_>, given: &Placed<'_>) -> Read<u64> {
    let expected = "a date such as 2027-02-18, or a date and time with offset such as 2027-02-18T09:00:00Z";
    reader.time(given, expected, |text| end_of_day(text).or_else(|| moment(text)))
}

/// The first second after a day in UTC. A day before 1970 is long over.
fn end_of_day(text: &str) -> Option<u64> {
    const DAY: i64 = 86_400;
    if text.len() != "2027-02-18".len() {
        return None;
    }
    let day: Date = text.parse().ok()?;
    let start = day.duration_since(date(1970, 1, 1)).as_secs();
    Some(u64::try_from(start + DAY).unwrap_or(0))
}

/// A moment, cut to its second.
fn moment(text: &str) -> Option<u64> {
    let moment: Timestamp = text.parse().ok()?;
    Some(u64::try_from(moment.as_second()).unwrap_or(0))
}

/// What is wrong so far.
#[derive(Default)]
struct Mistakes(Vec<DefinitionError>);

impl Mistakes {
    /// What was read, or none and one more mistake.
    fn note<T>(&mut self, read: Read<T>) -> Option<T> {
        read.map_err(|mistake| self.add(mistake)).ok()
    }

    /// One more. A misspelt key is found twice, as what is missing and as what is unknown, and told once.
    fn add(&mut self, mistake: DefinitionError) {
        let is_here = |known: &DefinitionError| (known.line, known.column) == (mistake.line, mistake.column);
        let is_known =
            matches!(mistake.kind, DefinitionErrorKind::UnknownKey { .. }) && self.0.iter().any(is_here);
        if !is_known && !self.are_enough() {
            self.0.push(mistake);
        }
    }

    fn are_enough(&self) -> bool {
        self.0.len() >= MAX_MISTAKES
    }

    /// `read` if nothing is wrong, else the mistakes in the file's order.
    fn or<T>(mut self, read: T) -> Result<T, Vec<DefinitionError>> {
        self.0.sort_by_key(|mistake| (mistake.line, mistake.column));
        if self.0.is_empty() { Ok(read) } else { Err(self.0) }
    }
}

/// Where a text's lines end.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Lines(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The number of the line that a byte is in, from 1.
    fn number(&self, at: usize) -> usize {
        self.0.partition_point(|end| *end < at) + 1
    }
}
