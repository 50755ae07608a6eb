//! The groups of one key, and which batches were counted in them.

use std::collections::BTreeMap;

use crate::deltas::Delta;
use crate::episode::first_passing;
use crate::finding::Finding;
use crate::groups::{GroupId, Groups};
use crate::rule::Rule;
use crate::rule_set::RuleSet;
use crate::state::bounds::make_room;
use crate::state::error::StateError;
use crate::state::fingerprints::Fingerprints;
use crate::state::format;
use crate::state::{DEFINITIONS_DIFFER, LOOK_AGAIN};
use crate::window::{Look, Watermark};

/// How long after its first try a batch may come again, in seconds: AWS Lambda keeps an asynchronous event for up to six
/// hours.
pub const REDELIVERED_WITHIN: u64 = 6 * 3600;

/// How much longer than they are due windows are kept that nobody has looked at, in seconds.
const KEPT_FOR_A_TICK: u64 = 7 * 86_400;

/// How long a record was under way that is seen at `now`; no longer than an event may take to be tried again.
pub(crate) fn delay(time: u64, now: u64) -> u64 {
    now.saturating_sub(time).min(REDELIVERED_WITHIN)
}

/// What one [`StateKey`](super::StateKey) names: the panes of its groups, the batches counted in them, and the newest
/// record time seen.
///
/// # What is exact
///
/// Below the bounds the groups hold what the records of every batch merged add up to, once for each fingerprint, in any
/// order and any cut, less the panes that were late. A late pane is older than the watermark by more than a window and
/// the lateness: no window that it is part of can still close. Of rules that wait for closed windows panes stay until a
/// look at their windows was told ([`judge`](Self::judge)).
///
/// At a bound that no longer holds:
/// - Above [`MAX_GROUPS`](super::MAX_GROUPS) groups or [`MAX_ITEM_BYTES`](super::MAX_ITEM_BYTES) bytes the weakest groups,
///   by their first aggregate, are evicted. One that comes again counts from zero: it may stay below a threshold that it
///   passed, and which ones go depends on the order of batches. The strong ones stay exact, unless a rule has only one
///   group left: then its oldest panes go.
/// - Above 2048 batches the ones that pass first are forgotten: if one of them comes again it counts again.
///
/// All of it is counted in the [`Outcome`].
///
/// An item holds the places of rules in one [`RuleSet`]: read, merge and write it with the same. Groups of rules that
/// are not in it, as when an older and a newer program run side by side, are carried through unread until they expire.
#[derive(Debug)]
pub struct StateItem {
    pub(crate) groups: Groups,
    pub(crate) counted: Fingerprints,
    /// Groups of unknown rules, by [`Rule::state_id`](crate::Rule::state_id).
    pub(crate) carried: BTreeMap<u64, Carried>,
    /// The newest record time seen.
    pub(crate) newest: u64,
    /// The watermark of the last merge: it never goes back, even if clocks do.
    pub(crate) watermark: u64,
    /// Until when closed windows were looked at, in event time.
    pub(crate) judged: u64,
    /// How long the newest record was under way, in seconds: others are taken to be too.
    pub(crate) delay: u64,
    /// Until when the sections of known rules were said to count when they were read.
    pub(crate) written: BTreeMap<u64, u64>,
    /// The clock of the last merge or look, 0 before: for whoever does not know a rule its groups count that long at least,
    /// however late their records came.
    pub(crate) clock: u64,
}

/// The groups of one rule as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The last second of event time at which one of its panes counts, or when it was last written by someone who knows
    /// the rule, whichever is later.
    pub(crate) until: u64,
    pub(crate) section: Box<[u8]>,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// It had been counted before: nothing changed.
    pub is_redelivery: bool,
    /// The groups that it belongs to, as far as they are kept, in order: those to look at now, also when it came again.
    pub touched: Vec<GroupId>,
    /// What of it may be in no group: it came too late, or it was counted before and may have gone since. An earlier try may
    /// have died before it told what that led to.
    pub apart: Vec<Delta>,
    /// Deltas that came too late: not counted.
    pub late_panes: u64,
    /// Groups given up for want of room.
    pub evicted_groups: u64,
    /// Panes given up with them or from groups that stay.
    pub evicted_panes: u64,
    /// Unknown rules whose groups were given up.
    pub evicted_rules: u64,
    /// Batches that would no longer be recognised.
    pub forgotten_batches: u64,
}

impl Default for StateItem {
    /// Of no batches.
    fn default() -> Self {
        StateItem {
            // Its bounds are its own.
            groups: Groups::new(usize::MAX),
            counted: Fingerprints::default(),
            carried: BTreeMap::new(),
            newest: 0,
            watermark: 0,
            judged: 0,
            delay: 0,
            written: BTreeMap::new(),
            clock: 0,
        }
    }
}

