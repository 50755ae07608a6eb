//! The life of a finding: pure transitions of an [`EpisodeRecord`], for a store that puts a record only when it is
//! still the one that was loaded, and applies the transition again to the newer one when it is not.
//!
//! ```text
//! (none) --observe--> claimed: new --confirm--> told --news, repeat passed--> claimed: ongoing --confirm--> told
//!                        |  ^                    |-----severity above told---> claimed: severity_raised -> told
//!        release, lease  v  | observe, look      |-----over------------------> claimed: resolved -> resolved
//!           run out: unclaimed, due              `-----span grows------------> told
//! told, resolved --a later episode, repeat passed--> claimed: new
//! told, resolved --a later episode before---> held back --repeat passed, over or not--> claimed: new
//! claimed --confirm_withheld--> told to programs, waits for digest --look--> claimed: digest --confirm--> told
//! observe mode, suppressed: recorded, never claimed, over without a word; told as new if that ends before
//! rule unknown to the tick: waits, since another may know it; over without a word after a quarter of an hour
//! ```
//!
//! An invocation observes and claims in one put, publishes what the record then says, and confirms. Whoever sees a
//! claim whose lease has run out (another observation, or the tick at [`EpisodeRecord::due_at`]) claims again for the
//! same reason: told at least once, and twice only where someone died between publishing and confirming or did not
//! learn what became of his message. That holds while a lease is longer than an invocation can live.
//!
//! A later episode takes the place of one that was not over yet: no `resolved` is told for that. Episodes that were held
//! back, that nobody was told of before a later one began, or that came to light after a later one, are told by their
//! number with the next message ([`EpisodeRecord::untold_episodes`]). An episode that goes
//! on after it was taken for over, since records came later than the rule waits, is open again, and may be told as
//! ongoing and as resolved once more.

use crate::episode_record::{Audience, Beginning, Claim, EpisodeRecord, MAX_EARLIER, Pace, Purpose, Told};
use crate::finding::{Finding, Status};
use crate::rule::{Mode, Rule};
use crate::snapshot::FindingSnapshot;
use crate::state::{DEFINITIONS_DIFFER, LOOK_AGAIN, delay};
use crate::window::Window;

/// Who would tell, and when.
#[derive(Debug, Clone, Copy)]
pub struct Teller<'a> {
    /// Names one try of one invocation: random, and never used again once something was published under it.
    pub token: &'a str,
    /// The clock, in Unix seconds.
    pub now: u64,
    /// How long a claim holds, in seconds: longer than the invocation can live.
    pub lease: u64,
}

/// What to do once the record is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// Claimed: publish [`EpisodeRecord::finding`] with this status, then confirm or release.
    Claimed(Status),
    /// Claimed: put [`EpisodeRecord::finding`] into the digest, publish that, then confirm or release.
    ClaimedForDigest,
    /// Nothing is to be published now.
    Silent(Silence),
}

/// Why nothing is to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Silence {
    /// What there is to say has been said.
    Told,
    /// It is a new episode of something that was told less than the repeat interval ago.
    HeldBack,
    /// Someone else is telling.
    Claimed,
    /// The rule only observes.
    Observed,
    /// It is suppressed.
    Suppressed,
    /// A later episode is known already: it is told by its number with the next message.
    Superseded,
    /// The rule has gone.
    RuleGone,
}

/// How much a transition changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing: there is nothing to put.
    Nothing,
    /// Only values, samples and times seen: another look will see them again as long as their panes are kept. May be
    /// left out when others are putting the same record.
    Details,
    /// It must be put before anything is published.
    Life,
}

/// A transition's outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The record to put.
    pub record: EpisodeRecord,
    /// What to do once it is put.
    pub telling: Telling,
    /// Whether to put it.
    pub change: Change,
    /// Whether an episode began: for counting those that are held back, suppressed or only observed once.
    pub began: bool,
}

