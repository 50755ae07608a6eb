//! What is stored: readable, typed, of one version.

use flow_detect::{
    EpisodeRecord, Finding, FindingSnapshot, RECORD_SCHEMA, RecordError, RuleSet, Status, Teller,
};
use flow_testkit::Flow;

use crate::findings::{finding, findings, rules};

const T: u64 = 1_700_000_000;

fn record() -> EpisodeRecord {
    let rules = rules("low", "notify");
    let teller = Teller { token: "token", now: T, lease: 45 };
    EpisodeRecord::observe(None, &finding(&rules, (T, T + 720), 5), None, teller).record
}

#[test]
fn a_record_reads_well() {
    let told = record().confirm_withheld("token", T + 2, T + 300).unwrap();
    let json: serde_json::Value = serde_json::from_str(&told.to_json()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap());
    let json: serde_json::Value = serde_json::from_str(&record().to_json()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["claim"]).unwrap());
}

#[test]
fn only_this_version_is_read() {
    let json = record().to_json();
    let schema = |json: &str| match EpisodeRecord::from_json(json) {
        Err(RecordError::Schema { found }) => found.unwrap_or_default(),
        other => panic!("{other:?}"),
    };
    assert_eq!(schema(&json.replace(RECORD_SCHEMA, "flowgauge.episode/2")), "flowgauge.episode/2");
    assert_eq!(schema("{}"), "");
    for other in [
        json.replace("\"episode\":1,", "\"episode\":1,\"more\":2,"),
        json.replace("\"span\":{", "\"span\":{\"middle\":1,"),
        json.replace("\"episode\":1,", ""),
        json.replace("\"integer\":5", "\"integers\":5"),
        "not JSON".to_owned(),
    ] {
        assert!(matches!(EpisodeRecord::from_json(&other), Err(RecordError::Shape(_))), "{other}");
    }
    let renamed = json.replace(RECORD_SCHEMA, "flowgauge.episode/2");
    assert!(serde_json::from_str::<EpisodeRecord>(&renamed).is_err(), "nor by the way around");
}

#[test]
fn every_built_in_finding_comes_back() {
    let rules = RuleSet::defaults();
    let tries =
        |n: u16| Flow::tcp("198.51.100.7", 40_000 + n, "10.0.0.5", 22).rejected().at(T + u64::from(n));
    let lines: Vec<_> = (0..120).map(|n| tries(n).line()).collect();
    let pings = [Flow::icmp("2001:db8::7", "2001:db8:1::5").rejected().at(T).line()];
    let transfer = [Flow::tcp("10.0.0.5", 40_000, "203.0.113.9", 443).bytes(80_000_000_000).at(T).line()];
    let found = findings(&rules, &[&lines[..], &pings, &transfer].concat());
    assert!(found.len() > 2);
    for finding in found {
        let restored = Finding::restore(&FindingSnapshot::of(&finding), &rules, Status::New).unwrap();
        assert_eq!(format!("{finding:?}"), format!("{restored:?}"));
    }
}

#[test]
fn a_rewritten_rule_tells_what_is_left() {
    let rules = rules("low", "notify");
    let snapshot = FindingSnapshot::of(&finding(&rules, (T, T + 720), 5));
    let renamed = |name: &str| {
        let text = "id = \"x\"\ntype = \"Recon:VPC/X\"\nseverity = \"high\"\nmode = \"notify\"\ntechnique = \"T1046\"\n\
             title = { en = \"\", ja = \"\" }\nexplain = { en = \"{m}\", ja = \"\" }\nadvice = { en = [], ja = [] }\n\
             window = \"12m\"\nquery = '''filter action = \"REJECT\" | stats count(*) as m by srcAddr | filter m > 0'''\n";
        RuleSet::only_files([(name, text)]).unwrap_or_else(|errors| panic!("{}", errors[0]))
    };
    let rewritten = renamed("x.toml");
    let restored = Finding::restore(&snapshot, &rewritten, Status::Ongoing).unwrap();
    assert_eq!(
        (restored.severity.name(), restored.explanation(flow_detect::Language::English)),
        ("low", "-".into())
    );
    let teller = Teller { token: "other", now: T + 60, lease: 45 };
    let again = finding_of(&rewritten);
    let step = EpisodeRecord::observe(Some(record()), &again, None, teller);
    let told = step.record.finding(&rewritten, Status::New).unwrap();
    assert_eq!(
        (told.explanation(flow_detect::Language::English), told.severity.name()),
        ("1".into(), "high")
    );
}

fn finding_of(rules: &RuleSet) -> Finding<'_> {
    let mut finding =
        findings(rules, &[Flow::tcp("198.51.100.7", 40_000, "10.0.0.5", 22).rejected().at(T).line()]);
    finding.remove(0)
}
