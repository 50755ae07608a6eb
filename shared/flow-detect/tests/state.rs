//! What is kept between invocations: the laws of items of state.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod state_support;

use std::collections::BTreeMap;

use flow_detect::{Finding, Groups, Merged, RuleSet, StateItem, Watermark};
use proptest::prelude::*;
use state_support::{
    Batch, NOW, START, batch, batch_in_vpc, closed_rules, facts, plain, record, refused_at, rule, rules,
};

/// One local item of four rules of different aggregates.
fn kinds() -> RuleSet {
    rules(&[
        rule("sums", "count(*) as n, sum(bytes) as bytes, max(dstPort) as top", "n > 3"),
        rule("ports", "count_distinct(dstPort) as ports, count(*) as n", "ports > 4 or n >= 6"),
        rule("means", "avg(bytes / 7) as mean, count(*) as n", "mean > 15 and n > 1"),
        rule("least", "min(dstPort) as low, count(*) as n", "low < 50"),
    ])
}

/// Lines within a window and its lateness, so that no order makes one late, and where they are cut.
fn lines_and_cuts() -> impl Strategy<Value = (Vec<String>, Vec<Vec<String>>)> {
    let record =
        (0_u8..3, 0_u64..1500, 1_u16..400).prop_map(|(source, offset, port)| record(source, offset, port));
    prop::collection::vec(record, 0..80).prop_flat_map(|lines| {
        let cuts = prop::collection::vec(1_usize..12, 1..40);
        (Just(lines.clone()), Just(lines).prop_shuffle(), cuts).prop_map(|(lines, mut rest, cuts)| {
            let mut batches = Vec::new();
            for size in cuts {
                let tail = rest.split_off(size.min(rest.len()));
                batches.push(std::mem::replace(&mut rest, tail));
            }
            batches.push(rest);
            (lines, batches)
        })
    })
}

fn stored(item: &StateItem, rules: &RuleSet) -> StateItem {
    StateItem::decode(&item.encode(rules), rules).unwrap()
}

/// An item after these batches, written and read again between them.
fn after(rules: &RuleSet, batches: &[Batch]) -> StateItem {
    batches.iter().fold(StateItem::default(), |item, Batch { deltas, fingerprint }| {
        let mut item = stored(&item, rules);
        let outcome = item.merge(rules, deltas.clone(), Some(*fingerprint), NOW);
        assert_eq!((outcome.is_redelivery, outcome.late_panes, outcome.evicted_panes), (false, 0, 0));
        item
    })
}

