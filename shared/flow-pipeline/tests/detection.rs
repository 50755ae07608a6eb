//! From inputs to findings: redelivered events count once, and neither cuts nor orders of inputs show.
#![allow(clippy::unwrap_used, reason = "tests")]

use flow_detect::{Mode, RuleSet};
use flow_enrich::Tables;
use flow_envelope::Limits;
use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder, gzip};
use flow_pipeline::{Detection, DetectionSettings, Report};
use flow_record::RecordFormat;
use flow_testkit::Flow;
use proptest::prelude::*;

/// The findings of `inputs`, each as id, values and times, and the report.
fn detect(inputs: &[Vec<u8>], max_groups: usize) -> (Vec<String>, Report) {
    let (rules, tables, format) = (RuleSet::defaults(), Tables::default(), RecordFormat::default());
    let mut detection = Detection::new(DetectionSettings {
        rules: &rules,
        quietest: Mode::Off,
        format: &format,
        tables: &tables,
        limits: Limits::default(),
        max_groups,
    });
    for input in inputs {
        detection.read(input.as_slice()).unwrap();
    }
    let findings = detection.findings();
    let shown = findings.iter().map(|finding| {
        let values: Vec<_> = finding.values().map(|(name, value)| format!("{name}={value}")).collect();
        let subject: Vec<_> = finding.subject.iter().map(|(name, part)| format!("{name}={part}")).collect();
        let (id, rule, episode) = (&finding.id, &finding.rule.id, &finding.episode);
        let (first, last) = (episode.first_seen, episode.last_seen);
        let (window, samples) = (episode.window, &episode.samples);
        format!("{rule} {id} {subject:?} {values:?} {window:?} {first} {last} {samples:?}")
    });
    (shown.collect(), detection.report().clone())
}

/// Lines as subscription events of `size` lines each.
fn events(lines: &[String], size: usize) -> Vec<Vec<u8>> {
    let stream = LogStream {
        owner: "123456789012",
        log_group: "/vpc",
        log_stream: "eni-1-all",
        subscription_filter: "f",
    };
    let mut encoder = SubscriptionEncoder::new(stream, EncodeLimits::default());
    let lines: Vec<(i64, &String)> = lines.iter().map(|line| (1_700_000_000_000, line)).collect();
    lines.chunks(size).flat_map(|chunk| encoder.encode(chunk).unwrap()).map(String::into_bytes).collect()
}

/// 120 refused tries on port 22 within 40 minutes.
fn tries() -> Vec<String> {
    let port = |n: u64| 40_000 + u16::try_from(n).unwrap();
    let try_at =
        |n: u64| Flow::tcp("198.51.100.7", port(n), "10.0.0.5", 22).rejected().at(1_700_000_000 + n * 20);
    (0..120).map(|n| try_at(n).line()).collect()
}

fn flows() -> impl Strategy<Value = Vec<String>> {
    let flow = (
        0_u8..4,
        0_u64..9000,
        prop::sample::select(vec![22_u16, 443, 3389, 5432]),
        0_u64..400_000_000,
        any::<bool>(),
    );
    let line = |(source, offset, port, bytes, refused): (u8, u64, u16, u64, bool)| {
        let flow = Flow::tcp(&format!("198.51.100.{source}"), 40_000, "10.0.0.5", port);
        let flow = flow.at(1_700_000_000 + offset).bytes(bytes);
        if refused { flow.rejected().line() } else { flow.line() }
    };
    prop::collection::vec(flow.prop_map(line), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn tries_over_40_events_each_twice_in_any_order(order in Just((0..80_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let events = events(&tries(), 3);
        prop_assert_eq!(events.len(), 40);
        let inputs: Vec<_> = order.iter().map(|place| events[place % 40].clone()).collect();
        let (findings, report) = detect(&inputs, 1000);
        prop_assert_eq!(findings.len(), 1);
        prop_assert!(findings[0].contains("attempts=120"), "{}", findings[0]);
        prop_assert_eq!((report.events, report.redelivered, report.lines.flows), (80, 40, 120));
    }

    #[test]
    fn cuts_and_orders_of_events_never_show(
        lines in flows(),
        size in 1_usize..40,
        seed in any::<u64>(),
        together in any::<bool>(),
    ) {
        let mut cut = events(&lines, size);
        // A cheap shuffle that proptest can shrink: rotate and reverse by the seed.
        let turn = usize::try_from(seed % cut.len() as u64).unwrap();
        cut.rotate_left(turn);
        if seed & 1 == 1 {
            cut.reverse();
        }
        let inputs = if together { vec![gzip(&cut.join(&b"\n"[..]))] } else { cut };
        prop_assert_eq!(detect(&inputs, 1000).0, detect(&events(&lines, lines.len()), 1000).0);
    }

    #[test]
    fn files_cut_anywhere_are_the_same(lines in flows(), cut in 0_usize..150) {
        let (left, right) = lines.split_at(cut.min(lines.len()));
        let inputs = [right.join("\n").into_bytes(), left.join("\r\n").into_bytes()];
        prop_assert_eq!(detect(&inputs, 1000).0, detect(&[lines.join("\n").into_bytes()], 1000).0);
    }
}

#[test]
fn no_room_is_counted() {
    // Two rules group these flows: one by their targets, one by their source.
    let target = |n| Flow::tcp("198.51.100.7", 1, &format!("10.0.0.{n}"), 22).rejected().line();
    let lines: Vec<_> = (0..10).map(target).collect();
    let (_, report) = detect(&[lines.join("\n").into_bytes()], 3);
    assert_eq!(report.refused_panes, 8);
}

#[test]
fn what_a_format_lacks_is_said_once() {
    let header = "interface-id srcaddr dstaddr start action\neni-1 198.51.100.7 10.0.0.5 1700000000 REJECT\n";
    let (_, report) = detect(&[header.repeat(3).into_bytes()], 1000);
    let missing = &report.not_applicable["admin-port-tries"];
    assert_eq!(missing, &["dstport"]);
    assert!(report.not_applicable.contains_key("skipdata"));
    assert_eq!(report.lines.flows, 3);
}

#[test]
fn a_control_message_and_a_line_without_time_are_counted() {
    let control = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1680683189085,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}"#;
    let untimed = "srcaddr action\n198.51.100.7 REJECT\n";
    let (findings, report) = detect(&[control.as_bytes().to_vec(), untimed.as_bytes().to_vec()], 10);
    assert_eq!(
        (report.control_messages, report.untimed, report.rejected_total(), findings.len()),
        (1, 1, 0, 0)
    );
}
