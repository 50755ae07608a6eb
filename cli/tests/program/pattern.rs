//! `pattern test`, and patterns in rules: which lines are selected, and what the pattern means.

use flow_testkit::Flow;

use crate::program::{Folder, content, flowgauge, root};
use crate::samples::{NOON, event, good_line, joined, tries};

const DOCUMENTED: &str = "[version, account, eni, source, destination, srcport, destport=\"22\", protocol=\"6\", \
                          packets, bytes, windowstart, windowend, action=\"REJECT\", flowlogstatus=OK]";

/// All 29 fields of version 5, as a header.
const VERSION_5: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
                         end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr \
                         region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service \
                         flow-direction traffic-path";

fn mixed() -> Vec<String> {
    [tries([NOON, NOON + 1]), vec![good_line()]].concat()
}

/// The lines of version 5 that begin with these.
fn extended(lines: &[String]) -> Vec<String> {
    let rest = "vpc-1 subnet-2 - 2 IPv4 - - us-east-1 use1-az1 - - - - ingress -";
    lines.iter().map(|line| format!("{line} {rest}")).collect()
}

#[test]
fn the_selected_lines_are_printed_as_they_are_and_counted() {
    let run = flowgauge(["pattern", "test", DOCUMENTED]).input(joined(&mixed())).exits(0);
    assert_eq!(run.stdout, joined(&tries([NOON, NOON + 1])));
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn every_kind_of_pattern_and_input() {
    let folder = Folder::with("a.log", joined(&mixed())).and("event.json", event(&mixed()));
    for (pattern, matched) in [
        ("REJECT", 2),
        ("-REJECT", 1),
        ("?REJECT ?ACCEPT", 3),
        ("\"10.0.0.5 40000 22 6\"", 2),
        ("%ACCEPT OK$%", 1),
        ("[..., action = A*, status]", 1),
        ("[]", 3),
        ("", 3),
        ("{ $.action = REJECT }", 0),
    ] {
        for input in ["a.log", "event.json"] {
            let run = folder.flowgauge(["pattern", "test", pattern, input]).exits(0);
            assert_eq!(run.stdout.lines().count(), matched, "{pattern} {input}");
        }
    }
    let run = folder.flowgauge(["pattern", "test", "REJECT", "a.log", "event.json"]).exits(0);
    assert_eq!(run.counts(), "4 lines matched of 6 lines");
}

#[test]
fn a_json_pattern_takes_plain_lines_of_json_as_messages() {
    let (error, info) = (r#"{"level":"ERROR","n":1}"#, r#"{"level":"INFO","n":2}"#);
    let pattern = ["pattern", "test", r#"{ $.level = "ERROR" }"#];
    let counts = "1 line matched of 2 lines\n";
    let plain = format!("{error}\n{info}\n");
    let run = flowgauge(pattern).input(plain.as_str()).exits(0);
    assert_eq!((run.stdout, run.stderr.as_str()), (format!("{error}\n"), counts));
    let messages = [error, info];
    let wrapped = messages.each_ref().map(|line| serde_json::json!({ "message": line }).to_string());
    let folder =
        Folder::with("app.log", plain).and("event.json", event(&messages)).and("wrapped", joined(&wrapped));
    for input in ["app.log", "event.json", "wrapped"] {
        let run = folder.flowgauge([pattern.as_slice(), &[input]].concat()).exits(0);
        assert_eq!((run.stdout, run.stderr.as_str()), (format!("{error}\n"), counts), "{input}");
    }
    let foreign = flowgauge(["pattern", "test", "{ $.Messages = 5 }"]).input("{\"Messages\":5}\n").exits(0);
    assert_eq!(foreign.counts(), "1 line matched of 1 line");
}

#[test]
fn other_patterns_and_broken_json_are_told_as_before() {
    let plain = "{\"level\":\"ERROR\"}\n";
    flowgauge(["pattern", "test", "ERROR"]).input(plain).exits(1).says(&["JSON of no known shape"]);
    let run = flowgauge(["pattern", "test", "{ $.level = ERROR }"]).input(format!("{{]\n{plain}")).exits(1);
    assert_eq!(run.stdout, plain);
    run.says(&["malformed JSON", "1 line matched of 1 line"]);
    let flows = flowgauge(["pattern", "test", "{ $.level = ERROR }"]).input(good_line()).exits(0);
    flows.says(&["warning: no flow log line matches a JSON pattern: they are not JSON"]);
}

#[test]
fn a_pattern_for_fewer_fields_than_a_line_has_is_warned_of() {
    let lines = format!("{VERSION_5}\n{}", joined(&extended(&mixed())));
    let run = flowgauge(["pattern", "test", DOCUMENTED]).input(lines).exits(0);
    assert_eq!(run.stdout, "");
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn the_format_may_be_given_and_the_wrong_one_is_told() {
    let lines = joined(&extended(&mixed()));
    let fixed = DOCUMENTED.replace(']', ", ...]");
    let given = flowgauge(["pattern", "test", &fixed, "--format", VERSION_5]).input(lines.as_str()).exits(0);
    assert_eq!(given.stdout.lines().count(), 2);
    assert!(!given.stderr.contains("warning"), "{}", given.stderr);
    let run = Folder::with("a.log", lines).flowgauge(["pattern", "test", DOCUMENTED, "a.log"]).exits(0);
    run.says(&[
        "warning: a.log: 3 lines are not in the format for which the pattern was explained (see --format); line 1: \
         expected 14 columns, found 29",
    ]);
}

#[test]
fn what_a_pattern_means_is_told_without_any_line_and_for_every_format() {
    let run = flowgauge(["pattern", "test", "[a, ..., action = REJECT]"]).exits(0);
    run.says(&[
        "   1  a                version\n",
        "   2  ...              account-id to action (12 fields)\n",
        "   3  action = REJECT  log-status\n",
        "warning: `action` is compared with the field `log-status`, not with `action`, which is field 13\n",
        "0 lines matched of 0 lines\n",
    ]);
    let folder = Folder::with("a", "version action\n2 REJECT\n")
        .and("b", "version bytes\n2 5\n")
        .and("c", "version action\n");
    let run = folder.flowgauge(["pattern", "test", "[v, action = REJECT]", "a", "b", "a", "c"]).exits(0);
    assert_eq!(run.stdout, "2 REJECT\n2 REJECT\n");
    assert_eq!(run.stderr.matches("a line has 2 fields").count(), 2, "once for each format: {}", run.stderr);
    run.says(&["warning: `action` is compared with the field `bytes`"]);
}

#[test]
fn a_mistake_in_the_pattern_is_pointed_at() {
    let run = flowgauge(["pattern", "test", "[version, action == REJECT]"]).exits(1);
    assert_eq!(
        run.stderr,
        "error: the pattern, column 19: expected a number, a word, a text in double quotes or a %regular expression%, \
         found `=`\n[version, action == REJECT]\n                  ^\n"
    );
    let hostile = flowgauge(["pattern", "test", "a\u{1b}[31m\u{202e}"]).exits(1);
    assert!(!hostile.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", hostile.stderr);
}

#[test]
fn inputs_that_fail_are_told_and_the_others_read() {
    let folder = Folder::with("a.log", joined(&mixed())).and("bad.json", "{}");
    let run = folder.flowgauge(["pattern", "test", "REJECT", "missing", "bad.json", "a.log"]).exits(1);
    assert_eq!(run.stdout.lines().count(), 2);
    run.says(&["error: missing: ", "error: bad.json:1: ", "2 lines matched of 3 lines"]);
}

#[test]
fn what_the_pattern_says_is_told_in_plain_text() {
    let line = Flow::tcp("203.0.113.9", 50000, "10.0.0.5", 443).interface("a\u{1b}[31m").line();
    let run = flowgauge(["pattern", "test", "[a = \"\u{1b}\u{202e}\", b]"]).input(line.as_str()).exits(0);
    assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", run.stderr);
    let run = flowgauge(["pattern", "test", "ACCEPT"]).input(line.as_str()).exits(0);
    assert_eq!(run.stdout, format!("{line}\n"), "a pipe gets the line as it is");
}

/// The rule on tries at administration ports with a pattern instead of its first filter.
fn rule_with(pattern: &str) -> String {
    let rule = content(&root().join("rules/admin-port-tries.toml")).replace("> 100", "> 1");
    let (before, rest) = rule.split_once("query = '''\n").unwrap();
    let (_, query) = rest.split_once("| stats").unwrap();
    let text = format!("{before}pattern = '''{pattern}'''\nquery = '''\nstats{query}");
    text.split("[[test]]").next().unwrap().to_owned()
}

#[test]
fn a_rule_with_a_pattern_is_shown_tested_and_run() {
    let test = format!("\n[[test]]\nname = \"two\"\nlines = {:?}\nexpect = [{{ attempts = 2 }}]\n", mixed());
    let folder = Folder::with("rules/mine.toml", rule_with(DOCUMENTED) + &test);
    let show = folder.flowgauge(["rules", "show", "admin-port-tries", "--rules", "rules"]).exits(0);
    assert!(show.stdout.contains("portable   no: a query in the CloudWatch console takes no pattern\n"));
    assert!(show.stdout.contains("pattern    [version, account, eni, "), "{}", show.stdout);
    assert!(show.stdout.contains("\n\nstats count(*) as attempts"), "{}", show.stdout);
    let tested = folder.flowgauge(["rules", "test", "rules"]).exits(0);
    assert_eq!((&*tested.stdout, &*tested.stderr), ("ok    admin-port-tries: two\n1 passed, 0 failed\n", ""));
    let found = folder.flowgauge(["detect", "--rules", "rules"]).input(joined(&mixed())).exits(0);
    assert!(found.stdout.contains("attempts > 1: attempts = 2"), "{}", found.stdout);
    let mut warnings = found.stderr.lines().filter(|line| line.starts_with("warning"));
    assert!(
        warnings.all(|line| line.contains("rule exfiltration") && line.contains("can't fire")),
        "{}",
        found.stderr
    );
}

#[test]
fn a_rule_whose_pattern_does_not_fit_the_format_is_warned_of() {
    let test = format!(
        "\n[[test]]\nname = \"five\"\nformat = \"{VERSION_5}\"\nlines = {:?}\nexpect = []\n",
        extended(&mixed())
    );
    let folder = Folder::with("rules/mine.toml", rule_with(DOCUMENTED) + &test);
    let lines = format!("{VERSION_5}\n{}", joined(&extended(&mixed())));
    let warning = "14 items, 29 fields: the last item `flowlogstatus = OK` is compared with everything from \
                   `log-status` to `traffic-path` (16 fields)";
    let run = folder.flowgauge(["detect", "--rules", "rules"]).input(lines).exits(0);
    assert_eq!(run.stdout, "");
    run.says(&[&format!("warning: the pattern of rule admin-port-tries: {warning}")]);
    folder
        .flowgauge(["rules", "test", "rules"])
        .exits(0)
        .says(&[&format!("warning: admin-port-tries: five: {warning}")]);
}
