//! Hardships: storms, delays, throttled writes and deaths, and nobody goes untold.
use std::future::pending;
use std::pin::pin;
use std::slice::from_ref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Waker};

use flow_output::Message;
use flow_pipeline::*;
use flow_testkit::Flow;

use super::closing::{few_flows, five_then_two};
use super::fakes::{Broken, NoRecords, Recorder, now_or_never};
use super::telling::pings_are_told;
use super::{
    NOW, START, event, few_rules, pipeline, rule, settings, tick_each_minute, timed_rule, tries, tries_on,
};

const PANE: u64 = START / 60 * 60;

/// Runs something that waits between its tries, at once.
fn waited<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(future)
}

/// 500 findings of one interface.
#[test]
fn a_storm_of_500_on_one_interface() {
    let mut all = Vec::new();
    for per_event in [500, 100] {
        let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), pings_are_told());
        let lines: Vec<_> = (0..500)
            .map(|n| {
                let source = format!("198.51.{}.{}", n / 250, n % 250);
                Flow::icmp(&source, "10.0.0.5").rejected().at(START).line()
            })
            .collect();
        for (n, part) in lines.chunks(per_event).enumerate() {
            now_or_never(pipeline.run(&definitions, event(part).as_bytes(), START + 60 + n as u64)).unwrap();
        }
        now_or_never(pipeline.tick(&definitions, START + 130)).unwrap();
        all.push(pipeline.notifier().count(Topic::Findings));
    }
    assert_eq!(all, [500, 500]);
}

/// The confirmation meets a conflict or a failure, and then one read fails.
#[derive(Debug, Default)]
struct Unlucky {
    inner: MemoryStore,
    puts: AtomicUsize,
    is_conflict: bool,
    conflicts: usize,
    fail_next_get: AtomicBool,
    fails_read: bool,
}
impl StateStore for Unlucky {
    type Error = Broken;
    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Broken> {
        if self.fail_next_get.swap(false, Ordering::Relaxed) {
            return Err(Broken);
        }
        Ok(self.inner.get(keys).await.unwrap())
    }
    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Broken>> {
        if writes[0].key.as_str().starts_with("episode/") {
            let n = self.puts.fetch_add(1, Ordering::Relaxed);
            if (1..=self.conflicts).contains(&n) {
                self.fail_next_get.store(self.fails_read, Ordering::Relaxed);
                if !self.is_conflict {
                    return writes.iter().map(|_| Err(Broken)).collect();
                }
                // Another observer of the same finding writes the record just before.
                for w in writes {
                    let (_, item, due_at) =
                        self.inner.items().into_iter().find(|(key, ..)| *key == w.key).unwrap();
                    let other = Write {
                        key: w.key.clone(),
                        content: item.content,
                        over: Some(item.version),
                        expires_at: item.expires_at,
                        due_at,
                    };
                    assert_eq!(self.inner.put(from_ref(&other)).await, [Ok(Written::Done)]);
                }
            }
        }
        self.inner.put(writes).await.into_iter().map(|w| Ok(w.unwrap())).collect()
    }
    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Broken> {
        Ok(self.inner.due(what, now, limit).await.unwrap())
    }
}

fn alerts_with(store: Unlucky) -> usize {
    let pipeline = pipeline(settings(), store);
    let event = event(&tries("198.51.100.7", 120));
    for now in [NOW, NOW + 60] {
        // The first may fail: that is what the second is for.
        let _ = waited(pipeline.run(&few_rules(), event.as_bytes(), now));
    }
    pipeline.notifier().count(Topic::Alerts)
}

/// One failed write (or one conflict) and one failed read of a confirmation.
#[test]
fn one_failed_read_repeats_no_alert() {
    let fail = Unlucky { conflicts: 1, fails_read: true, ..Unlucky::default() };
    let conflict = Unlucky { conflicts: 1, fails_read: true, is_conflict: true, ..Unlucky::default() };
    assert_eq!((alerts_with(conflict), alerts_with(fail)), (1, 1));
}

/// No tick for eight hours.
#[test]
fn a_tick_that_stood_still_only_delays() {
    for hours in [6, 8] {
        let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), few_flows());
        now_or_never(pipeline.run(&definitions, five_then_two().as_bytes(), PANE + 120)).unwrap();
        tick_each_minute(&pipeline, &definitions, PANE + 120 + hours * 3600, 60);
        assert_eq!(pipeline.notifier().count(Topic::Alerts), 1, "{hours}");
    }
}

