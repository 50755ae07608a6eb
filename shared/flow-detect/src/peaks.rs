//! How large the windows of every group get, day by day, also of those that stay below their rule's threshold: where the
//! threshold would have to be for few messages to be sent.

use std::collections::BTreeMap;

use flow_query::{Aggregate, Floor, GroupKey, Number};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::deltas::{Delta, hash};
use crate::groups::GroupId;
use crate::rule::Rule;
use crate::rule_set::RuleSet;
use crate::window::{Watermark, Windowing};

/// Seconds of a day in UTC.
const DAY: u64 = 86_400;

/// The most days, of all rules together, that are kept apart; of the earliest beyond that only the second largest value
/// stays.
const MAX_OPEN_DAYS: usize = 4096;

/// The two messages of each rule and day that the highest threshold would still send. A group makes one for each span of
/// its rule's `repeat` in which a window of it passes, since what goes on is told again; spans are aligned to the epoch, so
/// that it may be one less in truth.
///
/// A group's panes are kept until no record may come to them any more; then each window is worked out once. Of a
/// monotone rule only windows that end with a pane that has records: any other window holds no more than one of these.
/// Memory grows with the groups, up to `capacity`, not with their records.
#[derive(Debug)]
pub struct Peaks {
    /// By the rule's place; none for rules whose threshold is no number to be moved.
    floors: Vec<Option<Floor>>,
    groups: HashTable<(GroupId, Growing)>,
    capacity: usize,
    refused: u64,
    highest: Highest,
}

impl Peaks {
    /// Of no records, with room for this many groups at a time.
    pub fn new(rules: &RuleSet, capacity: usize) -> Self {
        let floors: Vec<_> = rules.rules().iter().map(|rule| rule.query.floor()).collect();
        let highest = Highest { days: BTreeMap::new(), past: vec![None; floors.len()] };
        Peaks { floors, groups: HashTable::new(), capacity, refused: 0, highest }
    }

    /// Adds what a batch adds to one pane. What is late for its group does not count, as it would not in state.
    pub fn add(&mut self, rules: &RuleSet, delta: &Delta) {
        let Some(Some(floor)) = self.floors.get(delta.rule) else { return };
        let rule = rules.rule(delta.rule);
        let is_same = |(id, _): &(GroupId, Growing)| {
            id.rule == delta.rule && id.scope == delta.scope && id.group == delta.group
        };
        let stable = hash(delta.rule, 0, delta.group.stable_hash(delta.scope.stable_hash()));
        let is_full = self.groups.len() >= self.capacity;
        let (id, growing) = match self.groups.entry(stable, is_same, |(id, _)| id.stable_hash()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if is_full => {
                self.refused += 1;
                return;
            }
            Entry::Vacant(new) => new.insert((delta.group_id(), Growing::default())).into_mut(),
        };
        if growing.add(rule.windowing, delta) {
            let watermark = Watermark::At(growing.newest);
            let highest = &mut self.highest;
            growing.settle(rule, floor, &id.group, watermark, |end, value| highest.add(rule, id, end, value));
        }
    }

    /// Works out the windows of groups of which nothing has come for more than a day before `now`, and forgets them.
    pub fn forget_before(&mut self, rules: &RuleSet, now: u64) {
        let Peaks { floors, groups, highest, .. } = self;
        groups.retain(|(id, growing)| {
            let rule = rules.rule(id.rule);
            let Windowing { window, lateness, .. } = rule.windowing;
            if growing.newest.saturating_add(DAY.max(window + lateness)) >= now {
                return true;
            }
            settle_all(rule, floors, id, growing, highest);
            false
        });
    }

    /// Works out all windows: nothing more comes.
    pub fn finish(&mut self, rules: &RuleSet) {
        let Peaks { floors, groups, highest, .. } = self;
        for (id, mut growing) in groups.drain() {
            settle_all(rules.rule(id.rule), floors, &id, &mut growing, highest);
        }
    }

    /// The lowest threshold, but no less than 0, at which one message at most would have been sent on every day, repeats
    /// included: the largest, of all days in UTC, of the second largest message's value. What is compared is the first
    /// aggregate of the closing filter that can be moved, in windows for which the rest of it holds. None for rules of which no
    /// window was seen, and for those that can't be moved.
    pub fn one_a_day(&self, rule: usize) -> Option<Number> {
        let floor = self.floors.get(rule)?.as_ref()?;
        let days = self.highest.days.iter().filter(|((_, other), _)| *other == rule);
        let seconds = days.map(|(_, top)| top.second_or_zero());
        let past = self.highest.past.get(rule).copied().flatten();
        past.into_iter().chain(seconds).reduce(larger).map(|value| floor.above(value))
    }

