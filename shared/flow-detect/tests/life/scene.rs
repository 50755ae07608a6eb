//! A record, a clock, and what is done with both.

use flow_detect::{Audience, Change, EpisodeRecord, RuleSet, Silence, Status, Step, Teller, Telling};

use crate::findings::{finding, rules};

pub(crate) const LEASE: u64 = 45;

pub(crate) const fn silent(silence: Silence) -> Telling {
    Telling::Silent(silence)
}

pub(crate) const NEW: Telling = Telling::Claimed(Status::New);
pub(crate) const ONGOING: Telling = Telling::Claimed(Status::Ongoing);
pub(crate) const RAISED: Telling = Telling::Claimed(Status::SeverityRaised);
pub(crate) const RESOLVED: Telling = Telling::Claimed(Status::Resolved);
pub(crate) const NOTHING_NEW: Telling = silent(Silence::Told);

/// Each step is put as JSON and read back.
pub(crate) struct Scene {
    pub(crate) rules: RuleSet,
    pub(crate) record: Option<EpisodeRecord>,
    pub(crate) suppressed: Option<&'static str>,
    pub(crate) change: Change,
    pub(crate) began: bool,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let rules = rules("low", "notify");
        Scene { rules, record: None, suppressed: None, change: Change::Nothing, began: false }
    }

    pub(crate) fn put(&mut self, record: &EpisodeRecord) {
        let stored = EpisodeRecord::from_json(&record.to_json()).unwrap();
        assert_eq!(stored, *record);
        self.record = Some(stored);
    }

    fn take(&mut self, step: &Step) -> Telling {
        (self.change, self.began) = (step.change, step.began);
        assert_eq!(step.change == Change::Nothing, self.record.as_ref() == Some(&step.record));
        self.put(&step.record);
        step.telling
    }

    /// `token` sees an episode over `span` that counts `n`.
    pub(crate) fn observe(&mut self, token: &str, now: u64, span: (u64, u64), n: i64) -> Telling {
        let teller = Teller { token, now, lease: LEASE };
        let finding = finding(&self.rules, span, n);
        let step = EpisodeRecord::observe(self.record.clone(), &finding, self.suppressed, teller);
        self.take(&step)
    }

    pub(crate) fn look(&mut self, token: &str, now: u64) -> Telling {
        let teller = Teller { token, now, lease: LEASE };
        let record = self.record();
        let step = record.look(self.rules.find("x"), self.suppressed, teller);
        self.take(&step)
    }

    pub(crate) fn confirm(&mut self, token: &str, now: u64) -> bool {
        let confirmed = self.record().confirm(token, now);
        confirmed.is_some_and(|record| {
            self.put(&record);
            true
        })
    }

    pub(crate) fn withhold(&mut self, token: &str, now: u64, digest_at: u64) {
        let withheld = self.record().confirm_withheld(token, now, digest_at).unwrap();
        self.put(&withheld);
    }

    pub(crate) fn release(&mut self, token: &str, now: u64) {
        self.release_to(token, now, None);
    }

    pub(crate) fn release_to(&mut self, token: &str, now: u64, heard: Option<Audience>) {
        let released = self.record().release(token, now, heard).unwrap();
        self.put(&released);
    }

    pub(crate) fn record(&self) -> EpisodeRecord {
        self.record.clone().unwrap()
    }

    pub(crate) fn due(&self) -> Option<u64> {
        self.record().due_at()
    }
}