impl EpisodeRecord {
    /// Adds one look at one episode to what is `known`, and claims what is to be told.
    ///
    /// `suppressed` says why nobody is to be told. Of several episodes of one id the earlier goes first; with one
    /// token for all of them only the last step counts. Looks at the same episode merge in any order.
    pub fn observe(
        known: Option<EpisodeRecord>,
        finding: &Finding<'_>,
        suppressed: Option<&str>,
        teller: Teller<'_>,
    ) -> Step {
        let before = known.filter(|record| teller.now < record.expires_at());
        let observed = FindingSnapshot::of(finding);
        let pace = Pace::of(finding.rule);
        let mut record = match before.clone() {
            Some(record) => record,
            None => EpisodeRecord::begin(observed.clone(), pace, teller.now),
        };
        record.settle(teller.now);
        record.pace = pace;
        record.regard(finding.rule.mode, suppressed);
        let is_superseded = observed.span.end.saturating_add(pace.gap()) <= record.finding.span.start;
        if is_superseded {
            record.add_earlier(observed.span);
        } else {
            record.add(observed, teller.now);
        }
        // Digests are the tick's: whoever sees the finding again has no digest to put it into.
        let telling = match record.claim_if_due(teller, Self::status_to_tell) {
            Telling::Silent(_) if is_superseded => Telling::Silent(Silence::Superseded),
            telling => telling,
        };
        record.settle(teller.now);
        // A look that comes too early costs less than moving it each time the episode grows.
        let next = record.next_look(teller.now);
        record.due = match (record.due, next) {
            (Some(due), Some(next)) if due <= next && record.claim.is_none() => Some(due),
            _ => next,
        };
        Step::new(before.as_ref(), record, telling)
    }

    /// What the tick does with a record that is due, `rule` being its rule today: claims what is to be told, or
    /// notes that the episode is over, or finds that it is not yet.
    pub fn look(self, rule: Option<&Rule>, suppressed: Option<&str>, teller: Teller<'_>) -> Step {
        let mut record = self.clone();
        record.settle(teller.now);
        let telling = match rule {
            Some(rule) => {
                record.pace = Pace::of(rule);
                record.regard(rule.mode, suppressed);
                record.claim_if_due(teller, Self::purpose)
            }
            None => {
                record.miss_rule(teller.now);
                Telling::Silent(Silence::RuleGone)
            }
        };
        record.settle(teller.now);
        record.due = record.next_look(teller.now);
        Step::new(Some(&self), record, telling)
    }

    /// What the tick does with a record whose rule may be among those that it could not read: it looks again in a minute.
    pub fn wait(self, now: u64) -> Step {
        let record = EpisodeRecord { due: Some(now.saturating_add(LOOK_AGAIN)), ..self.clone() };
        Step::new(Some(&self), record, Telling::Silent(Silence::RuleGone))
    }

    /// Notes that what was claimed is published; none when the claim is no longer `token`'s, and nothing is to be put.
    pub fn confirm(self, token: &str, now: u64) -> Option<EpisodeRecord> {
        self.confirmed(token, now, None)
    }

    /// Notes that programs were told and people were not: they are told by the digest that is due at `digest_at`.
    /// None when the claim is no longer `token`'s.
    pub fn confirm_withheld(self, token: &str, now: u64, digest_at: u64) -> Option<EpisodeRecord> {
        self.confirmed(token, now, Some(digest_at))
    }

    fn confirmed(mut self, token: &str, now: u64, digest_at: Option<u64>) -> Option<EpisodeRecord> {
        let claim = self.claim.take_if(|claim| claim.token == token)?;
        let is_of_this_episode = claim.episode == self.episode;
        match claim.purpose {
            Purpose::Digest => self.digest_at = None,
            Purpose::Tell(Status::Resolved) => {
                // It may have gone on in the meantime, or begun anew.
                if is_of_this_episode && now >= self.resolves_at() {
                    self.resolved = Some(now);
                }
            }
            Purpose::Tell(status) => {
                let Claim { severity, last_seen, episode, overtaken, .. } = claim;
                self.told = Some(Told { at: now, status, severity, last_seen, episode, overtaken });
                self.digest_at = digest_at;
            }
        }
        self.due = self.next_look(now);
        Some(self)
    }

    /// Gives back a claim of which some message is known not to have been published: it is due at once, for the same
    /// reason, to those who have not `heard` yet. None when the claim is no longer `token`'s.
    pub fn release(mut self, token: &str, now: u64, heard: Option<Audience>) -> Option<EpisodeRecord> {
        let claim = self.claim.as_mut().filter(|claim| claim.token == token)?;
        claim.until = claim.until.min(now);
        claim.heard = heard;
        self.due = self.next_look(now);
        Some(self)
    }

