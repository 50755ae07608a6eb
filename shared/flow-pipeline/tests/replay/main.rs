//! History through the whole pipeline: what would have been sent, when and why not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod laws;
mod thresholds;

use std::collections::BTreeSet;
use std::slice::from_ref;
use std::sync::{Arc, LazyLock};

use flow_detect::{Mode, RuleSet};
use flow_envelope::Limits;
use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder};
use flow_pipeline::{Definitions, History, Looks, Replay, ReplaySettings, RuleHistory, Suppressions, Told};
use flow_query::Value;
use flow_record::RecordFormat;
use flow_testkit::Flow;

/// 2023-11-15, 00:00:00 UTC.
const DAY: u64 = 1_700_006_400;
const HOUR: u64 = 3600;
const TRIES: &str = "admin-port-tries";

static FORMAT: LazyLock<RecordFormat> = LazyLock::new(RecordFormat::default);

fn replay<'r>(definitions: &'r Definitions, inputs: &[Vec<u8>]) -> History<'r> {
    let mut replay = Replay::new(ReplaySettings {
        definitions,
        format: &FORMAT,
        limits: Limits::default(),
        max_groups: 100_000,
    });
    for input in inputs {
        replay.read(input.as_slice()).unwrap().unwrap();
    }
    replay.finish().unwrap()
}

/// One input of these lines.
fn file(lines: &[String]) -> Vec<u8> {
    lines.join("\n").into_bytes()
}

fn of<'h, 'r>(history: &'h History<'r>, rule: &str) -> &'h RuleHistory<'r> {
    history.rules.iter().find(|history| history.rule.id == rule).unwrap()
}

/// The ids of findings that programs or people would have heard of.
fn told(history: &History<'_>) -> BTreeSet<String> {
    let subjects = history.rules.iter().flat_map(|rule| &rule.subjects);
    subjects.map(|subject| subject.id.clone()).collect()
}

/// `count` refused tries at SSH of a target, one a second from `start`.
fn tries(target: &str, count: u64, start: u64) -> Vec<String> {
    let line = |n| Flow::tcp("198.51.100.7", 40_000, target, 22).rejected().at(start + n).line();
    (0..count).map(line).collect()
}

/// A rule of these times, alone.
fn rule(window: &str, repeat: &str, query: &str) -> Definitions {
    let text = format!(
        "id = \"x\"\ntype = \"Recon:VPC/X\"\nseverity = \"medium\"\nmode = \"notify\"\ntechnique = \"T1046\"\n\
         title = {{ en = \"\", ja = \"\" }}\nexplain = {{ en = \"\", ja = \"\" }}\nadvice = {{ en = [], ja = [] }}\n\
         window = \"{window}\"\npane = \"1m\"\nrepeat = \"{repeat}\"\nquery = '''{query}'''\n"
    );
    let rules =
        RuleSet::only_files([("x.toml", text.as_str())]).unwrap_or_else(|errors| panic!("{}", errors[0]));
    Definitions { rules: Arc::new(rules), ..Definitions::default() }
}

#[test]
fn a_burst_is_told_once_and_then_that_it_is_over() {
    let definitions = Definitions::default();
    let history = replay(&definitions, &[file(&tries("10.0.0.5", 300, DAY))]);
    let rule = of(&history, TRIES);
    assert_eq!(rule.told, Told { people: 1, in_digests: 0, by_status: [1, 0, 0, 1] });
    assert_eq!(rule.days.keys().copied().collect::<Vec<_>>(), [DAY]);
    // Minutes two to five were looked at, and are one episode.
    assert_eq!(rule.looks, Looks { seen: 4, began: 1, ..Looks::default() });
    let subject = &rule.subjects[0];
    assert_eq!(subject.subject["dstAddr"], "10.0.0.5");
    // Over when three windows and the lateness have passed since the last window that passed, at the next minute.
    assert_eq!((subject.first, subject.last), (DAY + 119, DAY + 4 * HOUR + 900));
    assert_eq!(history.span, Some((DAY, DAY + 299)));
}

#[test]
fn an_episode_soon_after_another_is_held_back() {
    let query =
        "filter action = \"REJECT\" | stats count(*) as tries by interfaceId, dstAddr | filter tries > 9";
    let definitions = rule("10m", "6h", query);
    let times = [0, HOUR, 2 * HOUR, 8 * HOUR];
    let lines: Vec<_> = times.into_iter().flat_map(|time| tries("10.0.0.5", 20, DAY + time)).collect();
    let history = replay(&definitions, &[file(&lines)]);
    let rule = of(&history, "x");
    // The second and the third are told together six hours after the first, the fourth six hours later.
    assert_eq!((rule.looks.began, rule.looks.held_back), (4, 3));
    assert_eq!((rule.told.people, rule.told.by_status[0]), (3, 3));
}

#[test]
fn what_goes_on_is_told_again_on_the_next_day() {
    let definitions = Definitions::default();
    let lines: Vec<_> = (0..30).flat_map(|hour| tries("10.0.0.5", 120, DAY + hour * HOUR)).collect();
    let history = replay(&definitions, &[file(&lines)]);
    let rule = of(&history, TRIES);
    assert_eq!(rule.looks.began, 1);
    assert_eq!(rule.told.by_status, [1, 5, 0, 1], "every six hours");
    assert_eq!(rule.days.len(), 2, "{:?}", rule.days);
}

