//! The formats of log groups of which no setting says one: asked of their flow logs, and kept.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flow_record::{FormatError, RecordFormat};

use crate::flow_logs::FlowLogs;

/// How long an answer holds, in seconds: a flow log keeps its format for life, but another may take its place.
const REFRESH: u64 = 900;

/// How soon is asked again because lines do not fit, in seconds.
const RETRY: u64 = 60;

/// How soon is asked again after no answer, in seconds: twice as long after each that follows, to [`REFRESH`].
const FIRST_RETRY: u64 = 10;

/// How many log groups are asked about: a function reads few, and what an event says is not to fill its memory.
const MAX_GROUPS: usize = 100;

/// Formats as flow logs have them, of the log groups that were asked about.
#[derive(Debug)]
pub(crate) struct FoundFormats {
    flow_logs: Box<dyn FlowLogs>,
    known: Mutex<BTreeMap<String, Known>>,
}

/// What is known of one log group.
#[derive(Debug, Default)]
struct Known {
    /// The last good answer.
    format: Option<Arc<RecordFormat>>,
    is_mixed: bool,
    /// What was told last, so that it is told once.
    told: Option<FormatNote>,
    asked_at: u64,
    next_check: u64,
    /// How often in a row there was no answer.
    failures: u32,
}

/// What is to be told of a log group's format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatNote {
    /// It was found, or is another one now.
    #[error("lines of `{log_group}` are read in the format of its flow logs: {format}")]
    Found {
        /// The log group.
        log_group: String,
        /// Its format.
        format: String,
    },
    /// Flow logs of several formats deliver to it.
    #[error(
        "flow logs of {} formats deliver to `{log_group}`: its lines are read as {used}, and those of the others rejected or \
         misread; let each format have a log group of its own ({})", formats.len(), formats.join(" | ")
    )]
    Mixed {
        /// The log group.
        log_group: String,
        /// All of them.
        formats: Vec<String>,
        /// The one that lines are read in.
        used: String,
    },
    /// No flow log of the account and region delivers to it.
    #[error("no flow log of this account and region delivers to `{log_group}`: {}", otherwise(*has_former))]
    NoFlowLog {
        /// The log group.
        log_group: String,
        /// Lines are read in a format that was found before.
        has_former: bool,
    },
    /// Nobody said.
    #[error("the format of `{log_group}` is not known ({reason}): {}", otherwise(*has_former))]
    NotFound {
        /// The log group.
        log_group: String,
        /// Why.
        reason: String,
        /// Lines are read in a format that was found before.
        has_former: bool,
    },
}

fn otherwise(has_former: bool) -> &'static str {
    if has_former {
        "its lines are read as before"
    } else {
        "its lines are read as if no format had been looked for; LOG_FORMAT says one"
    }
}

impl FormatNote {
    /// Whether somebody has to do something about it.
    pub fn is_warning(&self) -> bool {
        !matches!(self, FormatNote::Found { .. })
    }

    /// Whether it says the same, in the same words or others: those of a refusal may differ each time.
    fn is_like(&self, other: &FormatNote) -> bool {
        match (self, other) {
            (FormatNote::NotFound { .. }, FormatNote::NotFound { .. }) => true,
            _ => self == other,
        }
    }
}

/// What was found of one log group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// The format of its lines, if its flow logs say one.
    pub(crate) format: Option<Arc<RecordFormat>>,
    /// Flow logs of several formats deliver to it.
    pub(crate) is_mixed: bool,
    /// It was asked about now, and there was no answer.
    pub(crate) has_failed: bool,
    /// What is to be told of that.
    pub(crate) note: Option<FormatNote>,
}

impl FoundFormats {
    pub(crate) fn new(flow_logs: Box<dyn FlowLogs>) -> Self {
        FoundFormats { flow_logs, known: Mutex::default() }
    }

