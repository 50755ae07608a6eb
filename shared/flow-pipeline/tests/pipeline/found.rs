//! What went wrong once: losses, false findings and repeats that a reader of the code found.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use flow_detect::RuleSet;
use flow_output::Message;
use flow_pipeline::*;
use flow_testkit::Flow;

use super::closing::few_flows;
use super::fakes::{Broken, NoRecords, Recorder, now_or_never};
use super::{NOW, START, event, few_rules, pipeline, rule, run, settings, tick_each_minute, tries, tries_at};

/// What redrive invokes (asynchronously) and what it tells at once are one episode: two alerts.
#[test]
fn redrive_of_one_attack_that_is_partly_late_alerts_once() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), few_rules());
    let now = START + 5400;
    let old = event(&tries_at("198.51.100.7", 120, START)); // > 75 minutes ago: late
    let new = event(&tries_at("198.51.100.7", 120, START + 1800)); // live
    let mut events = pipeline.late_events(&definitions, now);
    let a = now_or_never(events.add(old.as_bytes())).unwrap();
    let b = now_or_never(events.add(new.as_bytes())).unwrap();
    assert!(a.is_late && !a.is_live && b.is_live, "{a:?} {b:?}");
    // `invoke_later` only queues the event: the command goes on and tells before the function ran.
    now_or_never(events.tell(|| 0)).unwrap();
    now_or_never(pipeline.run(&definitions, new.as_bytes(), now + 5)).unwrap();
    assert_eq!(pipeline.notifier().count(Topic::Alerts), 1);
}

/// A second redrive, of events of the same episode that failed later.
#[test]
fn two_redrives_of_one_episode_alert_once() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), few_rules());
    for (day, start) in [(86_400, START), (86_500, START + 1200)] {
        let mut events = pipeline.late_events(&definitions, NOW + day);
        now_or_never(events.add(event(&tries_at("198.51.100.7", 120, start)).as_bytes())).unwrap();
        now_or_never(events.tell(|| 0)).unwrap();
    }
    assert_eq!(pipeline.notifier().count(Topic::Alerts), 1);
}

/// A rule that fires on few flows, judged by failed events alone.
#[test]
fn redrive_makes_no_false_finding() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), few_flows());
    let pane = START / 60 * 60;
    let flow = |at| Flow::tcp("10.0.0.9", 50_000, "10.0.1.1", 8443).at(at).line();
    // A busy interface: five flows every minute for two hours, all counted in time.
    for minute in 0..120 {
        let at = pane + minute * 60;
        now_or_never(pipeline.run(&definitions, event(&vec![flow(at); 5]).as_bytes(), at + 70)).unwrap();
        now_or_never(pipeline.tick(&definitions, at + 80)).unwrap();
    }
    assert_eq!(pipeline.notifier().count(Topic::Alerts), 0, "nothing before");
    // One event with two more flows failed.
    let failed = event(&vec![flow(pane + 3600); 2]);
    let mut events = pipeline.late_events(&definitions, pane + 4 * 3600);
    assert!(now_or_never(events.add(failed.as_bytes())).unwrap().is_late);
    now_or_never(events.tell(|| 0)).unwrap();
    assert_eq!(pipeline.notifier().count(Topic::Alerts), 0, "no window had fewer than three flows");
}

/// Merged, never claimed, three tries over, redriven when it is late: state counted 120.
#[test]
fn merged_and_redriven_late_is_told() {
    let (pipeline, definitions) = (pipeline(settings(), NoRecords::default()), few_rules());
    let first = event(&tries_at("198.51.100.7", 60, START));
    let second = event(&tries_at("198.51.100.7", 60, START + 120));
    run(&pipeline, &first).unwrap();
    pipeline.store().is_broken.store(true, Ordering::Relaxed);
    for after in [0, 60, 180] {
        now_or_never(pipeline.run(&definitions, second.as_bytes(), NOW + after)).unwrap_err();
    }
    pipeline.store().is_broken.store(false, Ordering::Relaxed);
    tick_each_minute(&pipeline, &definitions, NOW + 200, 120);
    let now = NOW + 200 + 7200;
    let mut events = pipeline.late_events(&definitions, now);
    assert!(now_or_never(events.add(second.as_bytes())).unwrap().is_late);
    now_or_never(events.tell(|| 0)).unwrap();
    assert_eq!(
        pipeline.notifier().count(Topic::Alerts),
        1,
        "attempts = 120 > 100 stand in the item of state"
    );
}