impl StateItem {
    /// Reads what [`encode`](Self::encode) wrote, by this or another program.
    ///
    /// # Errors
    /// When the bytes are no item, of another version, too many or damaged. Hostile bytes give an error or some item;
    /// memory is bounded by their length.
    pub fn decode(bytes: &[u8], rules: &RuleSet) -> Result<Self, StateError> {
        format::read(bytes, rules)
    }

    /// The item as bytes: the same for equal items. Of each pane's sample lines only the earliest is kept.
    pub fn encode(&self, rules: &RuleSet) -> Vec<u8> {
        format::write(self, rules)
    }

    /// Adds what a batch adds to this item's groups: all of it once, or, when its fingerprint is known, nothing. Then
    /// [makes room](Self::make_room).
    ///
    /// A batch without a fingerprint can't be recognised and always counts. `now` is the clock, in Unix seconds.
    pub fn merge(
        &mut self,
        rules: &RuleSet,
        deltas: Vec<Delta>,
        fingerprint: Option<u128>,
        now: u64,
    ) -> Outcome {
        let mut outcome = self.fold(rules, deltas, fingerprint, now);
        self.make_room(&mut outcome);
        outcome
    }

    /// [`merge`](Self::merge) without making room: what the batch leads to can be seen before any of it is given up.
    pub fn fold(
        &mut self,
        rules: &RuleSet,
        deltas: Vec<Delta>,
        fingerprint: Option<u128>,
        now: u64,
    ) -> Outcome {
        let mut outcome =
            Outcome { touched: deltas.iter().map(Delta::group_id).collect(), ..Outcome::default() };
        if fingerprint.is_some_and(|fingerprint| self.counted.has(fingerprint)) {
            outcome.is_redelivery = true;
            // What it added may be gone, or in part, whether its groups are there or not.
            outcome.apart = deltas;
        } else {
            self.add(rules, deltas, fingerprint, now, &mut outcome);
        }
        outcome.touched.retain(|id| self.groups.get(id).is_some());
        outcome
    }

    /// Gives up what is too much, and notes how much that was.
    pub fn make_room(&mut self, outcome: &mut Outcome) {
        if outcome.is_redelivery {
            return;
        }
        let evicted = make_room(self);
        outcome.evicted_groups = evicted.groups;
        outcome.evicted_panes = evicted.panes;
        outcome.evicted_rules = evicted.sections;
        outcome.touched.retain(|id| self.groups.get(id).is_some());
    }

    fn add(
        &mut self,
        rules: &RuleSet,
        deltas: Vec<Delta>,
        fingerprint: Option<u128>,
        now: u64,
        outcome: &mut Outcome,
    ) {
        // Before that, panes may be gone.
        let kept_since = self.judged.min(self.watermark);
        let newest = deltas.iter().map(|delta| delta.newest).fold(self.newest, u64::max);
        if newest > self.newest {
            self.newest = newest;
            self.delay = delay(newest, now);
        }
        self.watermark = self.watermark.max(self.newest.min(now));
        let mut until = 0;
        for delta in deltas {
            let Rule { query, windowing, .. } = rules.rule(delta.rule);
            if windowing.is_late(delta.pane, Watermark::At(self.watermark)) {
                outcome.late_panes += 1;
                outcome.apart.push(delta);
            } else {
                until = until.max(windowing.counts_until(delta.pane));
                if !query.is_monotone() {
                    // Windows over it that were looked at already have to be looked at again.
                    let before = windowing.closes_at(windowing.window_ending_with(delta.pane)) - 1;
                    self.judged = self.judged.min(before.max(kept_since));
                }
                self.groups.merge(delta);
            }
        }
        // If all of it was late it will be late again.
        if until > 0 {
            self.clock = now;
            if let Some(fingerprint) = fingerprint {
                self.counted.insert(fingerprint, until);
            }
        }
        outcome.forgotten_batches = self.expire(rules) as u64;
    }

    /// Drops what is late and not waited for, and with it what guards it; returns how many batches are forgotten too
    /// early.
    fn expire(&mut self, rules: &RuleSet) -> usize {
        let (watermark, judged) = (self.watermark, self.judged);
        let is_kept = |rule: usize, pane| {
            let Rule { query, windowing, .. } = rules.rule(rule);
            let is_waited_for = !query.is_monotone() && windowing.next_closing(pane, judged).is_some();
            is_waited_for || !windowing.is_late(pane, Watermark::At(watermark))
        };
        self.groups.retain(|id, pane| is_kept(id.rule, pane));
        self.carried.retain(|_, carried| carried.until.saturating_add(DEFINITIONS_DIFFER) >= watermark);
        self.counted.expire(watermark)
    }

    /// Whether a batch was counted, as far as it is remembered.
    pub fn has_counted(&self, fingerprint: u128) -> bool {
        self.counted.has(fingerprint)
    }

    /// All groups of known rules.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// All groups of known rules, owned: what there is to look at once the item is written.
    pub fn into_groups(self) -> Groups {
        self.groups
    }

