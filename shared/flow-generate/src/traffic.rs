//! Intervals one after the other, and the records that flow logs make of each.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::background::{Background, Span};
use crate::conversation::Conversation;
use crate::dice::Dice;
use crate::label::Label;
use crate::network::{Interface, Network};
use crate::outside::Family;
use crate::record::{Flow, Record, Seen};
use crate::routes::Routes;
use crate::scenario::{Scenario, Skip};

/// How long a flow log adds up before it writes a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregation {
    /// 60 seconds.
    #[default]
    Minute,
    /// 600 seconds, AWS's default where no instance of the Nitro system sends.
    TenMinutes,
}

impl Aggregation {
    /// In seconds.
    pub fn seconds(self) -> u64 {
        match self {
            Aggregation::Minute => 60,
            Aggregation::TenMinutes => 600,
        }
    }
}

/// What traffic to make.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Decides everything that is random.
    pub seed: u64,
    /// How many interfaces the network has, from 1 to [`MAX_INTERFACES`](crate::MAX_INTERFACES).
    pub interfaces: usize,
    /// The first interval begins at or before this Unix second.
    pub start: u64,
    /// Seconds of traffic; none for without end.
    pub duration: Option<u64>,
    /// How long an interval is.
    pub aggregation: Aggregation,
    /// How many times more happens inside than in an ordinary network, where an interface has a few dozen records a
    /// minute in working hours. What the internet sends by itself stays as it is.
    pub activity: f64,
    /// What is laid over it: the first begins after ten minutes, each of the others five minutes after the one before.
    pub scenarios: Vec<&'static Scenario>,
    /// Over which protocol scenarios are played.
    pub family: Family,
}

impl Default for Settings {
    /// 12 interfaces for ever, from a Monday at nine o'clock.
    fn default() -> Self {
        Settings {
            seed: 0,
            interfaces: 12,
            start: 1_767_603_600,
            duration: None,
            aggregation: Aggregation::default(),
            activity: 1.0,
            scenarios: Vec::new(),
            family: Family::V4,
        }
    }
}

/// In how many intervals of one interface AWS skips records once.
const SKIPPED: f64 = 400_000.0;

/// Records in the order of delivery: interval by interval, in each interface by interface, and there by their start.
///
/// Only one interval and the conversations that go on are in memory, however long the traffic.
#[derive(Debug)]
pub struct Traffic {
    routes: Routes,
    background: Background,
    skips: Dice,
    seconds: u64,
    /// The start of the next interval, and of the first that is not made.
    next: u64,
    end: u64,
    ongoing: Vec<Conversation>,
    /// Conversations of scenarios that have not begun, the last to begin first.
    planned: Vec<Conversation>,
    planned_skips: Vec<(usize, Skip)>,
    labels: Vec<Label>,
    ready: VecDeque<Record>,
}

/// When the first scenario begins, and how long after one the next, in seconds.
const FIRST_SCENARIO: u64 = 600;
const NEXT_SCENARIO: u64 = 300;

impl Traffic {
    /// Traffic that begins with its first interval.
    pub fn new(settings: &Settings) -> Self {
        let routes = Routes::new(Network::new(settings.seed, settings.interfaces));
        let seconds = settings.aggregation.seconds();
        let next = settings.start - settings.start % seconds;
        let mut traffic = Traffic {
            background: Background::new(settings.seed, settings.activity, &routes),
            routes,
            skips: Dice::new(settings.seed, "skips"),
            seconds,
            next,
            end: settings.duration.map_or(u64::MAX, |duration| settings.start.saturating_add(duration)),
            ongoing: Vec::new(),
            planned: Vec::new(),
            planned_skips: Vec::new(),
            labels: Vec::new(),
            ready: VecDeque::new(),
        };
        traffic.plan(settings);
        traffic
    }

