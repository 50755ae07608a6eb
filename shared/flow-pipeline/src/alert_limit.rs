//! How many alerts people get: a limit for each five minutes, kept for all invocations together.

use serde::{Deserialize, Serialize};

use crate::notifier::Notifier;
use crate::pause::before_try;
use crate::run::Run;
use crate::set_aside::set_aside;
use crate::state_store::{Content, ItemKey, StateStore, Write, Written};
use crate::store_error::StoreError;

/// The time that a limit is for, in seconds.
pub const ALERT_PERIOD: u64 = 300;

/// How often the count is read and written: others count too. After that alerts wait for the digest.
const TRIES: u32 = 6;

/// Alerts of one period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Alerts {
    /// Sent, or about to be.
    granted: u64,
    /// Left to the digest.
    withheld: u64,
}

impl<S: StateStore, N: Notifier> Run<'_, S, N> {
    /// How many of `wanted` alerts may be sent now; they count as sent.
    pub(crate) async fn grant_alerts(&mut self, wanted: usize) -> Result<usize, StoreError<S::Error>> {
        if wanted == 0 {
            return Ok(0);
        }
        let key = period_key(self.now);
        for number in 0..TRIES {
            before_try(number).await;
            let (known, over) = self.alerts(&key).await?;
            let left = (self.settings.alert_limit as u64).saturating_sub(known.granted);
            let granted = left.min(wanted as u64);
            let counted = Alerts {
                granted: known.granted + granted,
                withheld: known.withheld + (wanted as u64 - granted),
            };
            let write = Write {
                key: key.clone(),
                content: Content::Text(serde_json::to_string(&counted).expect("two numbers")),
                over,
                expires_at: (self.now / ALERT_PERIOD + 3) * ALERT_PERIOD,
                due_at: None,
            };
            for written in self.store.put(&[write]).await {
                if written.map_err(StoreError::Failed)? == Written::Done {
                    return Ok(usize::try_from(granted).unwrap_or(wanted));
                }
            }
        }
        Ok(0)
    }

    /// How many alerts were sent one by one in this period and the one before.
    pub(crate) async fn told_lately(&mut self) -> Result<u64, StoreError<S::Error>> {
        let mut told = 0;
        for now in [self.now.saturating_sub(ALERT_PERIOD), self.now] {
            told += self.alerts(&period_key(now)).await?.0.granted;
        }
        Ok(told)
    }

    async fn alerts(&mut self, key: &ItemKey) -> Result<(Alerts, Option<u64>), StoreError<S::Error>> {
        let items = self.store.get(std::slice::from_ref(key)).await.map_err(StoreError::Failed)?;
        let Some(item) = items.into_iter().next().flatten() else { return Ok((Alerts::default(), None)) };
        let over = Some(item.version);
        let known = match &item.content {
            Content::Text(json) => serde_json::from_str(json).map_err(|error| error.to_string()),
            Content::Binary(_) => Err("expected text, found bytes".to_owned()),
        };
        match known {
            Ok(known) => Ok((known, over)),
            Err(reason) => {
                set_aside(self.store, key, item, &reason, &mut self.report).await?;
                Ok((Alerts::default(), over))
            }
        }
    }
}

fn period_key(now: u64) -> ItemKey {
    ItemKey::new("alerts", now / ALERT_PERIOD * ALERT_PERIOD)
}