/// Every record comes in order, each `lag` seconds after its time.
#[test]
fn a_steady_lag_makes_no_false_finding() {
    let query =
        "filter action = \"ACCEPT\"\n| stats avg(bytes) as flows by interfaceId\n| filter flows > 505";
    let definitions = rule("waiting", "10m", "48h", query);
    let mut found = Vec::new();
    for lag in [70, 900, 1020, 1200, 1800] {
        let pipeline = pipeline(settings(), MemoryStore::default());
        for minute in 0..61 {
            let bytes = if minute % 2 == 0 { 100 } else { 900 };
            let flow =
                Flow::tcp("10.0.0.9", 50_000, "10.0.1.1", 8443).bytes(bytes).at(PANE + minute * 60).line();
            let now = PANE + minute * 60 + lag;
            now_or_never(pipeline.run(&definitions, event(&[flow]).as_bytes(), now)).unwrap();
            now_or_never(pipeline.tick(&definitions, now + 10)).unwrap();
        }
        tick_each_minute(&pipeline, &definitions, PANE + 61 * 60 + lag, 39);
        found.push((lag, pipeline.notifier().count(Topic::Alerts)));
    }
    assert!(found.iter().all(|(_, count)| *count == 0), "(lag, alerts): {found:?}");
}

/// Twelve bursts, each an episode of its own, all of whose panes are kept.
#[test]
fn episodes_are_counted_once() {
    let definitions = timed_rule(
        "short",
        "window = \"1m\"\nlateness = \"1h\"\nrepeat = \"50m\"",
        "filter action = \"REJECT\"\n| stats count(*) as tries by interfaceId\n| filter tries > 2",
    );
    let pipeline = pipeline(settings(), MemoryStore::default());
    let mut began = 0;
    let mut superseded = 0;
    for burst in 0..12 {
        for part in 0..3 {
            let at = PANE + burst * 300 + part;
            let lines = vec![Flow::tcp("198.51.100.7", 1, "10.0.0.1", 22).rejected().at(at).line(); 3];
            let r = now_or_never(pipeline.run(&definitions, event(&lines).as_bytes(), at + 30)).unwrap();
            began += r.findings.values().sum::<u64>();
            superseded += r.superseded;
            now_or_never(pipeline.tick(&definitions, at + 31)).unwrap();
        }
    }
    assert_eq!(began, 12, "superseded {superseded}");
}

/// Of every call that writes several records one write is throttled, another each time.
#[derive(Debug, Default)]
struct OneThrottled {
    inner: MemoryStore,
    turn: AtomicUsize,
    is_broken: AtomicBool,
}
impl StateStore for OneThrottled {
    type Error = Broken;
    async fn get(&self, keys: &[ItemKey]) -> Result<Vec<Option<StoredItem>>, Broken> {
        Ok(self.inner.get(keys).await.unwrap())
    }
    async fn put(&self, writes: &[Write]) -> Vec<Result<Written, Broken>> {
        let records = writes.iter().filter(|w| w.key.as_str().starts_with("episode/")).count();
        let turn = if records > 1 && self.is_broken.load(Ordering::Relaxed) {
            Some(self.turn.fetch_add(1, Ordering::Relaxed) % writes.len())
        } else {
            None
        };
        let mut all = Vec::new();
        for (place, write) in writes.iter().enumerate() {
            if turn == Some(place) {
                all.push(Err(Broken));
            } else {
                all.push(Ok(self.inner.put(from_ref(write)).await.remove(0).unwrap()));
            }
        }
        all
    }
    async fn due(&self, what: Due, now: u64, limit: usize) -> Result<Vec<ItemKey>, Broken> {
        Ok(self.inner.due(what, now, limit).await.unwrap())
    }
}

/// A digest of 100, one of whose records is throttled in each tick.
#[test]
fn one_throttled_record_keeps_no_others_waiting() {
    let mut settings = settings();
    settings.alert_limit = 0;
    let (pipeline, definitions) = (pipeline(settings, OneThrottled::default()), pings_are_told());
    let lines: Vec<_> = (0..100)
        .map(|n| Flow::icmp(&format!("198.51.100.{n}"), "10.0.0.5").rejected().at(START).line())
        .collect();
    waited(pipeline.run(&definitions, event(&lines).as_bytes(), START + 60)).unwrap();
    pipeline.store().is_broken.store(true, Ordering::Relaxed);
    let mut errors = 0;
    for minute in 0..60 {
        errors += usize::from(waited(pipeline.tick(&definitions, START + 121 + minute * 60)).is_err());
    }
    let alerts = pipeline.notifier().count(Topic::Alerts);
    assert!(alerts > 0, "no digest in an hour, {errors} ticks failed");
}