    /// The findings of all groups. Of rules that wait for closed windows those that close by `watermark`, once: what
    /// is left of windows that were looked at before says nothing.
    pub fn findings<'r>(&self, rules: &'r RuleSet, watermark: Watermark) -> Vec<Finding<'r>> {
        self.groups.findings(rules, self.look(watermark))
    }

    /// The findings of these groups alone, as far as they are kept; `now` is the clock.
    pub fn findings_of<'r>(&self, ids: &[GroupId], rules: &'r RuleSet, now: u64) -> Vec<Finding<'r>> {
        self.groups.findings_of(ids, rules, self.look(self.watermark(now)))
    }

    fn look(&self, watermark: Watermark) -> Look {
        // Panes are dropped only when they are late, and looked at.
        Look { after: self.judged.min(self.watermark), watermark }
    }

    /// Whether it holds nothing that could matter.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.carried.is_empty() && self.counted.len() == 0
    }

    /// The lesser of the clock and the newest record time seen here, and never less than it once was.
    pub fn watermark(&self, now: u64) -> Watermark {
        Watermark::At(self.watermark.max(self.newest.min(now)))
    }

    /// Where event time has come to when the clock says `now`: it goes on from the newest record as fast as the clock, even if
    /// nothing comes, so that windows close which nobody speaks in any more.
    pub fn event_time(&self, now: u64) -> u64 {
        now.saturating_sub(self.delay)
    }

    /// The Unix second after which nothing in it can matter: every pane is late by the clock, and no batch can come
    /// again. A store may delete it then.
    pub fn expires_at(&self, rules: &RuleSet) -> u64 {
        self.expires_after(rules, self.next_closing(rules))
    }

    /// [`expires_at`](Self::expires_at) and [`due_at`](Self::due_at), for which the next closing is looked for once.
    pub fn deadlines(&self, rules: &RuleSet, now: u64) -> (u64, Option<u64>) {
        let closing = self.next_closing(rules);
        (self.expires_after(rules, closing), self.due_after(closing, now))
    }

    fn expires_after(&self, rules: &RuleSet, closing: Option<u64>) -> u64 {
        let panes = self
            .groups
            .iter()
            .filter_map(|(id, panes)| Some(rules.rule(id.rule).windowing.counts_until(panes.newest()?)));
        let carried = self.carried.values().map(|carried| carried.until);
        let clock = (self.clock > 0).then_some(self.clock);
        // Windows wait for a tick that stands still.
        let waiting = closing.map(|due| due + KEPT_FOR_A_TICK);
        let clock = clock.into_iter().chain(waiting);
        let until = panes.chain(carried).chain(self.counted.until()).chain(clock).max();
        // The item's own watermark may stand still while the clock goes on.
        until.unwrap_or(self.newest).saturating_add(REDELIVERED_WITHIN)
    }

    /// When this item has to be looked at even if nothing comes, in Unix seconds: when the first window closes that nobody
    /// has looked at yet and that passes as it stands, which may have been long ago. None when nothing is waited for: what
    /// more records would make pass is looked at when they come. `now` is the clock.
    ///
    /// Rules that this program does not know may wait too: whoever knows them has to look within the next minute.
    pub fn due_at(&self, rules: &RuleSet, now: u64) -> Option<u64> {
        self.due_after(self.next_closing(rules), now)
    }

    fn due_after(&self, closing: Option<u64>, now: u64) -> Option<u64> {
        closing.into_iter().chain(self.has_unknown(now).then_some(now + LOOK_AGAIN)).min()
    }

    /// When the first window closes that nobody has looked at yet and that passes as it stands, by the clock.
    fn next_closing(&self, rules: &RuleSet) -> Option<u64> {
        let closings = self.groups.iter().filter_map(|(id, panes)| {
            let rule = rules.rule(id.rule);
            if rule.query.is_monotone() { None } else { first_passing(rule, &id.group, panes, self.judged) }
        });
        closings.min().map(|closing| closing + self.delay)
    }

    /// [Judges](Self::judge), if none of the windows that have closed passes: there is nothing to tell first.
    pub fn judge_silent(&mut self, rules: &RuleSet, now: u64) {
        if self.next_closing(rules).is_none_or(|closing| closing > now) {
            self.judge(rules, now);
        }
    }

    /// Notes that all windows which had closed by [`event_time`](Self::event_time) were looked at, and what they led to was told. Before that
    /// nothing that they are made of is dropped, whoever dies.
    ///
    /// As long as there are groups of rules that this program does not know, nothing is noted.
    pub fn judge(&mut self, rules: &RuleSet, now: u64) {
        if !self.has_unknown(now) {
            self.clock = now;
            self.judged = self.judged.max(self.event_time(now));
            self.expire(rules);
        }
    }

    /// Whether there are groups that only others may know.
    fn has_unknown(&self, now: u64) -> bool {
        self.carried.values().any(|carried| carried.until.saturating_add(DEFINITIONS_DIFFER) >= now)
    }
}
