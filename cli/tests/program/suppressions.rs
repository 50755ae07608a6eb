//! `detect --suppressions`: what is expected is left out and counted, and alerts say how.

use crate::program::{Folder, Run};
use crate::samples::{NOON, joined, tries};

/// More tries than the rule allows, at the beginning of 2023-11-15.
fn folder(suppressions: &str) -> Folder {
    Folder::with("a.log", joined(&tries(NOON..NOON + 101))).and("quiet.toml", suppressions)
}

fn detect(folder: &Folder, options: &[&str], status: i32) -> Run {
    let args = ["detect", "--suppressions", "quiet.toml", "a.log"];
    folder.flowgauge(args.iter().chain(options)).exits(status)
}

fn entry(rule: &str, until: &str) -> String {
    format!("[[suppress]]\nrule = \"{rule}\"\nreason = \"our scanner\"\nuntil = {until}\n")
}

#[test]
fn the_lines_of_an_alert_suppress_it() {
    let alerts = detect(&folder(""), &[], 0).stdout;
    let (_, lines) = alerts.split_once("to your suppressions\n").unwrap();
    insta::assert_snapshot!(lines);
    let refused = detect(&folder(lines), &[], 1);
    refused.says(&[
        "error: quiet.toml:5:14: `suppress.reason`: expected a reason: say why",
        "\n             ^^\n",
    ]);
    let folder = folder(&lines.replace("\"\"", "\"our scanner\""));
    let run = detect(&folder, &["--fail-on", "low"], 0);
    assert_eq!(run.stdout, "");
    assert!(
        run.counts().starts_with("0 findings by ") && run.counts().contains(", 1 suppressed, in 101 flows")
    );
    run.says(&[
        "suppressed: 1 finding by quiet.toml:1: rule admin-port-tries, 10.0.0.5/32, interface eni-0a1b2c3d4e5f60718, until ",
        ": our scanner",
    ]);
}

#[test]
fn without_the_option_alerts_say_nothing_of_it() {
    let run = folder("").flowgauge(["detect", "a.log"]).exits(0);
    assert!(run.stdout.contains("[MEDIUM]") && !run.stdout.contains("suppress"), "{}", run.stdout);
}

#[test]
fn an_entry_is_judged_at_the_time_of_the_finding() {
    let after = folder(&entry("admin-port-tries", "2023-11-15T00:05:00Z"));
    let run = detect(&after, &["--output", "json"], 0);
    assert_eq!(run.stdout, "");
    run.says(&["warning: quiet.toml: 1 suppression that expired: line 1\n"]);
    let before = folder(&entry("admin-port-tries", "2023-11-14"));
    let run = detect(&before, &["--output", "json", "--fail-on", "medium"], 2);
    assert_eq!(run.json().len(), 1);
}

#[test]
fn entries_that_do_nothing_or_hold_for_years_are_warned_of() {
    let text = [entry("gone", "9999-12-31"), entry("large-transfer", "2000-01-01").repeat(12)].concat();
    detect(&folder(&text), &[], 0).says(&[
        "warning: quiet.toml: 1 suppression with a rule that does not exist: line 1\n",
        "warning: quiet.toml: 12 suppressions that expired: lines 5, 9, 13, 17, 21, 25, 29, 33, 37, 41, ...\n",
        "warning: quiet.toml: 1 suppression that will hold for more than a year: line 1\n",
        "1 finding by ",
    ]);
}

#[test]
fn a_mistake_ends_the_command() {
    let run = detect(&folder("[[suppress]]\ncdir = \"10.0.0.0/8\"\n"), &[], 1);
    assert_eq!(run.stdout, "");
    run.says(&[
        "error: quiet.toml:",
        ":2:1: unknown key `suppress.cdir`: did you mean `cidr`?\n",
        "`until` is missing",
    ]);
    let missing = Folder::empty().flowgauge(["detect", "--suppressions", "none.toml"]).exits(1);
    assert!(missing.stderr.starts_with("error: none.toml: "), "{}", missing.stderr);
}