/// Takes every message and loses every answer.
#[derive(Debug, Default)]
struct NoAnswer(Mutex<Vec<Topic>>);
impl Notifier for NoAnswer {
    type Error = Broken;

    fn is_unsent(&self, _: &Broken) -> bool {
        false
    }
    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, Broken>> {
        self.0.lock().unwrap().extend(messages.iter().map(|_| topic));
        messages.iter().map(|_| Err(Broken)).collect()
    }
}

/// Answers of SNS get lost ("NoAnswer"): the limit for five minutes holds all the same.
#[test]
fn unknown_outcomes_stay_within_the_limit() {
    let definitions = few_rules();
    let pipeline = Pipeline::new(settings(), MemoryStore::default(), NoAnswer::default());
    let lines: Vec<_> =
        (0..20).flat_map(|n| super::tries_on(&format!("10.0.0.{n}"), "198.51.100.7", 101, START)).collect();
    let _ = now_or_never(pipeline.run(&definitions, event(&lines).as_bytes(), NOW));
    for minute in 1..5 {
        let _ = now_or_never(pipeline.tick(&definitions, NOW + minute * 60));
    }
    let alerts =
        pipeline.notifier().0.lock().unwrap().iter().filter(|topic| **topic == Topic::Alerts).count();
    assert!(alerts <= DEFAULT_ALERT_LIMIT, "{alerts} alerts in five minutes");
}

/// Above the cap of spanning groups: killed between merge and claim, tried again a minute later.
#[test]
fn what_a_capped_event_counted_is_told_by_its_retry() {
    let definitions = rule(
        "spanning",
        "10m",
        "6h",
        "filter action = \"REJECT\"\n| stats count(*) as tries by srcAddr\n| filter tries > 2",
    );
    let pipeline = pipeline(settings(), NoRecords::default());
    let lines: Vec<_> = (0..200)
        .flat_map(|n| {
            vec![Flow::tcp(&format!("198.51.100.{n}"), 1, "10.0.0.1", 22).rejected().at(START).line(); 3]
        })
        .collect();
    let event = event(&lines);
    pipeline.store().is_broken.store(true, Ordering::Relaxed);
    now_or_never(pipeline.run(&definitions, event.as_bytes(), START + 60)).unwrap_err();
    pipeline.store().is_broken.store(false, Ordering::Relaxed);
    now_or_never(pipeline.run(&definitions, event.as_bytes(), START + 121)).unwrap();
    tick_each_minute(&pipeline, &definitions, START + 180, 120);
    let items = pipeline.store().inner.items();
    let told = items.iter().filter(|(key, ..)| key.as_str().starts_with("episode/")).count();
    let counted: usize = items
        .iter()
        .filter_map(|(_, item, _)| match &item.content {
            Content::Binary(bytes) => {
                Some(flow_detect::StateItem::decode(bytes, &definitions.rules).unwrap().groups().len())
            }
            Content::Text(_) => None,
        })
        .sum();
    assert_eq!((told, counted), (counted, counted), "told, counted: groups in state with 3 > 2 tries");
}

