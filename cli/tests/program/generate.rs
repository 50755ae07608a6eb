//! `flowgauge generate`: the same for a seed, read by the other commands, with labels beside it.

use std::fs;

use serde_json::Value;

use crate::program::{Folder, flowgauge};

fn generated(args: &[&str]) -> String {
    flowgauge(["generate"].iter().chain(args)).exits(0).stdout
}

#[test]
fn the_same_arguments_print_the_same_records() {
    let ten = ["--records", "10", "--interfaces", "3"];
    let first = generated(&ten);
    assert_eq!(first.lines().count(), 10);
    assert_eq!(first, generated(&ten));
    assert_ne!(first, generated(&[&ten[..], &["--seed", "1"]].concat()));
    // 2026-01-05T09:00:00Z
    let starts = first.lines().map(|line| line.split(' ').nth(10).unwrap().parse::<u64>().unwrap());
    assert!(starts.into_iter().all(|start| (1_767_603_600..1_767_603_660).contains(&start)), "{first}");
    let run = flowgauge(["generate"].iter().chain(&ten)).exits(0);
    assert_eq!(run.counts(), "10 records of 3 interfaces");
}

#[test]
fn other_commands_read_every_format() {
    for format in ["v2", "v5", "start end log-status srcaddr dstaddr"] {
        for aggregation in ["60", "600"] {
            let args = ["--duration", "10m", "--format", format, "--aggregation", aggregation];
            let lines = generated(&args);
            let headers = usize::from(format != "v2");
            let run = flowgauge(["parse", "--all"]).input(lines.clone()).exits(0);
            assert_eq!(run.stdout.lines().count() + headers, lines.lines().count(), "{format}");
            assert!(!run.stderr.contains("rejected"), "{}", run.stderr);
        }
    }
}

#[test]
fn events_hold_the_same_records() {
    let args = ["--duration", "20m", "--interfaces", "4"];
    let lines = generated(&args);
    let events = generated(&[&args[..], &["--output", "events"]].concat());
    assert!(events.lines().count() > 12, "an event has at most five minutes of one interface");
    let parsed = |input: String| {
        let run = flowgauge(["parse", "--all", "--output", "csv"]).input(input).exits(0);
        let mut rows: Vec<_> = run.stdout.lines().map(str::to_owned).collect();
        rows.sort();
        rows
    };
    assert_eq!(parsed(events), parsed(lines));
}

#[test]
fn labels_tell_what_was_laid_over() {
    let folder = Folder::empty();
    let args = ["generate", "--duration", "40m", "--scenario", "exposed-database,brute-force-in"];
    let run = folder.flowgauge(args.iter().chain(&["--labels", "labels.jsonl"])).exits(0);
    assert!(run.counts().ends_with("of 12 interfaces, 2 scenarios"), "{}", run.counts());
    let labels = fs::read_to_string(folder.path().join("labels.jsonl")).unwrap();
    let labels: Vec<Value> = labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(labels.len(), 2);
    assert_eq!(
        (&labels[0]["scenario"], &labels[0]["technique"]),
        (&"exposed-database".into(), &"T1133".into())
    );
    let findings = folder.flowgauge(["detect", "--output", "json"]).input(run.stdout).exits(0).json();
    for label in &labels {
        let is_it = |finding: &&Value| {
            finding["rule"] == "admin-port-exposed"
                && finding["interface"] == label["interface"]
                && finding["subject"]["serverAddr"] == label["target"]
                && finding["subject"]["serverPort"] == label["port"]
        };
        let finding = findings.iter().find(is_it).unwrap_or_else(|| panic!("{label} is not found"));
        let (first, start) = (finding["first_seen"].as_u64(), label["start"].as_u64());
        assert_eq!(first, start);
    }
}

/// Without attacks nobody is told of anything.
#[test]
fn ordinary_traffic_is_quiet() {
    let traffic = generated(&["--duration", "3h", "--interfaces", "20"]);
    assert_eq!(flowgauge(["detect"]).input(traffic).exits(0).stdout, "");
}

#[test]
fn what_cannot_be_shown_is_told() {
    let run = flowgauge(["generate", "--records", "5", "--scenario", "transit-loss", "spam"]).exits(0);
    run.says(&[
        "warning: no field of the format shows `transit-loss`: left out",
        "warning: `spam` begins after the last record: print more",
        "5 records of 12 interfaces",
    ]);
}

#[test]
fn wrong_arguments() {
    for (args, said) in [
        (["--scenario", "spann"], "a similar value exists: 'spam'"),
        (["--interfaces", "0"], "expected a number from 1 to 60000"),
        (["--start", "yesterday"], "expected a time such as `2026-01-05T09:00:00Z`"),
        (["--duration", "1 hour"], "expected a number and `s`, `m`, `h` or `d`"),
        (["--format", "v3"], "`v3`"),
        (["--labels", "no/such/folder"], "writing no/such/folder: "),
    ] {
        flowgauge(["generate"].iter().chain(&args)).exits(1).says(&[said]);
    }
}
