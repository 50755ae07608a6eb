//! Colours only where they are wanted, and readers that leave early.

use crate::program::flowgauge;
use crate::samples::good_line;

const DATABASE: &str = "events/open-database.json";
const ESCAPE: char = '\u{1b}';

#[test]
fn a_pipe_gets_no_colours() {
    for args in [
        &["detect", DATABASE][..],
        &["detect", DATABASE, "missing"],
        &["parse", "missing"],
        &["rules", "list"],
        &["rules", "show", "nothing"],
        &["--help"],
        &["bogus"],
    ] {
        let missing = args.iter().any(|word| ["missing", "nothing", "bogus"].contains(word));
        let run = flowgauge(args).exits(i32::from(missing));
        assert!(!run.stdout.contains(ESCAPE) && !run.stderr.contains(ESCAPE), "{args:?}");
    }
}

#[test]
fn colours_can_be_forced() {
    let run = flowgauge(["detect", DATABASE, "missing"]).env("CLICOLOR_FORCE", "1").exits(1);
    assert!(run.stdout.starts_with("\u{1b}[") && run.stdout.contains("\u{1b}[0m\n"), "{}", run.stdout);
    assert!(run.stderr.contains(ESCAPE), "{}", run.stderr);
    let plain = flowgauge(["detect", DATABASE]).exits(0).stdout;
    let rest = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    assert_eq!(rest(&run.stdout), rest(&plain), "the heading alone is coloured");
}

#[test]
fn no_color_outdoes_force() {
    let run = flowgauge(["detect", DATABASE, "missing"]).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1");
    let run = run.exits(1);
    assert!(!run.stdout.contains(ESCAPE) && !run.stderr.contains(ESCAPE));
}

#[test]
fn json_is_never_coloured() {
    let run = flowgauge(["detect", "--output", "json", DATABASE]).env("CLICOLOR_FORCE", "1").exits(0);
    assert!(!run.stdout.contains(ESCAPE) && run.json().len() == 1);
}

#[test]
fn a_reader_that_leaves_ends_the_program_without_a_word() {
    let endless = format!("{}\n", good_line());
    let starts = [
        (&["parse"][..], "{\"version\":2,"),
        (&["parse", "--output", "csv"], "version,account_id,"),
        (&["pattern", "test", "ACCEPT"], "2 123456789012 eni-"),
        (&["event", "subscription"], "{\"awslogs\":{\"data\":\""),
    ];
    for (args, start) in starts {
        let (first, run) = flowgauge(args).left_after_a_line(&endless);
        assert!(first.starts_with(start), "{first}");
        assert_eq!(run.stderr, "", "{args:?}");
    }
}

#[test]
fn output_that_nobody_reads_is_no_failure() {
    for args in [
        &["detect", DATABASE][..],
        &["detect", "--output", "json", DATABASE],
        &["parse", DATABASE],
        &["pattern", "test", "[a, b]", DATABASE],
        &["event", "subscription", "events/open-database.log"],
        &["rules", "list"],
        &["rules", "test"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
    ] {
        assert_eq!(flowgauge(args).exits_unread(), Some(0), "{args:?}");
    }
    assert_eq!(flowgauge(["parse", "missing"]).exits_unread(), Some(1));
}
