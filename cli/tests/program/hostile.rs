//! Hostile text in logs never reaches a terminal as it is.

use flow_envelope::encode::{EncodeLimits, SubscriptionEncoder, subscription_event};
use flow_testkit::Flow;
use serde_json::json;

use crate::program::{Folder, Run, flowgauge};
use crate::samples::{joined, stream};

/// Changes colours and the window's title, rings, turns the text around, hides, and is one C1 control.
const HOSTILE: &str = "a\u{1b}[31m\u{1b}]0;x\u{7}\u{202e}\u{2066}\u{200b}\u{9b}1mz";

/// An accepted SSH connection from outside at a hostile interface.
fn hostile_line() -> String {
    Flow::tcp("203.0.113.9", 50000, "10.0.0.5", 22).interface(HOSTILE).line()
}

/// The same with its answer, which makes a finding.
fn hostile_lines() -> String {
    format!("{}\n{}", hostile_line(), answer_line())
}

fn answer_line() -> String {
    Flow::tcp("10.0.0.5", 22, "203.0.113.9", 50000).interface(HOSTILE).line()
}

fn hostile_event() -> String {
    let mut encoder = SubscriptionEncoder::new(stream(HOSTILE), EncodeLimits::default());
    subscription_event(
        &encoder.encode_message(&[(1_700_000_000_000, hostile_line()), (1_700_000_000_000, answer_line())]),
    )
}

/// That nothing but visible text and line ends came out.
fn is_plain(run: &Run) {
    for text in [&run.stdout, &run.stderr] {
        let deceives = |c: &char| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert_eq!(text.chars().find(deceives), None, "{text:?}");
    }
}

#[test]
fn an_alert_is_plain_text() {
    for input in [hostile_lines(), hostile_event()] {
        for language in ["en", "ja"] {
            let run = flowgauge(["detect", "--lang", language]).input(input.as_str()).exits(0);
            is_plain(&run);
            assert!(run.stdout.contains("a\u{fffd}[31m\u{fffd}]0;x"), "{}", run.stdout);
        }
    }
}

#[test]
fn colours_do_not_let_hostile_text_through() {
    let run = flowgauge(["detect"]).env("CLICOLOR_FORCE", "1").input(hostile_event()).exits(0);
    let own = run.stdout.matches('\u{1b}').count();
    let heading = run.stdout.lines().next().unwrap();
    assert_eq!(own, heading.matches('\u{1b}').count(), "only the heading has a colour");
    assert!(!heading.contains("\u{1b}[31m\u{1b}]") && !run.stdout.contains(['\u{202e}', '\u{7}', '\u{9b}']));
}

#[test]
fn rejected_lines_are_told_in_plain_text() {
    let value = Flow::tcp(HOSTILE, 1, "10.0.0.5", 22).line();
    let columns = format!("{} {HOSTILE}", Flow::tcp("10.0.0.6", 1, "10.0.0.5", 22).line());
    let lines = [HOSTILE, &value, &columns, &format!("{{\"a\":{HOSTILE}}}")];
    for command in [&["parse"][..], &["detect"], &["event", "subscription"]] {
        let run = flowgauge(command).input(joined(&lines)).exits(1);
        is_plain(&run);
        run.says(&[
            "standard input:2: column 4 (srcaddr): expected an IPv4 or IPv6 address, found `a\\u{1b}[31m",
        ]);
    }
}

#[test]
fn an_unknown_message_type_is_told_in_plain_text() {
    let message = json!({ "messageType": HOSTILE, "logEvents": [] }).to_string();
    for input in [message.clone(), subscription_event(message.as_bytes())] {
        is_plain(&flowgauge(["detect"]).input(input).exits(1).says(&["expected messageType DATA_MESSAGE"]));
    }
}

#[cfg(unix)]
#[test]
fn the_names_of_inputs_are_told_in_plain_text() {
    let name = HOSTILE.replace('/', "");
    let run = Folder::with(&name, "no record\n").flowgauge(["parse", &name, "\u{1b}[1m"]).exits(1);
    is_plain(&run);
    run.says(&["rejected: a\u{fffd}[31m", "error: \u{fffd}[1m: "]);
}

#[test]
fn json_keeps_the_text_without_raw_escapes() {
    for command in [&["parse"][..], &["detect", "--output", "json"]] {
        let run = flowgauge(command).input(hostile_lines()).exits(0);
        assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{7}'));
        let object = &run.json()[0];
        let interface = object.get("interface_id").or_else(|| object.get("interface")).unwrap();
        assert_eq!(interface, HOSTILE, "nothing of it is lost");
    }
}

#[test]
fn findings_of_hostile_log_groups_are_json() {
    let run = flowgauge(["detect", "--output", "json"]).input(hostile_event()).exits(0);
    assert!(!run.stdout.contains('\u{1b}'));
    assert_eq!(run.json()[0]["log_group"], HOSTILE);
}

#[test]
fn csv_and_json_show_nothing_hostile_and_json_keeps_the_value() {
    let input = format!("version interface-id\n2 {HOSTILE}\n");
    is_plain(&flowgauge(["parse", "--output", "csv"]).input(input.as_str()).exits(0));
    let run = flowgauge(["parse"]).input(input.as_str()).exits(0);
    is_plain(&run);
    assert_eq!(run.json()[0]["interface_id"], HOSTILE);
    let findings = flowgauge(["detect", "--output", "json"]).input(hostile_lines()).exits(0);
    is_plain(&findings);
    assert_eq!(findings.json()[0]["interface"], HOSTILE);
}

#[test]
fn names_from_the_command_line_are_told_in_plain_text() {
    let odd = "no\u{1b}[1m\u{202e}";
    for args in
        [&["rules", "test", odd][..], &["rules", "show", odd], &["detect", "--rules", odd], &["parse", odd]]
    {
        let run = flowgauge(args).env("CLICOLOR_FORCE", "1").exits(1);
        assert!(
            !run.stderr.contains("\u{1b}[1m\u{202e}") && !run.stderr.contains('\u{202e}'),
            "{}",
            run.stderr
        );
    }
}
