//! Events that no invocation worked through: again while they count, else together and marked delayed.

use flow_detect::{Status, Telling};
use flow_pipeline::{MemoryStore, Topic};
use flow_testkit::Flow;

use super::fakes::now_or_never;
use super::{NOW, RULE, START, event, few_rules, pipeline, run, settings, tries, tries_at};

/// A day later, when nothing of it counts any more.
const LATER: u64 = NOW + 86_400;

#[test]
fn what_still_counts_is_to_be_invoked_again() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), few_rules());
    let mut events = pipeline.late_events(&definitions, NOW);
    let [live, quiet, late] = [
        tries_at("198.51.100.7", 120, NOW - 600),
        vec![Flow::tcp("10.0.0.1", 40_000, "10.0.0.2", 443).rejected().at(NOW - 600).line()],
        tries_at("198.51.100.7", 120, NOW - 40_000),
    ]
    .map(|lines| event(&lines));
    let mut standing = |event: &str| {
        let standing = now_or_never(events.add(event.as_bytes())).unwrap();
        (standing.is_live, standing.is_late, standing.is_repeated)
    };
    assert_eq!(standing(&live), (true, false, false));
    assert_eq!(standing(&live), (true, false, true), "the same once more");
    assert_eq!(standing(&quiet), (false, false, false));
    assert_eq!(standing(&late), (false, true, false));
    let both =
        event(&[tries_at("198.51.100.7", 2, NOW - 600), tries_at("198.51.100.7", 2, NOW - 40_000)].concat());
    assert_eq!(standing(&both), (true, true, false));
    assert!(now_or_never(events.add(b"{}")).is_err());
    let findings = events.findings();
    assert_eq!(findings.len(), 1, "what is live is left to the function: {findings:?}");
    assert!(findings[0].is_delayed && findings[0].episode.first_seen == NOW - 40_000);
}

#[test]
fn windows_over_late_events_are_told_once_and_marked() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), few_rules());
    let tell = || {
        let mut events = pipeline.late_events(&definitions, LATER);
        // No event alone would be enough.
        for part in 0..3 {
            let lines = tries_at("198.51.100.7", 40, START + part * 80);
            let standing = now_or_never(events.add(event(&lines).as_bytes())).unwrap();
            assert!(standing.is_late && !standing.is_live);
        }
        now_or_never(events.tell(|| 0)).unwrap()
    };
    let report = tell();
    assert_eq!((report.findings[RULE], report.published["findings"], report.published["alerts"]), (1, 1, 1));
    for (topic, mark) in [(Topic::Findings, "\"delayed\":true"), (Topic::Alerts, "Delayed")] {
        let sent = pipeline.notifier().sent.lock().unwrap();
        let (_, message) = sent.iter().find(|(to, _)| *to == topic).unwrap();
        assert!(message.body.contains(mark), "{}", message.body);
        assert!(message.body.contains("120"), "{}", message.body);
    }
    let again = tell();
    let told = (again.findings.get(RULE), again.published.get("alerts"));
    assert_eq!(told, (None, None), "people are told once; programs hear that it is over: {again:?}");
}

#[test]
fn what_was_told_in_time_is_not_told_again() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), few_rules());
    run(&pipeline, &event(&tries("198.51.100.7", 120))).unwrap();
    let mut events = pipeline.late_events(&definitions, LATER);
    now_or_never(events.add(event(&tries("198.51.100.7", 110)).as_bytes())).unwrap();
    assert_eq!(events.findings().len(), 1);
    let report = now_or_never(events.tell(|| 0)).unwrap();
    assert_eq!((report.published.get("alerts"), report.findings.get(RULE)), (None, None), "{report:?}");
}

#[test]
fn every_episode_before_a_known_one_is_told_once() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), few_rules());
    run(&pipeline, &event(&tries_at("198.51.100.7", 120, NOW - 600))).unwrap();
    let late = || {
        let mut events = pipeline.late_events(&definitions, NOW);
        for before in [40_000, 80_000] {
            now_or_never(events.add(event(&tries_at("198.51.100.7", 120, NOW - before)).as_bytes())).unwrap();
        }
        events
    };
    let outlook = || {
        let outlook = now_or_never(late().outlook()).unwrap();
        outlook.into_iter().map(|(_, telling)| telling).collect::<Vec<_>>()
    };
    assert_eq!(outlook(), [Telling::Claimed(Status::New); 2]);
    let report = now_or_never(late().tell(|| NOW)).unwrap();
    assert_eq!((report.superseded, report.held_back), (0, 0));
    assert_eq!((report.published["findings"], report.published["alerts"]), (2, 2));
    assert!(!outlook().contains(&Telling::Claimed(Status::New)));
    let again = now_or_never(late().tell(|| NOW)).unwrap();
    assert_eq!(again.published.get("alerts"), None, "{again:?}");
}

#[test]
fn time_that_passes_over_a_plan_shows() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), few_rules());
    let mut events = pipeline.late_events(&definitions, NOW);
    let event = event(&tries_at("198.51.100.7", 120, NOW - 600));
    let standing = now_or_never(events.add(event.as_bytes())).unwrap();
    assert!(now_or_never(events.still_stands(event.as_bytes(), standing, NOW + 60)).unwrap());
    assert!(!now_or_never(events.still_stands(event.as_bytes(), standing, LATER)).unwrap());
}
