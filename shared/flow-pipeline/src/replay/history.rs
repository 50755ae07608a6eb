//! What a replay has to say.

use std::collections::BTreeMap;

use flow_detect::{Mode, Peaks, Rule, RuleSet, Status};
use flow_query::Number;
use serde_json::{Map, Value as Json};

use crate::replay::messages::{Counts, RuleCounts};
use crate::report::{Looks, Report};

/// What would have been sent. Days are in UTC, each named by its first Unix second.
#[derive(Debug)]
pub struct History<'r> {
    /// The rules that ran, by id, those too that found nothing.
    pub rules: Vec<RuleHistory<'r>>,
    /// Digests that people would have got, by day: each tells of alerts that were over the limit.
    pub digests: BTreeMap<u64, u64>,
    /// The earliest and the newest record time; none without records.
    pub span: Option<(u64, u64)>,
    /// What was read, and what was lost on the way.
    pub report: Report,
    /// Records that began before others which came earlier, by more than any rule waits.
    pub behind: u64,
    /// How often a new group found no room while thresholds were worked out: these are too low then.
    pub refused: u64,
}

/// What would have been sent for one rule.
#[derive(Debug)]
pub struct RuleHistory<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// All messages.
    pub told: Told,
    /// By day, those days on which something would have been sent; the first ten thousand.
    pub days: BTreeMap<u64, Told>,
    /// By finding, those first that people hear most of, then those that programs do.
    pub subjects: Vec<SubjectHistory>,
    /// What became of looks at episodes.
    pub looks: Looks,
    /// The threshold at which one message a day at most would have been sent.
    pub one_a_day: OneADay,
}

/// The threshold at which one message a day at most would have been sent, repeats included and suppressions not
/// applied, as [`Peaks::one_a_day`] works it out.
#[derive(Debug, Clone, Copy)]
pub enum OneADay {
    /// This number in place of the first one of the closing filter.
    At(Number),
    /// No window of the rule was seen.
    NothingSeen,
    /// No one number decides: the closing filter is joined by `or`, or compares otherwise, or a detector decides too.
    NotOneNumber,
}

impl OneADay {
    fn of(peaks: &Peaks, place: usize) -> Self {
        match peaks.one_a_day(place) {
            Some(number) => OneADay::At(number),
            None if peaks.is_movable(place) => OneADay::NothingSeen,
            None => OneADay::NotOneNumber,
        }
    }

    /// The number, if there is one.
    pub fn number(self) -> Option<Number> {
        match self {
            OneADay::At(number) => Some(number),
            OneADay::NothingSeen | OneADay::NotOneNumber => None,
        }
    }

    /// Why there is no number.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            OneADay::At(_) => None,
            OneADay::NothingSeen => Some("nothing seen"),
            OneADay::NotOneNumber => Some("not one number"),
        }
    }
}

/// What would have been sent about one finding.
#[derive(Debug, Clone)]
pub struct SubjectHistory {
    /// The finding's id.
    pub id: String,
    /// What it is about, as in the finding's JSON.
    pub subject: Map<String, Json>,
    /// The messages.
    pub told: Told,
    /// When the first of them would have been sent, in Unix seconds.
    pub first: u64,
    /// When the last of them would have been.
    pub last: u64,
}

/// Messages by who gets them and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Alerts to people.
    pub people: u64,
    /// Alerts over the limit, of which people hear by a digest.
    pub in_digests: u64,
    /// Findings to programs, by status in the order of [`Status::ALL`].
    pub by_status: [u64; Status::ALL.len()],
}

impl Told {
    /// Findings to programs.
    pub fn programs(&self) -> u64 {
        self.by_status.iter().sum()
    }
}

impl<'r> History<'r> {
    pub(super) fn new(
        rules: &'r RuleSet,
        mut counts: Counts,
        peaks: &Peaks,
        report: Report,
        span: Option<(u64, u64)>,
        behind: u64,
    ) -> Self {
        let running = rules.rules().iter().enumerate().filter(|(_, rule)| rule.mode <= Mode::Observe);
        let history = |(place, rule): (usize, &'r Rule)| {
            let RuleCounts { told, days, subjects } = counts.rules.remove(&rule.id).unwrap_or_default();
            let mut subjects: Vec<_> = subjects.into_values().collect();
            // The sort is stable: what is alike stays in the order of ids.
            subjects.sort_by_key(|subject| std::cmp::Reverse(rank(&subject.told)));
            let looks = report.looks.get(&rule.id).copied().unwrap_or_default();
            RuleHistory { rule, told, days, subjects, looks, one_a_day: OneADay::of(peaks, place) }
        };
        let rules = running.map(history).collect();
        History { rules, digests: counts.digests, span, report, behind, refused: peaks.refused() }
    }
}

fn rank(told: &Told) -> (u64, u64) {
    (told.people + told.in_digests, told.programs())
}