/// 20 new findings in one event, one of whose records is throttled.
#[test]
fn one_throttled_record_keeps_no_new_alert_waiting() {
    let (pipeline, definitions) = (pipeline(settings(), OneThrottled::default()), few_rules());
    pipeline.store().is_broken.store(true, Ordering::Relaxed);
    let lines: Vec<_> =
        (0..20).flat_map(|n| tries_on(&format!("10.0.0.{n}"), "198.51.100.7", 101, START)).collect();
    for retry in [0, 60, 180] {
        let _ = waited(pipeline.run(&definitions, event(&lines).as_bytes(), NOW + retry));
    }
    assert!(pipeline.notifier().count(Topic::Alerts) >= 19);
}

/// Killed between merge and claim, a rule of one minute; another event of the interface comes before the retry.
#[test]
fn a_short_window_survives_a_kill_between_merge_and_claim() {
    let query =
        "filter action = \"REJECT\"\n| stats count(*) as tries by interfaceId, srcAddr\n| filter tries > 2";
    let mut found = Vec::new();
    for (lateness, step, retry) in [("0s", 90, 60), ("15m", 1100, 1200)] {
        let definitions = timed_rule(
            "short",
            &format!("window = \"1m\"\nlateness = \"{lateness}\"\nrepeat = \"6h\""),
            query,
        );
        let pipeline = pipeline(settings(), NoRecords::default());
        let lines = vec![Flow::tcp("198.51.100.7", 1, "10.0.0.1", 22).rejected().at(START).line(); 3];
        let first = event(&lines);
        pipeline.store().is_broken.store(true, Ordering::Relaxed);
        now_or_never(pipeline.run(&definitions, first.as_bytes(), START + 100)).unwrap_err();
        pipeline.store().is_broken.store(false, Ordering::Relaxed);
        let other = vec![Flow::tcp("198.51.100.8", 1, "10.0.0.1", 22).rejected().at(START + step).line()];
        now_or_never(pipeline.run(&definitions, event(&other).as_bytes(), START + 100 + retry - 5)).unwrap();
        let r = now_or_never(pipeline.run(&definitions, first.as_bytes(), START + 100 + retry)).unwrap();
        tick_each_minute(&pipeline, &definitions, START + 200 + retry, 60);
        found.push((lateness, pipeline.notifier().count(Topic::Alerts), r.late_panes, r.redelivered));
    }
    assert!(found.iter().all(|f| f.1 == 1), "(lateness, alerts, late panes, redelivered): {found:?}");
}

/// Dies at its first call.
#[derive(Debug, Default)]
struct Dying {
    inner: Recorder,
    is_dead: AtomicBool,
}
impl Notifier for Dying {
    type Error = Broken;
    fn is_unsent(&self, _: &Broken) -> bool {
        true
    }
    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, Broken>> {
        if !self.is_dead.swap(true, Ordering::Relaxed) {
            pending::<()>().await;
        }
        self.inner.publish(topic, messages).await
    }
}