    /// Notes that whoever looks does not know the rule. He may be behind the others; once nobody has known it for long
    /// it has gone, and with it what is left to be said.
    fn miss_rule(&mut self, now: u64) {
        let since = *self.rule_gone.get_or_insert(now);
        if now >= since.saturating_add(DEFINITIONS_DIFFER) {
            self.resolved = self.resolved.or(Some(now));
            (self.claim, self.digest_at) = (None, None);
        }
    }

    /// Keeps a claim of which nobody knows whether all messages were published: when it runs out, those are told who have
    /// not surely `heard`. None when the claim is no longer `token`'s.
    pub fn hold(mut self, token: &str, heard: Option<Audience>) -> Option<EpisodeRecord> {
        let claim = self.claim.as_mut().filter(|claim| claim.token == token)?;
        claim.heard = heard;
        Some(self)
    }

    /// Takes over what may have changed outside: the rule's mode, and the suppressions.
    fn regard(&mut self, mode: Mode, suppressed: Option<&str>) {
        self.rule_gone = None;
        self.finding.mode = mode;
        if self.suppressed.as_deref() != suppressed {
            self.suppressed = suppressed.map(str::to_owned);
        }
    }

    /// Adds a look at this episode, or begins a later one.
    fn add(&mut self, observed: FindingSnapshot, now: u64) {
        if observed.last_seen > self.finding.last_seen {
            self.delay = delay(observed.last_seen, now);
        }
        if self.finding.span.end.saturating_add(self.pace.gap()) <= observed.span.start {
            let over = std::mem::replace(&mut self.finding, observed);
            self.remember(over.span);
            self.episode += 1;
            self.began = now;
            self.resolved = None;
            return;
        }
        if !self.finding.is_like(&observed) {
            // The rule was rewritten: what it says now is all that can be shown.
            let known = std::mem::replace(&mut self.finding, observed.clone());
            self.finding.span = known.span;
        }
        self.finding.merge(&observed);
        if now < self.resolves_at() {
            self.resolved = None;
        }
    }

    /// Adds a look at an episode before this one: it was recorded in its time, or it came to light only now. One before
    /// all those that are remembered is taken for known when there were more of them.
    fn add_earlier(&mut self, span: Window) {
        let gap = self.pace.gap();
        let is_forgotten = self.earlier.len() == MAX_EARLIER
            && self.earlier.iter().all(|known| span.end.saturating_add(gap) <= known.start);
        if is_forgotten {
            return;
        }
        match self.earlier.iter_mut().find(|known| known.is_within(gap, span)) {
            Some(known) => *known = known.join(span),
            None => {
                self.overtaken += 1;
                self.remember(span);
            }
        }
    }

    /// Remembers the span of an earlier episode: its panes may still be kept, and be looked at again.
    fn remember(&mut self, span: Window) {
        self.earlier.push(span);
        let excess = self.earlier.len().saturating_sub(MAX_EARLIER);
        self.earlier.drain(..excess);
    }

    /// Notes that the episode is over if nobody is to be told so, or of it.
    fn settle(&mut self, now: u64) {
        let is_over = now >= self.resolves_at();
        if self.resolved.is_none() && self.claim.is_none() && !self.may_be_told() && is_over {
            self.resolved = Some(now);
            self.digest_at = None;
        }
    }

    /// Claims what `due` says is to be told, or what a claim that ran out was for.
    fn claim_if_due(
        &mut self,
        teller: Teller<'_>,
        due: fn(&EpisodeRecord, u64) -> Option<Purpose>,
    ) -> Telling {
        let Teller { token, now, lease } = teller;
        if self.claimed_by(now).is_some_and(|other| other != token) {
            return Telling::Silent(Silence::Claimed);
        }
        // Run out, or one's own that nothing was published under yet.
        let earlier = self.claim.take();
        if self.finding.mode != Mode::Notify {
            return Telling::Silent(Silence::Observed);
        }
        if self.suppressed.is_some() {
            return Telling::Silent(Silence::Suppressed);
        }
        let earlier = earlier.filter(|claim| self.still_holds(claim, now));
        let Some(purpose) = earlier.as_ref().map(|claim| claim.purpose).or_else(|| due(self, now)) else {
            let is_held_back = self.beginning() == Beginning::HeldBack && self.resolved.is_none();
            return Telling::Silent(if is_held_back { Silence::HeldBack } else { Silence::Told });
        };
        self.claim = Some(Claim {
            token: token.to_owned(),
            until: now.saturating_add(lease),
            purpose,
            severity: self.finding.severity,
            last_seen: self.finding.last_seen,
            episode: self.episode,
            overtaken: self.overtaken,
            // What has become worse since is news to everyone.
            heard: earlier
                .filter(|claim| claim.severity == self.finding.severity)
                .and_then(|claim| claim.heard),
        });
        match purpose {
            Purpose::Tell(status) => Telling::Claimed(status),
            Purpose::Digest => Telling::ClaimedForDigest,
        }
    }