fn numbered(rules: &RuleSet, batches: &[Vec<String>]) -> Vec<Batch> {
    let fingerprint = |number: usize| (number as u128 + 1) << 64;
    let batches = batches.iter().enumerate();
    batches
        .map(|(number, lines)| Batch { deltas: batch(rules, lines), fingerprint: fingerprint(number) })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any order, any cut, written and read between: the findings of everything merged at once.
    #[test]
    fn cuts_orders_and_storing_never_show((lines, batches) in lines_and_cuts()) {
        let rules = kinds();
        let mut whole = Groups::new(1000);
        for delta in batch(&rules, &lines) {
            prop_assert_eq!(whole.merge(delta), Merged::Kept);
        }
        let item = stored(&after(&rules, &numbered(&rules, &batches)), &rules);
        for watermark in [Watermark::End, Watermark::At(START + 2000)] {
            prop_assert_eq!(facts(&item.findings(&rules, watermark)), facts(&whole.findings(&rules, watermark)));
        }
    }

    /// Only later sample lines are lost by writing, and only once.
    #[test]
    fn what_is_written_is_read((_, batches) in lines_and_cuts()) {
        let rules = kinds();
        let item = after(&rules, &numbered(&rules, &batches));
        let read = stored(&item, &rules);
        prop_assert_eq!(item.groups().len(), read.groups().len());
        for (id, panes) in item.groups().iter() {
            let read = read.groups().get(id).unwrap();
            prop_assert_eq!(panes.len(), read.len());
            for ((start, pane), (read_start, read)) in panes.iter().zip(read.iter()) {
                prop_assert_eq!((start, &pane.aggregates, &pane.context), (read_start, &read.aggregates, &read.context));
                prop_assert_eq!((pane.first_seen, pane.last_seen), (read.first_seen, read.last_seen));
            }
        }
        let again = stored(&read, &rules);
        prop_assert!(read.groups().iter().all(|(id, panes)| again.groups().get(id) == Some(panes)));
        prop_assert_eq!(read.encode(&rules), item.encode(&rules));
    }

    /// A batch that comes again, at any time, changes not one byte, and still says which groups to look at.
    #[test]
    fn redelivery_changes_nothing((_, batches) in lines_and_cuts(), again in 0_usize..40, later in 0_usize..40) {
        let rules = kinds();
        let batches = numbered(&rules, &batches);
        let mut item = StateItem::default();
        for (number, Batch { deltas, fingerprint }) in batches.iter().enumerate() {
            item = stored(&item, &rules);
            let first = item.merge(&rules, deltas.clone(), Some(*fingerprint), NOW);
            if number >= later && !deltas.is_empty() {
                let before = item.encode(&rules);
                let old = &batches[again.min(number)];
                let outcome = item.merge(&rules, old.deltas.clone(), Some(old.fingerprint), NOW + 60);
                prop_assert!(outcome.is_redelivery || old.deltas.is_empty());
                prop_assert!(again < number || outcome.touched == first.touched);
                prop_assert_eq!(item.encode(&rules), before);
            }
        }
        prop_assert_eq!(item.encode(&rules), after(&rules, &batches).encode(&rules));
    }

    /// Damaged bytes are an error or some other item, that can be used like any.
    #[test]
    fn damage_never_panics(
        (_, batches) in lines_and_cuts(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        length in any::<prop::sample::Index>(),
        is_plain in any::<bool>(),
    ) {
        let rules = kinds();
        let batches = numbered(&rules, &batches);
        let written = after(&rules, &batches).encode(&rules);
        let written = if is_plain { plain(&written) } else { written };
        prop_assert!(StateItem::decode(&written[..length.index(written.len())], &rules).is_err(), "cut short");
        let mut damaged = written;
        for (place, byte) in damage {
            let place = place.index(damaged.len());
            damaged[place] ^= byte;
        }
        if let Ok(mut item) = StateItem::decode(&damaged, &rules) {
            item.merge(&rules, batches[0].deltas.clone(), Some(9), NOW);
            item.findings(&rules, Watermark::At(NOW));
            item.due_at(&rules, NOW);
            item.expires_at(&rules);
            prop_assert!(StateItem::decode(&item.encode(&rules), &rules).is_ok(), "what is written can be read");
        }
    }

    /// No window closes between the last look and the time that is told, and one does then.
    #[test]
    fn the_next_closing_is_told(offsets in prop::collection::vec(0_u64..1500, 1..6), judged in START - 100..START + 5000) {
        let rules = closed_rules();
        let lines: Vec<_> = offsets.iter().map(|offset| record(1, *offset, 22)).collect();
        let mut item = StateItem::default();
        item.merge(&rules, batch(&rules, &lines), None, NOW);
        item.judge(&rules, judged);
        let windowing = rules.rule(0).windowing;
        let panes = offsets.iter().map(|offset| windowing.pane_of(START + offset));
        let closings = panes.flat_map(|pane| (1..=12).map(move |ahead| pane + ahead * 60 + windowing.lateness));
        // The clock is ahead of event time by as long as the newest record was under way.
        let delay = NOW - offsets.iter().max().map_or(START, |offset| START + offset);
        let expected = closings.filter(|closing| closing + delay > judged).min();
        prop_assert_eq!(stored(&item, &rules).due_at(&rules, NOW), expected.map(|closing| closing + delay));
    }

    /// Looking only when an item is due tells what looking every minute tells.
    #[test]
    fn whoever_waits_until_it_is_due_misses_nothing(arrivals in arrivals()) {
        let rules = rules(&[rule("few", "count(*) as n", "n < 3"), rule("some", "count(*) as n, max(dstPort) as top", "n > 4 and top < 300")]);
        prop_assert_eq!(told(&rules, &arrivals, Looking::WhenDue), told(&rules, &arrivals, Looking::EveryMinute));
    }
}

/// Of each minute the records that come in it, some of them of earlier minutes.
fn arrivals() -> impl Strategy<Value = Vec<Vec<String>>> {
    let parts = (0_u8..3, 0_u64..1500, 1_u16..400);
    let minute = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(parts, 0..6)];
    prop::collection::vec(minute, 1..60).prop_map(|minutes| {
        let at = |(minute, records): (usize, Vec<(u8, u64, u16)>)| {
            let record =
                |(source, late, port)| record(source, (minute as u64 * 60).saturating_sub(late), port);
            records.into_iter().map(record).collect()
        };
        minutes.into_iter().enumerate().map(at).collect()
    })
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Looking {
    WhenDue,
    EveryMinute,
}

/// What batches and ticks have told two hours later: of each finding the minutes of its windows, when they were first told,
/// and the largest first value.
fn told(rules: &RuleSet, arrivals: &[Vec<String>], looking: Looking) -> BTreeMap<String, u64> {
    let (mut item, mut told) = (StateItem::default(), BTreeMap::new());
    let minutes = arrivals.iter().cloned().chain(std::iter::repeat_n(Vec::new(), 120));
    for (now, lines) in (START + 60..).step_by(60).zip(minutes) {
        let mut findings = Vec::new();
        if !lines.is_empty() {
            let outcome = item.fold(rules, batch(rules, &lines), None, now);
            findings.extend(item.findings_of(&outcome.touched, rules, now));
            item.judge_silent(rules, now);
        }
        let is_due = item.due_at(rules, now).is_some_and(|due| due <= now);
        if looking == Looking::EveryMinute || is_due {
            findings.extend(item.findings(rules, Watermark::At(item.event_time(now))));
            item.judge(rules, now);
        }
        for Finding { id, episode, .. } in &findings {
            for minute in (episode.span.start..episode.span.end).step_by(60) {
                told.entry(format!("{id} {minute}")).or_insert(now);
            }
            let largest = told.entry(format!("{id} largest")).or_default();
            *largest = episode.values[0].to_string().parse::<u64>().unwrap().max(*largest);
        }
        item = stored(&item, rules);
    }
    told
}

#[test]
fn what_does_not_pass_as_it_stands_is_not_waited_for() {
    let rules = rules(&[rule("x", "count(*) as n", "n < 3")]);
    let mut item = StateItem::default();
    item.merge(&rules, batch(&rules, &[record(1, 0, 22)]), None, START + 60);
    assert!(item.due_at(&rules, START + 60).is_some(), "two more, and it does not pass");
    item.merge(&rules, batch(&rules, &[record(1, 0, 23), record(1, 0, 24)]), None, START + 60);
    assert_eq!(item.due_at(&rules, START + 60), None);
    // Nothing was to be told of it, so nothing is kept for that.
    item.merge(&rules, batch(&rules, &[record(2, 40_000, 22)]), None, START + 40_060);
    assert_eq!(item.groups().len(), 2);
    item.judge_silent(&rules, START + 40_060);
    assert_eq!(item.groups().len(), 1);
}

#[test]
fn sketches_survive_cuts_and_storing() {
    let rules = rules(&[rule("ports", "count_distinct(dstPort) as ports", "ports > 300")]);
    let lines: Vec<_> = (1..3000).map(|port| record(1, u64::from(port) % 120, port)).collect();
    let mut whole = Groups::new(10);
    batch(&rules, &lines).into_iter().for_each(|delta| {
        whole.merge(delta);
    });
    let batches: Vec<_> = lines.chunks(170).map(<[String]>::to_vec).collect();
    let item = after(&rules, &numbered(&rules, &batches));
    let found = item.findings(&rules, Watermark::End);
    assert_eq!(facts(&found), facts(&whole.findings(&rules, Watermark::End)));
    let count: f64 = found[0].episode.values[0].to_string().parse().unwrap();
    assert!((count / 2999.0 - 1.0).abs() < 0.05, "{count}");
}

#[test]
fn rules_that_only_grow_wait_for_no_closing() {
    let rules = rules(&[rule("x", "count(*) as n", "n > 3")]);
    let mut item = StateItem::default();
    item.merge(&rules, batch(&rules, &[record(1, 0, 22)]), None, NOW);
    assert_eq!(item.due_at(&rules, NOW), None);
}

/// Old and new programs side by side: neither loses the other's groups.
#[test]
fn groups_of_unknown_rules_are_carried_until_they_expire() {
    let (old, added) = (rule("old", "count(*) as n", "n > 0"), rule("new", "sum(bytes) as b", "b > 0"));
    let (older, newer) = (rules(std::slice::from_ref(&old)), rules(&[old, added]));
    let lines = [record(1, 0, 22), record(2, 70, 23)];
    let mut item = StateItem::default();
    item.merge(&newer, batch(&newer, &lines), Some(1 << 64), NOW);
    let written = item.encode(&newer);

    let mut carried = StateItem::decode(&written, &older).unwrap();
    assert_eq!(carried.groups().len(), 2, "of the known rule");
    assert_eq!(carried.encode(&older), written, "byte for byte");
    assert_eq!(carried.expires_at(&older), item.expires_at(&newer));
    let again = carried.merge(&older, batch(&older, &lines), Some(1 << 64), NOW);
    assert!(again.is_redelivery);
    carried.merge(&older, batch(&older, &[record(1, 100, 22)]), Some(2 << 64), NOW);
    let back = StateItem::decode(&carried.encode(&older), &newer).unwrap();
    assert_eq!(back.groups().len(), 4, "those of the new rule too");

    // The panes of the unknown rule were written after 5000 seconds, when they had stopped to count: whoever knows the rule
    // has 15 minutes from there to look.
    for (offset, expected) in [(5900, 2), (5901, 0)] {
        let mut item = StateItem::decode(&written, &older).unwrap();
        item.merge(&older, batch(&older, &[record(1, offset, 22)]), None, START + offset);
        let kept = StateItem::decode(&item.encode(&older), &newer).unwrap();
        let is_new = |rule: usize| newer.rule(rule).id == "new";
        assert_eq!(kept.groups().iter().filter(|(id, _)| is_new(id.rule)).count(), expected, "at {offset}");
    }
}

#[test]
fn late_panes_are_counted_and_dropped() {
    let rules = rules(&[rule("x", "count(*) as n", "n > 0")]);
    let mut item = StateItem::default();
    item.merge(&rules, batch(&rules, &[record(1, 0, 22)]), Some(1 << 64), NOW);
    // 12 minutes of window and 15 of lateness after its start a pane still counts.
    let outcome = item.merge(&rules, batch(&rules, &[record(2, 1620, 22)]), Some(2 << 64), NOW);
    assert_eq!((outcome.late_panes, item.groups().len()), (0, 2));
    let outcome =
        item.merge(&rules, batch(&rules, &[record(3, 0, 22), record(2, 1620, 22)]), Some(3 << 64), NOW);
    assert_eq!((outcome.late_panes, item.groups().len()), (0, 3));
    let outcome =
        item.merge(&rules, batch(&rules, &[record(4, 0, 22), record(2, 1621, 22)]), Some(4 << 64), NOW);
    assert_eq!((outcome.late_panes, item.groups().len(), outcome.touched.len()), (1, 1, 1));
    // The first batch is forgotten with its panes; it is late, whatever the clock says now.
    let before = item.encode(&rules);
    let outcome = item.merge(&rules, batch(&rules, &[record(1, 0, 22)]), Some(1 << 64), NOW - 3000);
    assert_eq!((outcome.is_redelivery, outcome.late_panes, outcome.touched.len()), (false, 1, 0));
    assert_eq!(item.encode(&rules), before);
    assert!(item.merge(&rules, batch(&rules, &[record(2, 1621, 22)]), Some(4 << 64), NOW).is_redelivery);
}

#[test]
fn the_watermark_is_the_lesser_of_clock_and_newest_record_and_never_goes_back() {
    let rules = rules(&[rule("x", "count(*) as n", "n > 0")]);
    let mut item = StateItem::default();
    item.merge(&rules, batch(&rules, &[record(1, 300, 22)]), None, START + 200);
    assert_eq!(item.watermark(START + 250), Watermark::At(START + 250));
    assert_eq!(item.watermark(START + 400), Watermark::At(START + 300));
    assert_eq!(stored(&item, &rules).watermark(START), Watermark::At(START + 200));
    let pane = START + 300;
    assert_eq!(item.expires_at(&rules), pane + 720 + 900 + flow_detect::REDELIVERED_WITHIN);
}

/// The weakest go, of the rule that has the most; the strong and other rules' stay exact.
#[test]
fn a_flood_evicts_its_own_weakest_groups() {
    let rules = rules(&[
        rule("flood", "count(*) as n", "n > 0"),
        rule("quiet", "sum(bytes) as b", "b > 0").replace("REJECT", "ACCEPT"),
    ]);
    let mut item = StateItem::default();
    let quiet = refused_at("198.51.100.1", START).replace("REJECT", "ACCEPT");
    item.merge(&rules, batch(&rules, &[quiet]), Some(1 << 64), NOW);
    let strong: Vec<_> = (0..5).map(|n| refused_at("198.51.100.2", START + n)).collect();
    item.merge(&rules, batch(&rules, &strong), Some(2 << 64), NOW);
    let flood: Vec<_> =
        (0..3000_u64).map(|n| refused_at(&format!("10.1.{}.{}", n / 250, n % 250), START)).collect();
    let outcome = item.merge(&rules, batch(&rules, &flood), Some(3 << 64), NOW);
    assert_eq!((outcome.evicted_groups, outcome.evicted_panes), (2802, 2802));
    assert_eq!((item.groups().len(), outcome.touched.len()), (flow_detect::MAX_GROUPS, 198));
    let found = item.findings(&rules, Watermark::End);
    let values = |source: &str| {
        let has = |finding: &&flow_detect::Finding<'_>| facts(&[(*finding).clone()]).contains(source);
        found.iter().find(has).map(|finding| finding.episode.values[0].to_string())
    };
    assert_eq!(values("198.51.100.2").as_deref(), Some("5"));
    assert_eq!(values("198.51.100.1").as_deref(), Some("60"));
}

#[test]
fn bytes_are_bounded_whatever_a_log_says() {
    let texts = rules(&[rule("x", "count(*) as n", "n > 0")]);
    let long = |n: u64| {
        let interface = format!("{n:-<1000}");
        refused_at("198.51.100.1", START + n).replace("eni-0a1b2c3d4e5f60718", &interface)
    };
    let lines: Vec<_> = (0..180).map(long).collect();
    let mut item = StateItem::default();
    let outcome = item.merge(&texts, batch(&texts, &lines), None, NOW);
    assert!(outcome.evicted_groups > 0 && outcome.evicted_panes == outcome.evicted_groups);
    assert!(plain(&item.encode(&texts)).len() <= flow_detect::MAX_ITEM_BYTES);

    // One group that is too large alone loses its oldest panes.
    let ports = rule("x", "count_distinct(dstPort) as p", "p > 0")
        .replace("window = \"12m\"", "window = \"2h\"\npane = \"1m\"");
    let sketches = rules(&[ports]);
    let mut item = StateItem::default();
    for minute in 0..100 {
        let lines: Vec<_> = (0..400).map(|port| record(1, minute * 60, port + 1)).collect();
        item.merge(&sketches, batch(&sketches, &lines), None, NOW + 6000);
    }
    let panes: Vec<_> = item.groups().iter().next().unwrap().1.iter().map(|(start, _)| start).collect();
    assert!((40..100).contains(&panes.len()), "{}", panes.len());
    assert_eq!(panes.last(), Some(&(START + 99 * 60)));
    assert!(panes.windows(2).all(|pair| pair[1] == pair[0] + 60), "only the oldest go");
    let written = plain(&item.encode(&sketches));
    assert!((100_000..=flow_detect::MAX_ITEM_BYTES).contains(&written.len()), "{}", written.len());
    assert_eq!(stored(&item, &sketches).groups().iter().next().unwrap().1.len(), panes.len());
}

/// Records that carry a VPC are told apart without their log group, which is still known as long as it is the only one.
#[test]
fn the_only_log_group_is_kept_beside_a_vpc() {
    let rules = rules(&[rule("x", "count(*) as n", "n > 0")]);
    let seen = |groups: &[&str]| {
        let mut item = StateItem::default();
        for (offset, group) in (0..).step_by(60).zip(groups) {
            item = stored(&item, &rules);
            item.merge(&rules, batch_in_vpc(group, &rules, &[record(1, offset, 22)]), None, NOW);
        }
        let findings = stored(&item, &rules).groups().findings(&rules, Watermark::End);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.scope.vpc.as_deref(), &finding.scope.log_group), (Some("vpc-1"), &None));
        (finding.id.clone(), finding.log_group.clone())
    };
    let (id, log_group) = seen(&["flows", "flows"]);
    assert_eq!(log_group.as_deref(), Some("flows"));
    assert_eq!(seen(&["flows", "more-flows", "flows"]), (id, None), "the same finding of several log groups");
}