/// Runs a tick while the message is on its way.
#[derive(Debug)]
struct TickMeanwhile<'a> {
    store: &'a Shared,
    other: Recorder,
    sent: AtomicUsize,
    tick_at: u64,
}
#[derive(Debug, Default)]
struct Shared(MemoryStore);
impl StateStore for &Shared {
    type Error = std::convert::Infallible;
    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Self::Error> {
        self.0.get(keys).await
    }
    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Self::Error>> {
        self.0.put(writes).await
    }
    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Self::Error> {
        self.0.due(what, now, limit).await
    }
}
impl Notifier for &TickMeanwhile<'_> {
    type Error = Broken;

    fn is_unsent(&self, _: &Broken) -> bool {
        true
    }
    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, Broken>> {
        if topic == Topic::Alerts {
            self.sent.fetch_add(messages.len(), Ordering::Relaxed);
            let ticking = Pipeline::new(settings(), self.store, Recorder::default());
            now_or_never(ticking.tick(&few_rules(), self.tick_at)).unwrap();
            self.sent.fetch_add(ticking.notifier().count(Topic::Alerts), Ordering::Relaxed);
        }
        self.other.publish(topic, messages).await
    }
}

/// Listing the bucket took a minute: the claims of redrive have run out when they are made.
#[test]
fn a_redrive_of_many_events_claims_for_as_long_as_it_publishes() {
    let store = Shared::default();
    let definitions = few_rules();
    let started = NOW + 86_400;
    let meanwhile = TickMeanwhile {
        store: &store,
        other: Recorder::default(),
        sent: AtomicUsize::new(0),
        tick_at: started + 60,
    };
    let pipeline = Pipeline::new(settings(), &store, &meanwhile);
    // The command takes its clock here, then gets every object of the bucket, one after the other.
    let mut events = pipeline.late_events(&definitions, started);
    now_or_never(events.add(event(&tries("198.51.100.7", 120)).as_bytes())).unwrap();
    // ... a minute later it tells, and in that second the tick looks.
    now_or_never(events.tell(|| started + 60)).unwrap();
    assert_eq!(meanwhile.sent.load(Ordering::Relaxed), 1, "alerts, and nobody died");
}

/// Fails the third put of a record: the confirmation, once.
#[derive(Debug, Default)]
struct NoConfirmation {
    inner: MemoryStore,
    puts: AtomicUsize,
}
impl StateStore for NoConfirmation {
    type Error = Broken;
    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Broken> {
        Ok(self.inner.get(keys).await.unwrap())
    }
    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Broken>> {
        if writes[0].key.as_str().starts_with("episode/") && self.puts.fetch_add(1, Ordering::Relaxed) == 1 {
            return writes.iter().map(|_| Err(Broken)).collect();
        }
        self.inner.put(writes).await.into_iter().map(|w| Ok(w.unwrap())).collect()
    }
    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Broken> {
        Ok(self.inner.due(what, now, limit).await.unwrap())
    }
}

/// SNS said yes, nobody died, one write to DynamoDB was throttled.
#[test]
fn one_throttled_confirmation_repeats_no_alert() {
    let pipeline = pipeline(settings(), NoConfirmation::default());
    let event = event(&tries("198.51.100.7", 120));
    // It is confirmed after a pause, which needs a clock.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    for now in [NOW, NOW + 60] {
        runtime.block_on(pipeline.run(&few_rules(), event.as_bytes(), now)).unwrap();
    }
    assert_eq!(pipeline.notifier().count(Topic::Alerts), 1);
}

