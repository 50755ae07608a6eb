//! How many alerts people get: a limit for any five minutes, kept for all invocations together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::notifier::Notifier;
use crate::opening::opened;
use crate::pause::before_try;
use crate::run::Run;
use crate::state_store::{Content, ItemKey, StateStore, Write, Written};
use crate::store_error::StoreError;

/// The time that a limit is for, in seconds.
pub const ALERT_PERIOD: u64 = 300;

/// How long alerts are remembered, in seconds: a digest says how many there were beside it.
const REMEMBERED: u64 = 2 * ALERT_PERIOD;

/// How often the count is read and written: others count too. After that alerts wait for the digest.
const TRIES: u32 = 12;

/// The alerts of the last minutes: how many were sent, or about to be, in each second.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Alerts {
    granted: BTreeMap<u64, u64>,
    /// Those sent up to this second were counted by a digest.
    #[serde(default)]
    named_until: u64,
}

impl Alerts {
    /// How many there were after this second.
    fn after(&self, second: u64) -> u64 {
        self.granted.iter().filter(|(at, _)| **at > second).map(|(_, count)| count).sum()
    }

    fn forget(&mut self, now: u64) {
        self.granted.retain(|at, count| *count > 0 && *at + REMEMBERED > now);
    }
}

impl<S: StateStore, N: Notifier> Run<'_, S, N> {
    /// How many of `wanted` alerts may be sent now; they count as sent.
    pub(crate) async fn grant_alerts(&mut self, wanted: usize) -> Result<usize, StoreError<S::Error>> {
        let (limit, now) = (self.settings.alert_limit as u64, self.now);
        let grant = |alerts: &mut Alerts| {
            let granted =
                limit.saturating_sub(alerts.after(now.saturating_sub(ALERT_PERIOD))).min(wanted as u64);
            *alerts.granted.entry(now).or_default() += granted;
            granted
        };
        let granted = if wanted == 0 { None } else { self.count_alerts(grant).await? };
        Ok(granted.map_or(0, |granted| usize::try_from(granted).unwrap_or(wanted)))
    }

    /// Takes back what was granted for alerts that were not sent: they will be tried again.
    pub(crate) async fn return_alerts(&mut self, unsent: u64) -> Result<(), StoreError<S::Error>> {
        let now = self.now;
        let take = |alerts: &mut Alerts| {
            let granted = alerts.granted.entry(now).or_default();
            *granted = granted.saturating_sub(unsent);
        };
        if unsent > 0 {
            self.count_alerts(take).await?;
        }
        Ok(())
    }

    /// How many alerts were sent one by one in the last ten minutes, those that an earlier digest counted left out.
    pub(crate) async fn told_lately(&mut self) -> Result<u64, StoreError<S::Error>> {
        let (alerts, _) = self.alerts(&key()).await?;
        Ok(alerts.after(alerts.named_until.max(self.now.saturating_sub(REMEMBERED))))
    }

    /// Notes that a digest counted the alerts so far.
    pub(crate) async fn name_alerts(&mut self) -> Result<(), StoreError<S::Error>> {
        let now = self.now;
        let name = |alerts: &mut Alerts| alerts.named_until = alerts.named_until.max(now);
        self.count_alerts(name).await.map(|_| ())
    }

    /// Changes the count; returns what `change` does, or none when others were faster every time.
    async fn count_alerts<T>(
        &mut self,
        change: impl Fn(&mut Alerts) -> T,
    ) -> Result<Option<T>, StoreError<S::Error>> {
        let key = key();
        for number in 0..TRIES {
            before_try(number).await;
            let (mut alerts, over) = self.alerts(&key).await?;
            let known = alerts.clone();
            let changed = change(&mut alerts);
            alerts.forget(self.now);
            if alerts == known {
                return Ok(Some(changed));
            }
            let write = Write {
                key: key.clone(),
                content: Content::Text(serde_json::to_string(&alerts).expect("numbers by number")),
                over,
                expires_at: self.now + REMEMBERED,
                due_at: None,
            };
            for written in self.store.put(&[write]).await {
                if written.map_err(StoreError::Failed)? == Written::Done {
                    return Ok(Some(changed));
                }
            }
        }
        Ok(None)
    }

    async fn alerts(&mut self, key: &ItemKey) -> Result<(Alerts, Option<u64>), StoreError<S::Error>> {
        let items = self.store.get(std::slice::from_ref(key)).await.map_err(StoreError::Failed)?;
        let item = items.into_iter().next().flatten();
        let read = |content: &Content| match content {
            Content::Text(json) => serde_json::from_str(json).map_err(|error| error.to_string()),
            Content::Binary(_) => Err("expected text, found bytes".to_owned()),
        };
        let alerts = opened(self.store, key, item.as_ref(), self.now, &mut self.report, read).await?;
        Ok((alerts.readable().unwrap_or_default(), item.map(|item| item.version)))
    }
}

fn key() -> ItemKey {
    ItemKey::new("alerts", "recent")
}