/// The bytes of a log group in a row of panes count once, as they are written.
#[test]
fn a_long_log_group_takes_no_room_from_groups() {
    let rules = rules(&[rule("x", "count(*) as n", "n > 0")]);
    let sources = |source| (0..10).map(move |pane| record(source, pane * 60, 22));
    let lines: Vec<_> = (0..40).flat_map(sources).collect();
    let mut item = StateItem::default();
    let outcome = item.merge(&rules, batch_in_vpc(&"x".repeat(512), &rules, &lines), None, NOW);
    assert_eq!((outcome.evicted_groups, item.groups().len()), (0, 40));
    assert!(plain(&item.encode(&rules)).len() <= flow_detect::MAX_ITEM_BYTES);
}

/// What a window is made of stays until it was looked at, however far event time and the clock have gone.
#[test]
fn nothing_is_dropped_before_it_was_looked_at() {
    let rules = closed_rules();
    let mut item = StateItem::default();
    let late = NOW + 86_400;
    item.merge(&rules, batch(&rules, &[record(1, 0, 22)]), Some(1 << 64), late);
    // Its windows had closed by the clock when it came: it is due at once.
    assert!(item.due_at(&rules, late).is_some_and(|due| due < late));
    item.merge(&rules, batch(&rules, &[record(2, 40_000, 22)]), Some(2 << 64), late);
    item.merge(&rules, batch(&rules, &[record(2, 40_001, 22)]), Some(3 << 64), late);
    item = stored(&item, &rules);
    assert_eq!((item.groups().len(), item.findings(&rules, Watermark::At(late)).len()), (2, 2));
    item.judge(&rules, late);
    item = stored(&item, &rules);
    assert_eq!((item.groups().len(), item.due_at(&rules, late)), (1, None));
    // A record for a window that was looked at has it looked at again.
    item.merge(&rules, batch(&rules, &[record(2, 39_990, 22)]), Some(4 << 64), late);
    assert!(item.due_at(&rules, late).is_some_and(|due| due < late));
}