/// A storm of 1,500: do the digests account for each once?
#[test]
fn digests_of_one_storm_add_up() {
    let definitions = rule(
        "storm",
        "10m",
        "6h",
        "filter action = \"REJECT\"\n| stats count(*) as tries by interfaceId, srcAddr\n| filter tries > 0",
    );
    let pipeline = pipeline(settings(), MemoryStore::default());
    for group in 0..15 {
        let lines: Vec<_> = (0..100)
            .map(|n| {
                Flow::tcp(&format!("198.51.{group}.{n}"), 1, "10.0.0.1", 22)
                    .rejected()
                    .interface(&format!("eni-{group}"))
                    .at(START)
                    .line()
            })
            .collect();
        now_or_never(pipeline.run(&definitions, event(&lines).as_bytes(), START + 60)).unwrap();
    }
    tick_each_minute(&pipeline, &definitions, START + 120, 4);
    let sent = pipeline.notifier().sent.lock().unwrap();
    let digests: Vec<_> = sent
        .iter()
        .filter(|(topic, m)| *topic == Topic::Alerts && m.body.contains("listed here"))
        .map(|(_, m)| m.subject.clone())
        .collect();
    // "[LOW] 480 findings listed here, at most 20 more told one by one"
    let number = |text: &str| text.replace(',', "").parse::<u64>().ok();
    let all: u64 = digests.iter().flat_map(|subject| subject.split(' ').filter_map(number)).sum();
    assert_eq!(all, 1500, "{digests:?}");
}

/// 1,200 interfaces whose windows close every minute, and one digest.
#[test]
fn closing_windows_keep_no_digest_waiting() {
    let text = r#"
id = "waiting"
type = "Recon:VPC/Waiting"
title = { en = "Waiting", ja = "待機" }
severity = "medium"
mode = "notify"
technique = "T1046"
window = "10m"
pane = "1m"
repeat = "6h"
query = '''
filter action = "ACCEPT"
| stats avg(bytes) as flows by interfaceId
| filter flows > 100000
'''
explain = { en = "few", ja = "少数" }
advice = { en = ["a", "b", "c"], ja = ["a", "b", "c"] }
"#;
    let rules = RuleSet::with_files([("w.toml", text)]).unwrap();
    let definitions = Definitions { rules: Arc::new(rules), ..Definitions::default() };
    let pipeline = pipeline(PipelineSettings { alert_limit: 0, ..settings() }, MemoryStore::default());
    let pane = START / 60 * 60;
    for group in 0..12 {
        let lines: Vec<_> = (0..100)
            .flat_map(|n| {
                let interface = format!("eni-{group}-{n}");
                (0..20).map(move |m| {
                    Flow::tcp("10.0.0.9", 50_000, "10.0.1.1", 8443)
                        .interface(&interface)
                        .at(pane + m * 60)
                        .line()
                })
            })
            .collect();
        now_or_never(pipeline.run(&definitions, event(&lines).as_bytes(), pane + 20 * 60)).unwrap();
    }
    let mut told = None;
    for minute in 21..60 {
        let now = pane + minute * 60;
        if minute == 30 {
            now_or_never(pipeline.run(
                &definitions,
                event(&tries_at("198.51.100.7", 120, now - 300)).as_bytes(),
                now,
            ))
            .unwrap();
        }
        now_or_never(pipeline.tick(&definitions, now + 1)).unwrap();
        if told.is_none() && pipeline.notifier().count(Topic::Alerts) > 0 {
            told = Some(minute - 30);
        }
    }
    assert!(told.is_some_and(|minutes| minutes <= 2), "the digest came after {told:?} minutes");
}

/// As `event_time_that_jumps_keeps_nothing_from_being_told`, the jump by an environment that has not read the rule yet.
#[test]
fn a_jump_seen_by_older_rules_keeps_nothing_from_being_told() {
    let pipeline = pipeline(settings(), MemoryStore::default());
    let pane = START / 60 * 60;
    let new = few_flows();
    now_or_never(pipeline.run(&new, super::closing::five_then_two().as_bytes(), pane + 40_060)).unwrap();
    let jump = event(&tries_at("198.51.100.7", 3, pane + 40_000));
    // The built-in rules alone: `waiting` came minutes ago.
    now_or_never(pipeline.run(&few_rules(), jump.as_bytes(), pane + 40_070)).unwrap();
    tick_each_minute(&pipeline, &new, pane + 40_090, 60);
    assert_eq!(pipeline.notifier().count(Topic::Alerts), 1);
}
