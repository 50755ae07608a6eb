//! Exit status: 0 fine, 1 any failure, 2 only when `--fail-on` is reached; help, version, completions and man page.

use crate::program::{Folder, flowgauge};
use crate::samples::{NOON, joined, tries};

const COMMANDS: [&str; 7] = ["parse", "detect", "rules", "pattern", "event", "completions", "man"];

#[test]
fn fail_on_is_reached_by_this_severity_or_worse() {
    let folder = Folder::with("tries.log", joined(&tries(NOON..NOON + 101)));
    for (severity, status) in [("informational", 2), ("low", 2), ("medium", 2), ("high", 0), ("critical", 0)]
    {
        let run = folder.flowgauge(["detect", "tries.log", "--fail-on", severity]).exits(status);
        assert!(run.stdout.starts_with("[MEDIUM] "), "{severity}");
    }
    folder.flowgauge(["detect", "tries.log"]).exits(0);
}

#[test]
fn fail_on_is_not_reached_by_what_is_not_printed() {
    let ping = "2 123456789012 eni-1 10.0.0.9 10.0.0.5 0 0 1 1 84 1700000000 1700000059 REJECT OK\n";
    let detect = |mode: &str| flowgauge(["detect", "--fail-on", "low", "--mode", mode]).input(ping);
    detect("notify").exits(0);
    detect("all").exits(2);
}

#[test]
fn a_failed_input_outdoes_a_reached_severity() {
    let folder = Folder::with("tries.log", joined(&tries(NOON..NOON + 101))).and("bad.json", "{}");
    for bad in ["missing.log", "bad.json"] {
        let run = folder.flowgauge(["detect", "tries.log", bad, "--fail-on", "low"]).exits(1);
        assert!(run.stdout.starts_with("[MEDIUM] "), "what was found is told all the same");
    }
}

#[test]
fn rejected_lines_are_no_failure() {
    let lines = format!("{}nonsense\n", joined(&tries(NOON..NOON + 101)));
    for (fail_on, status) in [("high", 0), ("medium", 2)] {
        let program = flowgauge(["detect", "--fail-on", fail_on]).input(lines.as_str());
        program.exits(status).says(&["1 line rejected (too_few_columns 1)"]);
    }
}

#[test]
fn wrong_usage_is_a_failure() {
    for args in [
        &[][..],
        &["bogus"],
        &["rules"],
        &["event"],
        &["pattern"],
        &["pattern", "test"],
        &["rules", "show"],
        &["parse", "--bogus"],
        &["parse", "--output", "xml"],
        &["detect", "--lang", "fr"],
        &["detect", "--fail-on"],
        &["detect", "--fail-on", "awful"],
        &["detect", "--max-groups", "-1"],
        &["completions", "tcsh"],
    ] {
        let run = flowgauge(args).exits(1);
        assert!(
            run.stdout.is_empty() && run.stderr.contains("flowgauge") | run.stderr.contains("--help"),
            "{args:?}"
        );
    }
}

#[test]
fn help_and_version_are_no_failures() {
    let help = flowgauge(["--help"]).exits(0);
    assert!(
        COMMANDS.iter().all(|command| help.stdout.contains(&format!("\n  {command}"))),
        "{}",
        help.stdout
    );
    assert_eq!(help.stderr, "");
    for command in COMMANDS {
        let run = flowgauge([command, "--help"]).exits(0);
        assert!(run.stdout.contains(&format!("Usage: flowgauge {command}")));
    }
    assert_eq!(
        flowgauge(["--version"]).exits(0).stdout,
        concat!("flowgauge ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn completions_know_every_command() {
    let inner = ["list", "show", "test", "subscription", "fail-on"];
    for shell in ["bash", "zsh", "fish"] {
        let script = flowgauge(["completions", shell]).exits(0).stdout;
        for word in COMMANDS.iter().chain(&inner) {
            assert!(script.contains(word), "{word} in the script for {shell}");
        }
    }
}

#[test]
fn the_manual_page_names_every_command() {
    let page = flowgauge(["man"]).exits(0).stdout;
    assert!(page.contains(".TH flowgauge 1"));
    for command in COMMANDS {
        assert!(page.contains(&format!("\nflowgauge\\-{command} \\- ")), "{command}");
    }
    for command in ["rules\\-list", "rules\\-show", "rules\\-test", "event\\-subscription"] {
        assert!(page.contains(&format!("\nflowgauge\\-{command} \\- ")), "{command}");
    }
    for option in ["format", "fail\\-on", "mode", "rules", "networks", "lang", "log\\-group", "log\\-stream"]
    {
        assert!(page.contains(&format!("\\-\\-{option}")), "{option}");
    }
}