/// A program that does not know a rule leaves looking at its windows to those that do.
#[test]
fn windows_of_unknown_rules_stay_due() {
    let (old, added) = (rule("old", "count(*) as n", "n > 9"), rule("new", "count(*) as n", "n < 5"));
    let (older, newer) = (rules(std::slice::from_ref(&old)), rules(&[old, added]));
    let mut item = StateItem::default();
    item.merge(&newer, batch(&newer, &[record(1, 0, 22)]), None, START + 60);
    let closed = START + 720 + 900 + 60;
    let mut stale = StateItem::decode(&item.encode(&newer), &older).unwrap();
    stale.judge(&older, closed);
    assert_eq!(stale.due_at(&older, closed), Some(closed + 60));
    let known = StateItem::decode(&stale.encode(&older), &newer).unwrap();
    assert!(known.due_at(&newer, closed).is_some_and(|due| due < closed));
    assert_eq!(known.findings(&newer, Watermark::At(known.event_time(closed))).len(), 1);
    assert_eq!(stale.due_at(&older, closed + 901), None, "not for ever");
}

/// What does not pass is not waited for, so what passes when state is written is a part of what it means.
#[test]
fn another_tune_is_another_state() {
    let sweep = |hosts: u64| {
        let text = rule("x", "count(*) as n", "n >= 1");
        let tuned = format!("{text}detector = \"sweep\"\ntune = {{ hosts = {hosts} }}\n");
        rules(&[tuned]).rule(0).state_id()
    };
    assert_eq!(sweep(40), sweep(40));
    assert_ne!(sweep(40), sweep(20));
}
