//! Findings to suppress: of some built-in rules, and of rules that group by little.

use std::sync::LazyLock;

use flow_detect::{Finding, Mode, RuleSet};
use flow_enrich::Tables;
use flow_envelope::Limits;
use flow_pipeline::{Detection, DetectionSettings};
use flow_record::RecordFormat;
use flow_testkit::Flow;

pub(crate) const NOON: u64 = 1_700_006_400;

/// Some of the built-in rules, and some that group by what no entry names, or by what only some name.
pub(crate) static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let built_in = [
        ("exposed.toml", include_str!("../../../../rules/admin-port-exposed.toml")),
        ("tries.toml", include_str!("../../../../rules/admin-port-tries.toml")),
        ("large.toml", include_str!("../../../../rules/large-transfer.toml")),
        ("ping.toml", include_str!("../../../../rules/ping-denied.toml")),
        ("skipdata.toml", include_str!("../../../../rules/skipdata.toml")),
    ];
    let files = ["action", "dstPort", "dstAddr", "protocol"].map(|name| {
        let id = format!("by-{}", name.to_ascii_lowercase());
        (format!("{id}.toml"), rule(&id, name))
    });
    RuleSet::only_files(built_in.into_iter().chain(files.iter().map(|(name, text)| (&**name, &**text))))
        .unwrap()
});

fn rule(id: &str, by: &str) -> String {
    format!(
        r#"
id = "{id}"
type = "Recon:VPC/Test"
title = {{ en = "test", ja = "test" }}
severity = "low"
mode = "notify"
technique = "T1110"
window = "1h"
query = 'filter action = "REJECT" | stats count(*) as flows by {by} | filter flows > 2'
explain = {{ en = "test", ja = "test" }}
advice = {{ en = [], ja = [] }}
"#
    )
}

/// A finding of each rule at least.
pub(crate) static FINDINGS: LazyLock<Vec<Finding<'static>>> = LazyLock::new(|| {
    static TABLES: LazyLock<Tables> = LazyLock::new(Tables::default);
    static FORMAT: LazyLock<RecordFormat> = LazyLock::new(RecordFormat::default);
    let mut detection = Detection::new(DetectionSettings {
        rules: &RULES,
        quietest: Mode::Off,
        format: &FORMAT,
        tables: &TABLES,
        limits: Limits::default(),
        max_groups: 1000,
    });
    detection.read(lines().join("\n").as_bytes()).unwrap();
    let findings = detection.findings();
    for rule in RULES.rules() {
        assert!(findings.iter().any(|finding| finding.rule.id == rule.id), "no finding by {}", rule.id);
    }
    findings
});

/// The first finding by the rule with this id.
pub(crate) fn finding_of(rule: &str) -> &'static Finding<'static> {
    FINDINGS.iter().find(|finding| finding.rule.id == rule).unwrap()
}

fn lines() -> Vec<String> {
    let tries = (0..101).map(|n| Flow::tcp("198.51.100.7", 40000, "10.0.0.5", 22).rejected().at(NOON + n));
    let fan_out = (1..60).map(|n| Flow::tcp("10.0.0.9", 50000, &format!("10.0.1.{n}"), 443).at(NOON));
    let others = [
        Flow::tcp("203.0.113.9", 50000, "10.0.0.5", 22).at(NOON),
        Flow::tcp("10.0.0.5", 22, "203.0.113.9", 50000).at(NOON),
        Flow::tcp("2001:db8::9", 50000, "2600::5", 3306).interface("eni-six").at(NOON),
        Flow::tcp("10.0.0.5", 50000, "10.0.0.6", 873).bytes(2 << 30).at(NOON),
        Flow::icmp("203.0.113.9", "10.0.0.5").rejected().at(NOON),
    ];
    let gap = format!("2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - {NOON} {} - SKIPDATA", NOON + 59);
    tries.chain(fan_out).chain(others).map(|flow| flow.line()).chain([gap]).collect()
}