    fn plan(&mut self, settings: &Settings) {
        let mut begins = self.next + FIRST_SCENARIO;
        for (number, scenario) in settings.scenarios.iter().enumerate() {
            let staged = scenario.stage(&self.routes, settings.seed, settings.family, begins, self.seconds);
            self.labels.push(Label::new(scenario, &staged, &self.routes));
            let mine = |conversation| Conversation { scenario: Some(number), ..conversation };
            self.planned.extend(staged.conversations.into_iter().map(mine));
            self.planned_skips.extend(staged.skips.into_iter().map(|skip| (number, skip)));
            begins += NEXT_SCENARIO;
        }
        self.planned.sort_by_key(|conversation| std::cmp::Reverse(conversation.start));
    }

    /// The truth about the scenarios, as far as their records have been given out; those without records are left out.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.labels.iter().filter(|label| label.records > 0)
    }

    /// Where it is seen.
    pub fn interfaces(&self) -> &[Arc<Interface>] {
        self.routes.network().interfaces()
    }

    fn interval(&mut self) {
        let span = Span { from: self.next, to: self.next + self.seconds };
        self.next = span.to;
        self.background.begin(&self.routes, span, &mut self.ongoing);
        while let Some(conversation) = self.planned.pop_if(|next| next.start < span.to) {
            self.ongoing.push(conversation);
        }
        let mut records = Vec::new();
        for conversation in &self.ongoing {
            conversation.records(span.from, span.to, &mut records);
        }
        self.ongoing.retain(|conversation| conversation.end() > span.to);
        let mut records = aggregated(records).into_iter().peekable();
        for (place, interface) in self.routes.network().interfaces().iter().enumerate() {
            let mut own = Vec::new();
            while let Some(record) = records.next_if(|record| record.interface.v4 == interface.v4) {
                own.push(record);
            }
            let nothing = |seen, scenario| Record {
                interface: Arc::clone(interface),
                start: span.from,
                end: span.to - 1,
                seen,
                scenario,
            };
            let by_plan = self
                .planned_skips
                .iter()
                .find(|(_, skip)| skip.place == place && skip.from < span.to && span.from < skip.to);
            if own.is_empty() && by_plan.is_none() {
                own.push(nothing(Seen::NoData, None));
            } else if by_plan.is_some() || self.skips.chance(1.0 / SKIPPED) {
                own.truncate(own.len() / 2);
                own.push(nothing(Seen::SkipData, by_plan.map(|(scenario, _)| *scenario)));
            }
            own.sort_by_key(|record| record.start);
            self.ready.extend(own);
        }
    }
}

impl Iterator for Traffic {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        while self.ready.is_empty() && self.next < self.end {
            self.interval();
        }
        let record = self.ready.pop_front()?;
        if let Some(label) = record.scenario.and_then(|place| self.labels.get_mut(place)) {
            label.count(&record);
        }
        Some(record)
    }
}

/// One record for everything of one interval that has the same interface, ends, protocol and action: by interface.
fn aggregated(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by_key(key);
    records.dedup_by(|more, record| {
        let is_same = key(more) == key(record);
        if is_same {
            record.start = record.start.min(more.start);
            record.end = record.end.max(more.end);
            if let (Seen::Flow(into), Seen::Flow(from)) = (&mut record.seen, &more.seen) {
                add(into, from);
            }
        }
        is_same
    });
    records
}

fn key(record: &Record) -> impl Ord + use<> {
    let flow = record.flow().map(|flow| {
        (
            flow.source,
            flow.destination,
            flow.protocol,
            flow.is_accepted,
            flow.packet_source,
            flow.packet_destination,
        )
    });
    (record.interface.v4, flow)
}

fn add(into: &mut Flow, from: &Flow) {
    into.packets += from.packets;
    into.bytes += from.bytes;
    into.tcp_flags |= from.tcp_flags;
    into.lost.no_route += from.lost.no_route;
    into.lost.blackhole += from.lost.blackhole;
    into.lost.mtu_exceeded += from.lost.mtu_exceeded;
    into.lost.ttl_expired += from.lost.ttl_expired;
}
