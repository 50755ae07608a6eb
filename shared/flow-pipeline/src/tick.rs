//! What time alone brings about: claims that ran out, windows that close, digests, episodes that are over.

use flow_detect::{EpisodeRecord, Finding, Status, Step, Telling, Watermark};
use flow_output::{Digest, Message};

use crate::merging::{opened, put_unchanged, state_write};
use crate::notifier::{Notifier, Topic};
use crate::opening::{Opened, put_off};
use crate::pipeline::AlertFormat;
use crate::run::{Failure, Run};
use crate::state_store::{Due, ItemKey, StateStore, Write};
use crate::store_error::StoreError;
use crate::telling::{Claimed, Ending, Observed};

/// The most records, and the most items of panes, that one tick looks at; the next one, a minute later, goes on.
pub const MAX_DUE: usize = 1000;

/// How many items with panes are held in memory at once: each has up to 128 KiB, and more once it is read.
const AT_ONCE: usize = 50;

impl<'p, S: StateStore, N: Notifier> Run<'p, S, N> {
    /// Does what is due. Two ticks at once do no harm: each item is claimed by one of them.
    pub(crate) async fn tick(&mut self) -> Result<(), Failure> {
        let due = |what| self.store.due(what, self.now, MAX_DUE);
        let (records, panes) = (due(Due::Records).await, due(Due::Panes).await);
        let records = records.map_err(StoreError::Failed)?;
        let panes = panes.map_err(StoreError::Failed)?;
        self.report.due = (records.len() + panes.len()) as u64;
        // What can be told is told, whatever fails; what someone else may have died of telling first.
        let mut outcome = self.look(records).await;
        for keys in panes.chunks(AT_ONCE) {
            outcome = outcome.and(self.close_windows(keys).await);
        }
        outcome
    }

    /// Tells what closed windows hold, and then notes when the next ones close.
    async fn close_windows(&mut self, keys: &[ItemKey]) -> Result<(), Failure> {
        let (findings, writes) = self.closed(keys).await?;
        self.tell(findings).await?;
        // A conflict is an event that was faster: what is not noted as looked at stays due.
        put_unchanged(self.store, &writes).await?;
        Ok(())
    }

    /// The findings of items in which windows have closed, and the items with the time when the next ones do.
    async fn closed(
        &mut self,
        keys: &[ItemKey],
    ) -> Result<(Vec<Finding<'p>>, Vec<Write>), StoreError<S::Error>> {
        let (rules, now) = (&self.definitions.rules, self.now);
        let items = self.store.get(keys).await.map_err(StoreError::Failed)?;
        let (mut findings, mut writes) = (Vec::new(), Vec::new());
        for (key, item) in keys.iter().zip(items) {
            let Some(item) = item else { continue };
            match opened(self.store, key, Some(&item), rules, now, &mut self.report).await? {
                Opened::Readable(mut state) => {
                    let watermark = Watermark::At(state.event_time(now));
                    findings.extend(state.findings(rules, watermark));
                    // Written only once all of that is told.
                    state.judge(rules, now);
                    writes.push(state_write(key, Some(item.version), &state, rules, now));
                }
                Opened::Nothing | Opened::Unreadable => writes.push(put_off(key, item, now)),
            }
        }
        Ok((findings, writes))
    }

    /// Looks at records that are due: tells what is to be told, and notes what is over.
    async fn look(&mut self, keys: Vec<ItemKey>) -> Result<(), Failure> {
        if keys.is_empty() {
            return Ok(());
        }
        let items = self.store.get(&keys).await.map_err(StoreError::Failed)?;
        let (mut steps, mut others) = (Vec::new(), Vec::new());
        for (key, item) in keys.into_iter().zip(items) {
            let Some(item) = item else { continue };
            match self.known(&key, Some(&item)).await? {
                Opened::Readable(record) => {
                    let step = self.look_at(record);
                    steps.push((key, Some(item.version), Observed { step, began: 0 }));
                }
                Opened::Nothing | Opened::Unreadable => others.push(put_off(&key, item, self.now)),
            }
        }
        put_unchanged(self.store, &others).await?;
        let (mut claimed, mut digest) = (Vec::new(), Vec::new());
        // A conflict is someone who was faster: what is left to do is due still, as is what could not be written.
        let (settled, put) = self.put_steps(steps).await;
        for (key, version, observed) in settled {
            let record = observed.step.record;
            match observed.step.telling {
                Telling::Claimed(status) => claimed.push(Claimed { key, record, version, status }),
                Telling::ClaimedForDigest => {
                    digest.push(Claimed { key, record, version, status: Status::New });
                }
                Telling::Silent(_) => {}
            }
        }
        let told = self.tell_claimed(claimed).await;
        let listed = self.tell_digest(digest).await;
        put.map_err(Failure::from).and(told).and(listed)
    }

    fn look_at(&self, record: EpisodeRecord) -> Step {
        let rule = self.definitions.rules.find(record.rule());
        if rule.is_none() && !self.definitions.are_rules_current {
            return record.wait(self.now);
        }
        let suppressed = self.suppressed_record(&record);
        record.look(rule, suppressed.as_deref(), self.teller())
    }

    /// One message to people about all that was over their limit.
    async fn tell_digest(&mut self, claimed: Vec<Claimed>) -> Result<(), Failure> {
        if claimed.is_empty() {
            return Ok(());
        }
        let rules = &self.definitions.rules;
        let findings: Vec<_> =
            claimed.iter().filter_map(|one| one.record.finding(rules, one.status)).collect();
        let told = self.told_lately().await?;
        let digest = Digest::new(&findings, told);
        let message = match self.settings.alert_format {
            AlertFormat::Text => Message::of_digest(&digest, self.settings.language),
            AlertFormat::Chat => Message::of_chat_digest(&digest, self.settings.language),
        };
        let failure = self.send(Topic::Alerts, &[message]).await.into_iter().find_map(Result::err);
        let ending = match &failure {
            None => Ending::Told,
            Some(error) => Ending::NotTold { heard: None, is_known: self.notifier.is_unsent(error) },
        };
        self.report.digested += if failure.is_none() { claimed.len() as u64 } else { 0 };
        self.settle(claimed.into_iter().map(|one| (one, ending)).collect()).await?;
        if ending == Ending::Told && told > 0 {
            self.name_alerts().await?;
        }
        match failure {
            None => Ok(()),
            Some(error) => Err(Failure::Publish { failed: 1, total: 1, first: Box::new(error) }),
        }
    }
}