    /// Whether the threshold of the rule at this place is a number to be moved.
    pub fn is_movable(&self, rule: usize) -> bool {
        self.floors.get(rule).is_some_and(Option::is_some)
    }

    /// Deltas of new groups for which there was no room.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

fn settle_all(
    rule: &Rule,
    floors: &[Option<Floor>],
    id: &GroupId,
    growing: &mut Growing,
    highest: &mut Highest,
) {
    if let Some(Some(floor)) = floors.get(id.rule) {
        growing
            .settle(rule, floor, &id.group, Watermark::End, |end, value| highest.add(rule, id, end, value));
    }
}

/// The panes of one group that still count, and those before them that their windows need.
#[derive(Debug, Default)]
struct Growing {
    panes: BTreeMap<u64, Box<[Aggregate]>>,
    newest: u64,
    /// Windows that end with a pane before this one are worked out.
    next: u64,
}

impl Growing {
    /// Whether there is a pane more than before.
    fn add(&mut self, windowing: Windowing, delta: &Delta) -> bool {
        self.newest = self.newest.max(delta.newest);
        if delta.pane < self.next || windowing.is_late(delta.pane, Watermark::At(self.newest)) {
            return false;
        }
        if let Some(known) = self.panes.get_mut(&delta.pane) {
            merge(known, &delta.state.aggregates);
            return false;
        }
        self.panes.insert(delta.pane, delta.state.aggregates.clone());
        true
    }

    /// Tells of the windows whose last pane is late by `watermark`: when that pane begins, and what is compared.
    fn settle(
        &mut self,
        rule: &Rule,
        floor: &Floor,
        group: &GroupKey,
        watermark: Watermark,
        mut tell: impl FnMut(u64, Number),
    ) {
        let Windowing { window, pane: length, .. } = rule.windowing;
        let most = if rule.query.is_monotone() { 1 } else { usize::MAX };
        let ends = self.panes.keys().flat_map(|pane| rule.windowing.windows_over(*pane).take(most));
        let mut next = self.next;
        for end in ends {
            if end < next {
                continue;
            }
            if watermark != Watermark::End && !rule.windowing.is_late(end, watermark) {
                break;
            }
            next = end + length;
            let span = rule.windowing.window_ending_with(end);
            let mut panes = self.panes.range(span.start..span.end).map(|(_, aggregates)| aggregates);
            let Some(mut all) = panes.next().cloned() else { continue };
            panes.for_each(|more| merge(&mut all, more));
            if let Some(value) = rule.query.floored(floor, group, &all) {
                tell(end, value);
            }
        }
        self.next = next;
        // The next window begins here at the earliest.
        self.panes.retain(|pane, _| pane + window >= next + length);
    }
}

fn merge(aggregates: &mut [Aggregate], more: &[Aggregate]) {
    for (sum, more) in aggregates.iter_mut().zip(more) {
        sum.merge(more);
    }
}

/// What is remembered of windows, by day since 1970 and rule.
#[derive(Debug)]
struct Highest {
    days: BTreeMap<(u64, usize), Top>,
    /// By rule, the largest second value of days that are not kept any more.
    past: Vec<Option<Number>>,
}

impl Highest {
    fn add(&mut self, rule: &Rule, id: &GroupId, end: u64, value: Number) {
        let finding = GroupId { group: rule.identity_of(&id.group).cloned().collect(), ..id.clone() };
        self.days.entry((end / DAY, id.rule)).or_default().add(finding, end / rule.repeat, value);
        if self.days.len() > MAX_OPEN_DAYS
            && let Some(((_, rule), top)) = self.days.pop_first()
            && let Some(past) = self.past.get_mut(rule)
        {
            let second = top.second_or_zero();
            *past = Some(past.map_or(second, |past| larger(past, second)));
        }
    }
}

/// The two largest messages of a day, the largest first: what a finding reaches within a span only grows, so no other can
/// come between.
#[derive(Debug, Default)]
struct Top(Vec<((GroupId, u64), Number)>);

impl Top {
    fn add(&mut self, finding: GroupId, span: u64, value: Number) {
        let message = (finding, span);
        match self.0.iter_mut().find(|(known, _)| *known == message) {
            Some((_, known)) => *known = larger(*known, value),
            None => self.0.push((message, value)),
        }
        self.0.sort_by(|(_, left), (_, right)| right.compare(*left));
        self.0.truncate(2);
    }

    fn second_or_zero(&self) -> Number {
        let zero = Number::Integer(0);
        self.0.get(1).map_or(zero, |(_, value)| larger(*value, zero))
    }
}

fn larger(left: Number, right: Number) -> Number {
    if right.compare(left).is_gt() { right } else { left }
}
