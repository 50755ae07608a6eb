//! `flowgauge cost`: a table for people in two languages, JSON and CSV for programs, prices from a file.

use crate::program::{Folder, flowgauge};

fn printed(args: &[&str]) -> String {
    let run = flowgauge(["cost"].iter().chain(args)).exits(0);
    assert_eq!(run.stderr, "");
    run.stdout
}

#[test]
fn the_table_says_what_dominates_and_what_to_change() {
    insta::assert_snapshot!(printed(&["500GB/month"]));
    insta::assert_snapshot!(printed(&[
        "20GB/day",
        "--format",
        "v5",
        "--batch",
        "80",
        "--memory",
        "512",
        "--archive-days",
        "365",
        "--dashboard",
        "--lang",
        "ja",
    ]));
}

#[test]
fn help_explains_itself() {
    let help = printed(&["--help"]);
    for text in ["500GB/month", "IncomingBytes", "`Flows` divided by `Events`", "Examples:", "--print-prices"]
    {
        assert!(help.contains(text), "{text}: {help}");
    }
}

/// The parts and the sums: `flowgauge` is all parts, `together` has the flow logs too.
#[test]
fn programs_get_parts_that_add_up() {
    let args = ["1200records/s", "--archive-days", "30", "--dashboard", "--output"];
    let json = flowgauge(["cost"].iter().chain(&args).chain(&["json"])).exits(0).json().remove(0);
    let dollars = json["dollars_a_month"].as_object().unwrap();
    let of = |name: &str| dollars[name].as_f64().unwrap();
    let parts: f64 = dollars.values().filter_map(|value| value.as_f64()).sum();
    let sums = of("flowgauge") + of("flow_logs") + of("together");
    assert!((parts - sums - of("flowgauge")).abs() < 0.01, "{json}");
    assert!((of("flowgauge") + of("flow_logs") - of("together")).abs() < 0.01, "{json}");
    assert_eq!(json["asked"]["records"], 3_110_400_000.0);
    let csv = printed(&[&args[..], &["csv"]].concat());
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["part", "dollars_a_month", "dollars_a_tb"]);
    assert_eq!(rows.iter().skip(1).map(|row| row[0]).collect::<Vec<_>>(), dollars.keys().collect::<Vec<_>>());
    assert!(rows.iter().skip(1).all(|row| row[1].parse::<f64>().unwrap() >= 0.0));
}

#[test]
fn without_flow_logs_only_flowgauge_is_counted() {
    let run = flowgauge(["cost", "80interfaces", "--without-flow-logs", "--output", "json"]).exits(0);
    let dollars = &run.json()[0]["dollars_a_month"];
    assert_eq!((&dollars["flow_logs"], &dollars["together"]), (&0.0.into(), &dollars["flowgauge"]));
}

#[test]
fn prices_can_be_taken_from_a_file() {
    let ours = printed(&["--print-prices"]);
    let folder = Folder::with("same.toml", &ours);
    let folder = folder
        .and("dear.toml", ours.replace("metric_month = { dollars = 0.30", "metric_month = { dollars = 30"));
    let table = |prices: &str| folder.flowgauge(["cost", "1TB", "--prices", prices]).exits(0).stdout;
    assert_eq!(table("same.toml"), printed(&["1TB"]));
    assert!(table("dear.toml").contains("most is `metrics`"), "{}", table("dear.toml"));
}

#[test]
fn a_wrong_file_of_prices_is_pointed_at() {
    let ours = printed(&["--print-prices"]);
    let folder = Folder::with("minus.toml", ours.replace("dollars = 3.00", "dollars = -3.00"));
    let folder = folder.and("text.toml", "region = \u{1b}[31m").and("bytes.toml", b"\xff\xfe");
    let run = folder.flowgauge(["cost", "1TB", "--prices", "minus.toml"]).exits(1);
    run.says(&["error: minus.toml: ", "dashboard_month", "expected a number from 0 to 1e12, found -3"]);
    let run = folder.flowgauge(["cost", "1TB", "--prices", "text.toml"]).exits(1);
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
    folder.flowgauge(["cost", "1TB", "--prices", "bytes.toml"]).exits(1).says(&["error: bytes.toml: "]);
    folder
        .flowgauge(["cost", "1TB", "--prices", "none.toml"])
        .exits(1)
        .says(&["error: none.toml: No such file"]);
}

#[test]
fn what_is_no_figure_is_told_with_what_was_expected() {
    let cases: [(&[&str], &str); 8] = [
        (&[], "<VOLUME>"),
        (&["500"], "expected an amount such as `500GB/month`"),
        (&["-5GB"], "unexpected argument"),
        (&["5GB/week"], "found `5GB/week`"),
        (&["5GB", "--batch", "0"], "expected a number from 1 to 100000"),
        (&["5GB", "--batch", "NaN"], "expected a number from 1 to 100000"),
        (&["5GB", "--memory", "64"], "expected a number of MB from 128 to 10240"),
        (&["5GB", "--format", "v9"], "[possible values: default, recommended, v5]"),
    ];
    for (args, expected) in cases {
        let run = flowgauge(["cost"].iter().chain(args)).exits(1);
        assert_eq!(run.stdout, "");
        run.says(&[expected]);
    }
}
