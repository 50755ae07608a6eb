//! The digest: every finding is counted, the worst come first, and neither their number nor any log makes it too
//! large.
#![allow(clippy::unwrap_used, reason = "tests")]

use flow_detect::{Deltas, Finding, Groups, Language, Mode, RuleSet, Severity, Watermark};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_output::{Digest, MAX_MESSAGE, Message};
use flow_query::{KeyPart, Value};
use flow_record::RecordFormat;
use flow_testkit::Flow;
use proptest::prelude::*;

/// The findings of the built-in rules over a storm: 30 sources ping, some more often than others, and SSH answers one.
fn with_storm(check: impl FnOnce(&[Finding<'_>])) {
    let at = |n: u64| 1_700_000_000 + n;
    let pings = (0..30_u64).flat_map(|source| {
        let address = format!("203.0.113.{source}");
        (0..=source % 7).map(move |n| Flow::icmp(&address, "172.31.16.139").rejected().at(at(n)).line())
    });
    let ssh = [
        Flow::tcp("203.0.113.200", 50_000, "10.0.0.5", 22).at(at(90)).line(),
        Flow::tcp("10.0.0.5", 22, "203.0.113.200", 50_000).at(at(90)).line(),
    ];
    let (rules, format, tables) = (RuleSet::defaults(), RecordFormat::default(), Tables::default());
    let active = rules.for_format(&format, Mode::Off);
    let mut deltas = Deltas::default();
    for line in pings.chain(ssh) {
        let line = format.parse(&line).unwrap();
        let flow = EnrichedFlow { record: line.record(), origin: &Origin::default(), tables: &tables };
        deltas.observe(&active, &flow);
    }
    let mut groups = Groups::new(1000);
    for delta in deltas {
        groups.merge(delta);
    }
    check(&groups.findings(&rules, Watermark::End));
}

fn body(message: &Message) -> serde_json::Value {
    serde_json::from_str(&message.body).unwrap()
}

#[test]
fn a_storm_in_one_text() {
    with_storm(|findings| {
        let digest = Digest::new(findings, 20);
        for (name, language) in [("en", Language::English), ("ja", Language::Japanese)] {
            let message = Message::of_digest(&digest, language);
            let body = body(&message);
            assert_eq!(body["default"], body["email"]);
            let (email, sms) = (body["email"].as_str().unwrap(), body["sms"].as_str().unwrap());
            insta::assert_snapshot!(name, format!("{}\n---\n{sms}\n---\n{email}", message.subject));
        }
        let chat = body(&Message::of_chat_digest(&digest, Language::English));
        assert_eq!((&chat["version"], &chat["source"]), (&"1.0".into(), &"custom".into()));
        assert!(chat["content"]["description"].as_str().unwrap().contains("... and 25 more"));
    });
}

/// 30 rules with titles as long as they may be.
fn rules() -> RuleSet {
    let rule = |n: usize| {
        format!(
            "id = \"{n:0>64}\"\ntype = \"Recon:VPC/X\"\nseverity = \"low\"\nmode = \"notify\"\ntechnique = \"T1046\"\n\
             title = {{ en = \"{title}\", ja = \"{title}\" }}\nexplain = {{ en = \"\", ja = \"\" }}\n\
             advice = {{ en = [], ja = [] }}\nwindow = \"1h\"\nquery = '''filter action = \"REJECT\" \
             | stats count(*) as n by srcAddr, interfaceId | filter n > 0'''\n",
            title = "\\\"".repeat(200),
        )
    };
    let files: Vec<_> = (0..30).map(|n| (format!("{n}.toml"), rule(n))).collect();
    RuleSet::only_files(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap()
}

/// What the counts of a digest's rules add up to.
fn counted(text: &str) -> u64 {
    let of_rule = |line: &&str| line.starts_with("  [LOW] ") || line.contains(" other rules: ");
    let count = |line: &str| line.rsplit_once(": ").unwrap().1.replace(',', "").parse::<u64>().unwrap();
    text.lines().filter(of_rule).map(count).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn everything_is_counted_and_nothing_makes_it_too_large(
        hostile in "[\\PC\\p{Cc}\"\\\\`\u{202e}]{0,400}",
        count in 1_usize..3000,
        value in any::<i64>(),
        told in any::<u32>(),
    ) {
        let rules = rules();
        with_storm(|findings| {
            let mut hostile_one = findings[0].clone();
            let text = || KeyPart::Text(hostile.as_str().into());
            hostile_one.subject = vec![("srcAddr".to_owned(), text()), ("interfaceId".to_owned(), text())];
            hostile_one.episode.values = vec![Value::Integer(value)];
            hostile_one.severity = Severity::Low;
            let of_rule = |n| Finding { rule: rules.rule(n % rules.rules().len()), ..hostile_one.clone() };
            let findings: Vec<_> = (0..count).map(of_rule).collect();
            let digest = Digest::new(&findings, u64::from(told));
            for language in [Language::English, Language::Japanese] {
                let text = digest.text(language);
                assert!(text.body.len() < 32_000, "{}", text.body.len());
                let is_safe = |c: char| c == '\n' || !c.is_control() && c != '\u{202e}';
                assert!(text.body.chars().all(is_safe));
                for message in [Message::of_digest(&digest, language), Message::of_chat_digest(&digest, language)] {
                    assert!(message.size() < MAX_MESSAGE * 3 / 4, "{}", message.size());
                    assert!(body(&message).is_object());
                    let subject = &message.subject;
                    assert!(subject.len() <= 100 && subject.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
                }
            }
            assert_eq!(counted(&digest.text(Language::English).body), count as u64);
        });
    }
}

#[test]
fn the_worst_and_the_largest_come_first_whatever_the_order() {
    with_storm(|findings| {
        let mut reversed = findings.to_vec();
        reversed.reverse();
        let text = Digest::new(findings, 0).text(Language::English);
        assert_eq!(text, Digest::new(&reversed, 0).text(Language::English));
        let place = |needle: &str| text.body.find(needle).unwrap();
        assert!(place("[HIGH]") < place("[MEDIUM]") && place("refused = 7") < place("refused = 6"));
        assert!(!text.body.contains("refused = 1,"));
    });
}

#[test]
fn one_finding_or_none_is_still_a_text() {
    assert!(Digest::new(&[], 0).text(Language::English).heading.contains("0 findings"));
    with_storm(|findings| {
        let text = Digest::new(&findings[..1], 0).text(Language::English);
        assert!(text.heading.contains("] 1 finding listed here"), "{}", text.heading);
    });
}
