//! Findings as messages: what people and programs get, and that no log can make a message too large.
#![allow(clippy::unwrap_used, reason = "tests")]

use flow_detect::{Deltas, Finding, Groups, Language, Mode, RuleSet, Severity, Status, Watermark};
use flow_enrich::{EnrichedFlow, Origin, Tables};
use flow_output::{MAX_MESSAGE, Message, insights_link, narrowed_query};
use flow_query::{Program, Query, Settings};
use flow_record::RecordFormat;
use flow_testkit::Flow;
use proptest::prelude::*;
use serde_json::Value;

const ORIGIN: Origin<'_> = Origin {
    account: Some("123456789012"),
    region: Some("ap-northeast-1"),
    log_group: Some("/aws/vpc/flow-logs"),
    log_stream: Some("eni-1-all"),
    event_id: None,
    timestamp: None,
};

/// Runs the built-in rules over lines and hands their findings to `check`.
fn with_findings(lines: &[String], origin: Origin<'_>, check: impl FnOnce(&[Finding<'_>])) {
    with_findings_of(&RecordFormat::default(), lines, origin, check);
}

fn with_findings_of(
    format: &RecordFormat,
    lines: &[String],
    origin: Origin<'_>,
    check: impl FnOnce(&[Finding<'_>]),
) {
    let (rules, tables) = (RuleSet::defaults(), Tables::default());
    let active = rules.for_format(format, Mode::Off);
    let mut deltas = Deltas::default();
    for line in lines {
        let line = format.parse(line).unwrap();
        deltas.observe(&active, &EnrichedFlow { record: line.record(), origin: &origin, tables: &tables });
    }
    let mut groups = Groups::new(1000);
    for delta in deltas {
        groups.merge(delta);
    }
    check(&groups.findings(&rules, Watermark::End));
}

fn refused_ping() -> Vec<String> {
    vec![Flow::icmp("203.0.113.12", "172.31.16.139").rejected().at(1_700_000_000).line()]
}

fn shown(message: &Message) -> String {
    let body: Value = serde_json::from_str(&message.body).unwrap();
    let attributes: Vec<_> = message
        .attributes
        .iter()
        .map(|a| format!("{}{} = {}", a.name, if a.is_number { " (number)" } else { "" }, a.value))
        .collect();
    let texts = ["email", "sms"].map(|name| body[name].as_str().unwrap_or_default().to_owned());
    let body = if message.is_per_protocol {
        texts.join("\n---\n")
    } else {
        serde_json::to_string_pretty(&body).unwrap()
    };
    format!("{}\n{}\n\n{body}", message.subject, attributes.join("\n"))
}

#[test]
fn a_refused_ping_as_every_message() {
    with_findings(&refused_ping(), ORIGIN, |findings| {
        let [finding] = findings else { unreachable!("one finding") };
        let link = insights_link(finding, None);
        for (name, message) in [
            ("finding", Message::of_finding(finding, link.as_deref())),
            ("alert_en", Message::of_alert(finding, Language::English, link.as_deref(), Some(1_700_000_100))),
            (
                "alert_ja",
                Message::of_alert(finding, Language::Japanese, link.as_deref(), Some(1_700_000_100)),
            ),
            ("chat_ja", Message::of_chat(finding, Language::Japanese, link.as_deref(), Some(1_700_000_100))),
        ] {
            insta::assert_snapshot!(name, shown(&message));
        }
    });
}

/// Ten minutes of pings, told before.
#[test]
fn every_status_in_words() {
    let ping = |n: u64| Flow::icmp("203.0.113.12", "172.31.16.139").rejected().at(1_700_000_000 + n * 60);
    let pings: Vec<_> = (0..10).map(|n| ping(n).line()).collect();
    with_findings(&pings, ORIGIN, |findings| {
        let told_before = [Status::Ongoing, Status::SeverityRaised, Status::Resolved];
        let mut shown = Vec::new();
        for status in told_before {
            let finding = Finding { status, severity: Severity::High, ..findings[0].clone() };
            for language in [Language::English, Language::Japanese] {
                let message = Message::of_alert(&finding, language, None, None);
                let body: Value = serde_json::from_str(&message.body).unwrap();
                let text = body["email"].as_str().unwrap().lines().take(7).collect::<Vec<_>>().join("\n");
                shown.push(format!("{}\n{}\n{text}", message.subject, body["sms"].as_str().unwrap()));
            }
            let message = Message::of_finding(&finding, None);
            let body: Value = serde_json::from_str(&message.body).unwrap();
            assert_eq!((&body["status"], &body["severity"]), (&status.name().into(), &"high".into()));
            let attribute = |name| message.attributes.iter().find(|a| a.name == name).unwrap().value.clone();
            assert_eq!(["status", "severity", "severity_id"].map(attribute), [status.name(), "high", "4"]);
        }
        insta::assert_snapshot!("told_before", shown.join("\n\n"));
    });
}

#[test]
fn a_link_leads_to_the_console_or_nowhere() {
    for (region, host) in [
        ("eu-west-1", Some("https://eu-west-1.console.aws.amazon.com/")),
        ("evil.example/#", None),
        ("eu-west-1@evil.example", None),
        ("", None),
    ] {
        with_findings(&refused_ping(), Origin { region: Some(region), ..ORIGIN }, |findings| {
            let link = insights_link(&findings[0], None);
            assert_eq!(link.is_some(), host.is_some(), "{region}");
            assert!(link.is_none_or(|link| link.starts_with(host.unwrap_or_default())), "{region}");
            let known = "https://eu-west-1.console.aws.amazon.com/";
            assert!(insights_link(&findings[0], Some("eu-west-1")).unwrap().starts_with(known), "{region}");
            assert_eq!(
                insights_link(&findings[0], Some("evil.example/x")).is_some(),
                host.is_some(),
                "{region}"
            );
        });
    }
}

/// A VPC in the records keeps them apart instead of the log group; the link still leads into it.
#[test]
fn records_with_a_vpc_have_a_link_too() {
    const FORMAT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                          start end action log-status vpc-id subnet-id";
    let lines: Vec<_> =
        refused_ping().iter().map(|line| format!("5{} vpc-0abc subnet-0abc", &line[1..])).collect();
    with_findings_of(&FORMAT.parse().unwrap(), &lines, ORIGIN, |findings| {
        let [finding] = findings else { unreachable!("one finding") };
        assert_eq!((finding.scope.vpc.as_deref(), &finding.scope.log_group), (Some("vpc-0abc"), &None));
        let link = insights_link(finding, None).unwrap();
        assert!(link.ends_with("~source~(~'*2faws*2fvpc*2fflow-logs))"), "{link}");
    });
}

/// Lines of a file have no log group to link to: what would be linked to stands there, to paste.
#[test]
fn without_a_link_an_alert_has_the_query() {
    with_findings(&refused_ping(), Origin::default(), |findings| {
        assert_eq!(insights_link(&findings[0], Some("eu-west-1")), None);
        for language in [Language::English, Language::Japanese] {
            let message = Message::of_alert(&findings[0], language, None, None);
            let body: Value = serde_json::from_str(&message.body).unwrap();
            let line = body["email"].as_str().unwrap().lines().last().unwrap();
            let (label, query) = line.trim_start().split_once("  ").unwrap();
            assert_eq!((label, query), ("Logs Insights", &*narrowed_query(&findings[0]).replace('\n', " ")));
        }
        let finding: Value = serde_json::from_str(&Message::of_finding(&findings[0], None).body).unwrap();
        assert_eq!(
            (&finding["query"], finding["links"].to_string()),
            (&narrowed_query(&findings[0]).into(), "{}".into())
        );
    });
}

#[test]
fn an_alert_has_the_same_text_for_mail_and_for_every_other_protocol() {
    with_findings(&refused_ping(), ORIGIN, |findings| {
        let message = Message::of_alert(&findings[0], Language::English, None, None);
        let body: Value = serde_json::from_str(&message.body).unwrap();
        assert!(message.is_per_protocol && body["default"].is_string());
        assert_eq!(body["default"], body["email"]);
        assert!(message.attributes.is_empty(), "SNS does not send them with such messages");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever stands in a log: subjects stay ASCII and short, bodies small and JSON.
    #[test]
    fn no_log_makes_a_message_too_large(
        interface in "\\PC{1,50}",
        times in 1_usize..900,
        group in "\\PC{0,600}",
        region in "[a-z\\PC]{0,40}",
    ) {
        let interface = format!("x{}", interface.replace([' ', '\r', '\n'], "_")).repeat(times);
        prop_assume!(interface.len() < 60_000);
        let both = |n: u16| [Flow::tcp("203.0.113.9", 50_000 + n, "10.0.0.5", 22), Flow::tcp("10.0.0.5", 22, "203.0.113.9", 50_000 + n)];
        let lines: Vec<_> = (0..7).flat_map(both).map(|flow| flow.interface(&interface).line()).collect();
        let origin = Origin { log_group: Some(&group), region: Some(&region), account: Some(&group), ..ORIGIN };
        with_findings(&lines, origin, |findings| {
            assert_eq!(findings.len(), 1);
            let query = Query::parse(&narrowed_query(&findings[0])).unwrap();
            assert!(Program::compile(&query, Settings { portable: true, ..Settings::default() }).is_ok(), "{query}");
            let link = insights_link(&findings[0], None);
            for message in [
                Message::of_finding(&findings[0], link.as_deref()),
                Message::of_alert(&findings[0], Language::Japanese, link.as_deref(), Some(1_700_000_100)),
                Message::of_alert(&findings[0], Language::English, None, Some(1_700_000_100)),
                Message::of_chat(&findings[0], Language::English, link.as_deref(), Some(1_700_000_100)),
            ] {
                assert!(message.size() <= MAX_MESSAGE, "{}", message.size());
                assert!(serde_json::from_str::<Value>(&message.body).is_ok());
                assert!(message.attributes.len() <= 10 && message.attributes.iter().all(|a| !a.value.is_empty()));
                let subject = &message.subject;
                assert!(subject.len() <= 100 && subject.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{subject:?}");
            }
        });
    }
}
