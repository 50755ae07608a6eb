use std::collections::VecDeque;
use std::fmt::Write;

use super::*;
use crate::at_once::now_or_never;
use crate::flow_logs::FormatsOfGroup;

const A: &str = "${version} ${srcaddr}";
const B: &str = "${version} ${dstaddr}";
const START: u64 = 1_700_000_000;

/// Gives one answer after the other: formats between commas, or a refusal.
#[derive(Debug)]
struct Answers(Mutex<VecDeque<&'static str>>);

impl FlowLogs for Answers {
    fn formats_of<'a>(&'a self, _: &'a str, _: u64) -> FormatsOfGroup<'a> {
        let answer = self.0.lock().unwrap().pop_front().expect("an answer more");
        Box::pin(async move {
            match answer.strip_prefix("refused") {
                Some(reason) => Err(reason.into()),
                None => Ok(answer.split(',').filter(|text| !text.is_empty()).map(str::to_owned).collect()),
            }
        })
    }
}

fn found_formats(answers: &[&'static str]) -> FoundFormats {
    FoundFormats::new(Box::new(Answers(Mutex::new(answers.iter().copied().collect()))))
}

/// What is found at each of `looks`: so many seconds after the start, with lines that fit or do not.
fn looks(answers: &[&'static str], looks: &[(u64, bool)]) -> String {
    let found_formats = found_formats(answers);
    let mut text = String::new();
    for (after, fit) in looks {
        let found = now_or_never(found_formats.of("/vpc", START + after, |_| *fit));
        let format = found.format.map_or_else(|| "-".to_owned(), |format| format.to_string());
        let mixed = if found.is_mixed { " mixed" } else { "" };
        let failed = if found.has_failed { " failed" } else { "" };
        write!(text, "{after}: {format}{mixed}{failed}").unwrap();
        text.push_str(&found.note.map_or_else(String::new, |note| format!("; {note}")));
        text.push('\n');
    }
    assert!(found_formats.flow_logs_are_asked_out(), "an answer was not asked for");
    text
}

impl FoundFormats {
    fn flow_logs_are_asked_out(&self) -> bool {
        format!("{:?}", self.flow_logs).contains("data: []")
    }
}

#[test]
fn an_answer_holds_for_a_quarter_of_an_hour_and_is_told_once() {
    insta::assert_snapshot!(looks(
        &[A, A, B],
        &[(0, true), (1, true), (899, true), (900, true), (1800, true)]
    ));
}

#[test]
fn lines_that_do_not_fit_ask_anew_but_not_each_second() {
    insta::assert_snapshot!(looks(
        &[A, A, B],
        &[(0, false), (30, false), (60, false), (90, false), (120, false), (150, true)]
    ));
}

#[test]
fn the_last_good_one_is_kept_and_a_refusal_told_once() {
    let answers = ["refused no", A, "refused no: 1", "refused no: 2", "", ",", B];
    let times = [0, 9, 10, 910, 920, 939, 940, 1840, 2740];
    insta::assert_snapshot!(looks(&answers, &times.map(|after| (after, true))));
}

#[test]
fn two_formats_are_told_with_every_answer_and_the_one_in_use_stays() {
    let answers =
        ["${version} ${dstaddr},${version} ${srcaddr}", "${version} ${bytes},${version} ${dstaddr}", A];
    insta::assert_snapshot!(looks(&answers, &[(0, true), (60, true), (900, true), (1800, true)]));
}

#[test]
fn a_format_that_cant_be_read_is_none() {
    insta::assert_snapshot!(looks(&["${version"], &[(0, true)]));
}

#[test]
fn two_spellings_are_one_format() {
    let found =
        now_or_never(found_formats(&["version srcaddr,${version} ${srcaddr}"]).of("/vpc", START, |_| true));
    assert!(!found.is_mixed && found.format.is_some());
}

#[test]
fn no_event_fills_the_memory_with_log_groups() {
    let answers: Vec<&str> = vec![A; MAX_GROUPS];
    let found_formats = found_formats(&answers);
    for group in 0..MAX_GROUPS + 5 {
        let found = now_or_never(found_formats.of(&group.to_string(), START, |_| true));
        assert_eq!(found.format.is_some(), group < MAX_GROUPS, "{group}");
    }
}

#[test]
fn who_never_answers_is_asked_ever_more_rarely() {
    let mut known = Known::default();
    let mut waits = Vec::new();
    for _ in 0..10 {
        known.learn("/vpc", Err("no".into()), START);
        waits.push(known.next_check - START);
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 900, 900, 900]);
    known.learn("/vpc", Ok([A.to_owned()].into()), START);
    known.learn("/vpc", Err("no".into()), START);
    assert_eq!(known.next_check - START, 10);
}