/// Killed between claim and publish, 25 findings; the digest accounts for 25.
#[test]
fn a_digest_after_a_kill_accounts_for_what_was_told() {
    let definitions = few_rules();
    let pipeline = Pipeline::new(settings(), MemoryStore::default(), Dying::default());
    let lines: Vec<_> =
        (0..25).flat_map(|n| tries_on(&format!("10.0.0.{n}"), "198.51.100.7", 101, START)).collect();
    let event = event(&lines);
    {
        let run = pin!(pipeline.run(&definitions, event.as_bytes(), NOW));
        assert!(run.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    now_or_never(pipeline.run(&definitions, event.as_bytes(), NOW + 60)).unwrap();
    tick_each_minute(&pipeline, &definitions, NOW + 121, 3);
    let sent = pipeline.notifier().inner.sent.lock().unwrap();
    let subjects: Vec<_> =
        sent.iter().filter(|(to, _)| *to == Topic::Alerts).map(|(_, m)| &m.subject).collect();
    assert!(subjects.iter().any(|s| s.contains("25 findings")), "{subjects:?}");
}

/// An attack that goes on for twelve hours, its records 40 minutes late all the time.
#[test]
fn what_goes_on_is_repeated_whatever_the_lag() {
    let definitions = timed_rule(
        "short",
        "window = \"5m\"\nrepeat = \"1h\"",
        "filter action = \"REJECT\"\n| stats count(*) as tries by interfaceId\n| filter tries > 2",
    );
    let mut found = Vec::new();
    for lag in [600, 2400] {
        let pipeline = pipeline(settings(), MemoryStore::default());
        for minute in 0..720 {
            let at = PANE + minute * 60;
            let lines = vec![Flow::tcp("198.51.100.7", 1, "10.0.0.1", 22).rejected().at(at).line(); 3];
            now_or_never(pipeline.run(&definitions, event(&lines).as_bytes(), at + lag)).unwrap();
            now_or_never(pipeline.tick(&definitions, at + lag + 10)).unwrap();
        }
        let sent = pipeline.notifier().sent.lock().unwrap();
        let resolved = sent.iter().filter(|(_, m)| m.body.contains("\"status\":\"resolved\"")).count();
        drop(sent);
        found.push((lag, pipeline.notifier().count(Topic::Alerts), resolved));
    }
    assert!(found.iter().all(|f| f.1 == 12 && f.2 == 0), "(lag, alerts, resolved): {found:?}");
}

/// Thirty findings, ten over the limit, that go on: how many minutes until the digest.
#[test]
fn findings_that_go_on_are_in_the_digest() {
    let mut found = Vec::new();
    for (every, goes_on) in [(1, false), (1, true), (3, true), (5, true), (20, true), (40, true)] {
        let query =
            "filter protocol = 1\n| stats count(*) as pings by interfaceId, srcAddr\n| filter pings > 0";
        let definitions = rule("storm", "10m", "6h", query);
        let pipeline = pipeline(settings(), MemoryStore::default());
        let ping = |at: u64| {
            let line = |n| Flow::icmp(&format!("198.51.100.{n}"), "10.0.0.5").rejected().at(at).line();
            let lines: Vec<_> = (0..30).map(line).collect();
            now_or_never(pipeline.run(&definitions, event(&lines).as_bytes(), at + 60)).unwrap();
        };
        ping(START);
        let (mut told, mut at) = (None, START + every);
        for minute in 2..=60 {
            let tick = START + minute * 60 + 5;
            while goes_on && at + 60 <= tick {
                ping(at);
                at += every;
            }
            let digested = now_or_never(pipeline.tick(&definitions, tick)).unwrap().digested;
            if digested > 0 {
                told = told.or(Some((minute, digested)));
            }
        }
        found.push((every, goes_on, told));
    }
    assert!(
        found.iter().all(|f| f.2 == Some((2, 10))),
        "(seconds between events, goes on, (minute, listed)): {found:?}"
    );
}

/// A storm on five interfaces, and one more event of each before the tick.
#[test]
fn one_event_before_the_tick_keeps_no_digest_waiting() {
    let (pipeline, definitions) = (pipeline(settings(), MemoryStore::default()), pings_are_told());
    for now in [START + 60, START + 121] {
        for eni in 0..5 {
            let lines: Vec<_> = (0..100)
                .map(|n| {
                    Flow::icmp(&format!("198.51.{eni}.{n}"), "10.0.0.5")
                        .rejected()
                        .interface(&format!("eni-{eni}"))
                        .at(now - 60)
                        .line()
                })
                .collect();
            now_or_never(pipeline.run(&definitions, event(&lines).as_bytes(), now)).unwrap();
        }
    }
    let report = now_or_never(pipeline.tick(&definitions, START + 125)).unwrap();
    assert_eq!(report.digested, 480);
}

/// A second attack within the repeat interval: `detect` prints two findings.
#[test]
fn every_episode_is_told_to_someone() {
    let definitions = rule(
        "short",
        "10m",
        "6h",
        "filter action = \"REJECT\"\n| stats count(*) as tries by interfaceId, srcAddr\n| filter tries > 2",
    );
    let pipeline = pipeline(settings(), MemoryStore::default());
    for (start, count) in [(START, 3), (START + 7200, 2000)] {
        let lines = vec![Flow::tcp("198.51.100.7", 1, "10.0.0.1", 22).rejected().at(start).line(); count];
        now_or_never(pipeline.run(&definitions, event(&lines).as_bytes(), start + 60)).unwrap();
    }
    tick_each_minute(&pipeline, &definitions, START + 7300, 2880);
    let sent = pipeline.notifier().sent.lock().unwrap();
    let told: Vec<_> = sent
        .iter()
        .filter(|(to, _)| *to == Topic::Findings)
        .map(|(_, m)| {
            let json: serde_json::Value = serde_json::from_str(&m.body).unwrap();
            format!("{} {} {}", json["status"], json["values"]["tries"], json["episodes"])
        })
        .collect();
    assert!(told.iter().any(|t| t.contains("2000")), "{told:?}");
}