    /// The format of `log_group` at `now`, in Unix seconds. `fits` tells whether lines are in a format, or in the one that
    /// holds as long as none is found: if not, the answer is soon asked for anew.
    pub(crate) async fn of(
        &self,
        log_group: &str,
        now: u64,
        fits: impl FnOnce(Option<&RecordFormat>) -> bool,
    ) -> Found {
        if let Some(found) = self.known(log_group, now, fits) {
            return found;
        }
        let answer = self.flow_logs.formats_of(log_group, now).await;
        let has_failed = answer.is_err();
        let mut all = self.lock();
        let known = all.entry(log_group.to_owned()).or_default();
        let note = known.learn(log_group, answer, now);
        known.found(note, has_failed)
    }

    /// What is known already; none when it is time to ask.
    fn known(
        &self,
        log_group: &str,
        now: u64,
        fits: impl FnOnce(Option<&RecordFormat>) -> bool,
    ) -> Option<Found> {
        let all = self.lock();
        let Some(known) = all.get(log_group) else {
            return (all.len() >= MAX_GROUPS).then(Found::default);
        };
        let was_asked_just_now = now < known.asked_at.saturating_add(RETRY);
        let is_fresh = now < known.next_check && (was_asked_just_now || fits(known.format.as_deref()));
        is_fresh.then(|| known.found(None, false))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        // Nothing in between panics: a poisoned lock is as good as any.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn found(&self, note: Option<FormatNote>, has_failed: bool) -> Found {
        Found { format: self.format.clone(), is_mixed: self.is_mixed, has_failed, note }
    }

    /// Takes an answer, and says what is to be told of it, once.
    fn learn(
        &mut self,
        log_group: &str,
        answer: Result<BTreeSet<String>, Box<dyn Error + Send + Sync>>,
        now: u64,
    ) -> Option<FormatNote> {
        self.asked_at = now;
        self.failures = if answer.is_ok() { 0 } else { self.failures.saturating_add(1) };
        let wait = match self.failures {
            0 => REFRESH,
            failures => FIRST_RETRY.saturating_mul(1 << (failures - 1).min(16)).min(REFRESH),
        };
        self.next_check = now.saturating_add(wait);
        let note = self.judge(log_group.to_owned(), answer);
        // What goes on being wrong with the lines is told with every answer; all else once.
        let is_news = matches!(note, FormatNote::Mixed { .. })
            || !self.told.as_ref().is_some_and(|told| told.is_like(&note));
        self.told = Some(note.clone());
        is_news.then_some(note)
    }

    fn judge(
        &mut self,
        log_group: String,
        answer: Result<BTreeSet<String>, Box<dyn Error + Send + Sync>>,
    ) -> FormatNote {
        let has_former = self.format.is_some();
        let not_found = |log_group, reason| FormatNote::NotFound { log_group, reason, has_former };
        let formats = match answer {
            Ok(formats) => formats,
            Err(error) => return not_found(log_group, error.to_string()),
        };
        let read: Result<Vec<RecordFormat>, FormatError> = formats.iter().map(|text| text.parse()).collect();
        let formats = match read {
            Ok(formats) => formats,
            Err(error) => return not_found(log_group, format!("a flow log's format can't be read: {error}")),
        };
        let Some(first) = formats.first() else {
            self.is_mixed = false;
            return FormatNote::NoFlowLog { log_group, has_former };
        };
        let former =
            self.format.as_deref().and_then(|former| formats.iter().find(|format| *format == former));
        let used = Arc::new(former.unwrap_or(first).clone());
        self.is_mixed = formats.iter().any(|format| *format != *used);
        let text = used.to_string();
        self.format = Some(used);
        if self.is_mixed {
            let formats = formats.iter().map(ToString::to_string).collect();
            return FormatNote::Mixed { log_group, formats, used: text };
        }
        FormatNote::Found { log_group, format: text }
    }
}

#[cfg(test)]
mod tests;