#[test]
fn a_suppression_holds_until_its_end_by_the_records_clock() {
    let text = "[[suppress]]\nrule = \"admin-port-tries\"\nreason = \"ours\"\nuntil = 2023-11-15T12:00:00Z\n";
    let suppressions = Arc::new(Suppressions::parse("quiet.toml", text).unwrap());
    let definitions = Definitions { suppressions, ..Definitions::default() };
    let lines = [tries("10.0.0.5", 120, DAY), tries("10.0.0.6", 120, DAY + 13 * HOUR)].concat();
    let history = replay(&definitions, &[file(&lines)]);
    let rule = of(&history, TRIES);
    assert_eq!((rule.looks.suppressed, rule.told.people), (1, 1));
    assert_eq!(rule.subjects.len(), 1);
    assert_eq!(rule.subjects[0].subject["dstAddr"], "10.0.0.6");
}

#[test]
fn alerts_over_the_limit_come_in_a_digest() {
    let definitions = Definitions::default();
    // All of them in one minute.
    let at = |n: u64| (0..25).map(move |target| (n, target));
    let line = |(n, target): (u64, u64)| {
        Flow::tcp("198.51.100.7", 40_000, &format!("10.0.0.{target}"), 22).rejected().at(DAY + n / 4).line()
    };
    let lines: Vec<_> = (0..120).flat_map(at).map(line).collect();
    let history = replay(&definitions, &[file(&lines)]);
    let rule = of(&history, TRIES);
    assert_eq!((rule.told.people, rule.told.in_digests, rule.told.by_status[0]), (20, 5, 25));
    assert_eq!(history.digests.into_iter().collect::<Vec<_>>(), [(DAY, 1)]);
}

#[test]
fn windows_close_after_the_end() {
    let query = "filter action = \"ACCEPT\" | stats count(*) as flows by interfaceId | filter flows < 3";
    let definitions = rule("10m", "48h", query);
    let history = replay(&definitions, &[file(&[Flow::tcp("10.0.0.1", 1, "10.0.0.2", 443).at(DAY).line()])]);
    let rule = of(&history, "x");
    assert_eq!(rule.told, Told { people: 1, in_digests: 0, by_status: [1, 0, 0, 1] });
    assert_eq!(rule.subjects[0].first, DAY + 60 + 900, "the first window closes when nothing is waited for");
    assert_eq!(rule.one_a_day.reason(), Some("not one number"), "fewer can't be made more");
}

#[test]
fn years_without_records_take_no_time() {
    let definitions = Definitions::default();
    let lines = [tries("10.0.0.5", 120, 0), tries("10.0.0.5", 120, 50_000_000_000)].concat();
    let history = replay(&definitions, &[file(&lines)]);
    let rule = of(&history, TRIES);
    assert_eq!((rule.told.people, rule.days.len()), (2, 2));
}

#[test]
fn rules_that_only_observe_are_counted() {
    let rules = RuleSet::defaults().told_up_to(Mode::Off);
    let definitions = Definitions { rules: Arc::new(rules), ..Definitions::default() };
    let backup = Flow::tcp("10.0.0.5", 50_000, "10.0.0.6", 873).bytes(2 << 30).at(DAY).line();
    let history = replay(&definitions, &[file(from_ref(&backup))]);
    let rule = of(&history, "large-transfer");
    assert_eq!((rule.told.people, rule.told.programs()), (0, 2), "its severity is low");
    let definitions = Definitions::default();
    let history = replay(&definitions, &[file(&[backup])]);
    let rule = of(&history, "large-transfer");
    assert_eq!((rule.looks.began, rule.told), (1, Told::default()));
}

#[test]
fn an_event_that_comes_again_changes_nothing() {
    let stream =
        LogStream { owner: "123456789012", log_group: "/vpc", log_stream: "eni-1", subscription_filter: "f" };
    let lines = [tries("10.0.0.5", 90, DAY), tries("10.0.0.6", 40, DAY + 90)].concat();
    let lines: Vec<(i64, &String)> = lines.iter().map(|line| (1_700_006_400_000, line)).collect();
    let event = SubscriptionEncoder::new(stream, EncodeLimits::default()).encode(&lines).unwrap().remove(0);
    let definitions = Definitions::default();
    let history = replay(&definitions, &[event.clone().into_bytes(), event.into_bytes()]);
    assert_eq!((history.report.events, history.report.redelivered), (2, 1));
    let rule = of(&history, TRIES);
    assert_eq!(rule.looks.seen, 0);
    assert_eq!(rule.one_a_day.number().map(Value::from), Some(Value::Integer(40)));
}

#[test]
fn records_far_behind_the_clock_are_counted_as_such() {
    let definitions = Definitions::default();
    let inputs = [tries("10.0.0.5", 10, DAY + 9 * HOUR), tries("10.0.0.5", 10, DAY)];
    let history = replay(&definitions, &inputs.map(|lines| file(&lines)));
    assert_eq!((history.behind, history.report.late_panes), (10, 1));
}
