//! Rules, lines and batches for tests of state.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fmt::Write as _;

use flow_detect::{Delta, Deltas, Finding, Mode, RuleSet};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_record::RecordFormat;
use flow_testkit::Flow;

/// The first second of a pane of any length in use here.
pub(crate) const START: u64 = 1_699_999_200;

/// A clock past all records.
pub(crate) const NOW: u64 = START + 5000;

/// What one batch adds.
pub(crate) struct Batch {
    pub(crate) deltas: Vec<Delta>,
    pub(crate) fingerprint: u128,
}

/// A local rule over refused records: windows of 12 panes of a minute, lateness of 15 minutes.
pub(crate) fn rule(id: &str, stats: &str, closing: &str) -> String {
    format!(
        "id = \"{id}\"\ntype = \"Recon:VPC/X\"\nseverity = \"low\"\nmode = \"notify\"\ntechnique = \"T1046\"\n\
         title = {{ en = \"\", ja = \"\" }}\nexplain = {{ en = \"\", ja = \"\" }}\nadvice = {{ en = [], ja = [] }}\n\
         window = \"12m\"\nquery = '''filter action = \"REJECT\" \
         | stats {stats} by interfaceId, srcAddr | filter {closing}'''\n"
    )
}

/// A rule set of these texts alone.
pub(crate) fn rules(texts: &[String]) -> RuleSet {
    let files: Vec<_> = texts.iter().map(|text| ("x.toml", text.as_str())).collect();
    RuleSet::only_files(files).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

/// A rule whose windows have to close.
pub(crate) fn closed_rules() -> RuleSet {
    rules(&[rule("x", "count(*) as n", "n < 5")])
}

/// A refused record of one of a few sources, this many seconds after [`START`].
pub(crate) fn record(source: u8, offset: u64, port: u16) -> String {
    let flow = Flow::tcp(&format!("198.51.100.{source}"), 40_000, "10.0.0.5", port);
    flow.rejected().bytes(u64::from(port) * 3).at(START + offset).line()
}

/// A refused record of this source.
pub(crate) fn refused_at(source: &str, at: u64) -> String {
    Flow::tcp(source, 40_000, "10.0.0.5", 22).rejected().at(at).line()
}

/// What these lines add.
pub(crate) fn batch(rules: &RuleSet, lines: &[String]) -> Vec<Delta> {
    batch_from(Origin { region: Some("eu-central-1"), ..Origin::default() }, rules, lines)
}

/// What these lines of one origin add.
pub(crate) fn batch_from(origin: Origin<'_>, rules: &RuleSet, lines: &[String]) -> Vec<Delta> {
    batch_of(&RecordFormat::default(), origin, rules, lines)
}

/// What records of the default format add that a log group in a VPC has.
pub(crate) fn batch_in_vpc(log_group: &str, rules: &RuleSet, lines: &[String]) -> Vec<Delta> {
    const FORMAT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                          start end action log-status vpc-id";
    let lines: Vec<_> = lines.iter().map(|line| format!("{line} vpc-1")).collect();
    let origin = Origin { log_group: Some(log_group), ..Origin::default() };
    batch_of(&FORMAT.parse().unwrap(), origin, rules, &lines)
}

fn batch_of(format: &RecordFormat, origin: Origin<'_>, rules: &RuleSet, lines: &[String]) -> Vec<Delta> {
    let tables = Tables::default();
    let active = rules.for_format(format, Mode::Off);
    let mut deltas = Deltas::default();
    for line in lines {
        let line = format.parse(line).unwrap();
        deltas.observe(&active, &EnrichedFlow { record: line.record(), origin: &origin, tables: &tables });
    }
    deltas.into_iter().collect()
}

/// Everything of findings but their sample lines, of which fewer are kept between invocations.
pub(crate) fn facts(findings: &[Finding<'_>]) -> String {
    let mut text = String::new();
    for finding in findings {
        let episode = &finding.episode;
        writeln!(text, "{} {} {:?} {:?}", finding.id, finding.rule.id, finding.subject, finding.scope)
            .unwrap();
        writeln!(text, "{:?} {:?} {:?}", episode.window, episode.values, episode.totals).unwrap();
        writeln!(text, "{} {} {:?}", episode.first_seen, episode.last_seen, finding.interface).unwrap();
        writeln!(text, "{:?}", finding.log_group).unwrap();
    }
    text
}

/// The same item with its content not deflated.
pub(crate) fn plain(written: &[u8]) -> Vec<u8> {
    if written[3] == 0 {
        return written.to_vec();
    }
    let end = 4 + written[4..].iter().position(|byte| *byte < 0x80).unwrap() + 1;
    let mut content = Vec::with_capacity(1 << 20);
    let mut stream = flate2::Decompress::new(false);
    stream.decompress_vec(&written[end..], &mut content, flate2::FlushDecompress::Finish).unwrap();
    [b"FG\x04\0", content.as_slice()].concat()
}
