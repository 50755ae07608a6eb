//! More rules than are built in, to see what one more costs.

use flow_detect::RuleSet;

/// As busy as a built-in one: it is asked of most records and matches few.
const RULE: &str = r#"
id = "more-NUMBER"
type = "Recon:VPC/More"
title = { en = "more", ja = "more" }
severity = "low"
mode = "notify"
technique = "T1046"
window = "10m"
query = '''
filter action = "ACCEPT" and protocol = 6 and bytes > packets * 1400 and dstExternal = 1 and side = "request" and dstPort != NUMBER
| stats count(*) as flows, count_distinct(dstAddr) as hosts by interfaceId, srcAddr
| filter flows >= 1000000
'''
explain = { en = "more", ja = "more" }
advice = { en = ["a", "b", "c"], ja = ["a", "b", "c"] }
"#;

/// `number` of them.
fn texts(number: usize) -> Vec<(String, String)> {
    let text = |place: usize| (format!("more-{place}"), RULE.replace("NUMBER", &place.to_string()));
    (0..number).map(text).collect()
}

/// The built-in rules and so many more.
pub fn built_in_and(more: usize) -> RuleSet {
    let texts = texts(more);
    let files = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    RuleSet::with_files(files).expect("a rule")
}

/// So many rules, no built-in one among them.
pub fn only(number: usize) -> RuleSet {
    let texts = texts(number);
    let files = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    RuleSet::only_files(files).expect("a rule")
}