    /// Whether what a claim was for is still to be said, now that it is not known to have been.
    fn still_holds(&self, claim: &Claim, now: u64) -> bool {
        match claim.purpose {
            // It stays due: whoever makes digests claims it anew.
            Purpose::Digest => false,
            Purpose::Tell(Status::Resolved) => claim.episode == self.episode && now >= self.resolves_at(),
            Purpose::Tell(_) => claim.episode == self.episode,
        }
    }

    /// What is to be told at `now`, claims and suppressions aside.
    fn purpose(&self, now: u64) -> Option<Purpose> {
        let digest = || self.digest_at.filter(|at| *at <= now).map(|_| Purpose::Digest);
        self.status_to_tell(now).or_else(digest)
    }

    fn status_to_tell(&self, now: u64) -> Option<Purpose> {
        self.status(now).map(Purpose::Tell)
    }

    fn status(&self, now: u64) -> Option<Status> {
        if self.resolved.is_some() {
            return None;
        }
        let is_over = now >= self.resolves_at();
        // What was past by then is told as over, not as going on.
        let may_repeat = now >= self.repeat_at() && self.repeat_at() < self.goes_on_until();
        match self.beginning() {
            Beginning::Untold => Some(Status::New),
            // Over or not: it is told once the interval has passed.
            Beginning::HeldBack => self.raised().or((now >= self.repeat_at()).then_some(Status::New)),
            Beginning::Told if is_over => self.raised().or(Some(Status::Resolved)),
            Beginning::Told => self.raised().or((may_repeat && self.has_news()).then_some(Status::Ongoing)),
        }
    }

    fn raised(&self) -> Option<Status> {
        let is_raised = self.told.as_ref().is_some_and(|told| self.finding.severity > told.severity);
        is_raised.then_some(Status::SeverityRaised)
    }

    /// When something is to be done if nothing comes.
    fn next_look(&self, now: u64) -> Option<u64> {
        let is_done = self.resolved.is_some() && self.claim.is_none() && self.digest_at.is_none();
        if self.rule_gone.is_some() {
            return (!is_done).then_some(now.saturating_add(LOOK_AGAIN));
        }
        if let Some(claim) = &self.claim {
            return Some(claim.until);
        }
        if !self.may_be_told() {
            return None;
        }
        if self.purpose(now).is_some() {
            return Some(now);
        }
        let is_open = self.resolved.is_none();
        let has_more = self.has_news() || self.beginning() != Beginning::Told;
        let is_held_back = self.beginning() == Beginning::HeldBack;
        let repeats = is_open && has_more && (is_held_back || self.repeat_at() < self.goes_on_until());
        let ends = is_open && !is_held_back;
        let looks = [self.digest_at, repeats.then(|| self.repeat_at()), ends.then(|| self.resolves_at())];
        looks.into_iter().flatten().min()
    }
}

impl Step {
    fn new(before: Option<&EpisodeRecord>, record: EpisodeRecord, telling: Telling) -> Self {
        let change = before.map_or(Change::Life, |before| change(before, &record));
        let began = before.is_none_or(|before| before.episodes() != record.episodes());
        Step { record, telling, change, began }
    }
}

fn change(before: &EpisodeRecord, after: &EpisodeRecord) -> Change {
    if before == after {
        return Change::Nothing;
    }
    let mut with_details = before.clone();
    with_details.finding.take_details(&after.finding);
    let is_detail = with_details == *after && before.has_news() == after.has_news();
    if is_detail { Change::Details } else { Change::Life }
}
