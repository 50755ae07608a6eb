//! Findings to observe.

use flow_detect::{Deltas, Finding, Groups, Mode, RuleSet, Watermark, Window};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_query::Value;
use flow_record::RecordFormat;
use flow_testkit::Flow;

pub(crate) const WINDOW: u64 = 720;
pub(crate) const LATENESS: u64 = 900;
pub(crate) const REPEAT: u64 = 7200;
/// The end of an episode's span to its resolution.
pub(crate) const QUIET: u64 = 3 * WINDOW + LATENESS;

/// One rule over refused records by source, with a window of 12 minutes.
pub(crate) fn rules(severity: &str, mode: &str) -> RuleSet {
    let text = format!(
        "id = \"x\"\ntype = \"Recon:VPC/X\"\nseverity = \"{severity}\"\nmode = \"{mode}\"\ntechnique = \"T1046\"\n\
         title = {{ en = \"\", ja = \"\" }}\nexplain = {{ en = \"{{n}}\", ja = \"\" }}\n\
         advice = {{ en = [], ja = [] }}\nwindow = \"12m\"\nrepeat = \"2h\"\n\
         query = '''filter action = \"REJECT\" | stats count(*) as n, max(dstPort) as port by srcAddr | filter n > 0'''\n"
    );
    RuleSet::only_files([("x.toml", text.as_str())]).unwrap_or_else(|errors| panic!("{}", errors[0]))
}

/// What these lines lead to.
pub(crate) fn findings<'r>(rules: &'r RuleSet, lines: &[String]) -> Vec<Finding<'r>> {
    let (format, tables) = (RecordFormat::default(), Tables::default());
    let active = rules.for_format(&format, Mode::Off);
    let origin = Origin { account: Some("123456789012"), region: Some("eu-west-1"), ..Origin::default() };
    let mut deltas = Deltas::default();
    for line in lines {
        let line = format.parse(line).unwrap();
        deltas.observe(&active, &EnrichedFlow { record: line.record(), origin: &origin, tables: &tables });
    }
    let mut groups = Groups::new(1000);
    for delta in deltas {
        groups.merge(delta);
    }
    groups.findings(rules, Watermark::End)
}

/// One source's episode over this span that counted `n`.
pub(crate) fn finding(rules: &RuleSet, span: (u64, u64), n: i64) -> Finding<'_> {
    let line = Flow::tcp("198.51.100.7", 40_000, "10.0.0.5", 22).rejected().line();
    let mut finding = findings(rules, &[line]).remove(0);
    let (start, end) = span;
    finding.episode.span = Window { start, end };
    finding.episode.window = Window { start, end: start + WINDOW };
    finding.episode.values[0] = Value::Integer(n);
    finding.episode.totals[0] = Some(Value::Integer(n));
    finding.episode.first_seen = start;
    finding.episode.last_seen = end;
    finding
}
