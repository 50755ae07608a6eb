//! One event from bytes to messages: the only order of work of every function.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flow_detect::{Deltas, FUTURE_TOLERANCE, Language, Mode, Observed, RuleSet, Severity};
use flow_enrich::{EnrichedFlow, Tables};
use flow_envelope::{
    DEFAULT_DECOMPRESSED_CAP, EnvelopeError, LogBatch, SubscriptionEvent, SubscriptionUnpacker, fingerprint,
    log_batches, room_of,
};
use flow_record::{Fault, RecordBuffer, RecordFormat};

use crate::flow_logs::FlowLogs;
use crate::formats::Formats;
use crate::found_formats::FoundFormats;
use crate::input::BatchOrigin;
use crate::merging::{Batch, merge};
use crate::notifier::Notifier;
use crate::report::Report;
use crate::run::{Failure, Run};
use crate::state_store::StateStore;
use crate::suppressions::Suppressions;

/// An event whose newest record began so long before the clock, in seconds, is delayed: an interval lasts ten minutes at
/// most, and CloudWatch Logs has it some five minutes later (Amazon VPC user guide, "Flow log records").
pub const USUAL_DELIVERY: u64 = 1800;

/// The most alerts that people get in five minutes unless said otherwise, the worst first. What is more comes in one
/// digest, and still goes to the findings topic one by one: a thousand mails tell nobody more than twenty.
pub const DEFAULT_ALERT_LIMIT: usize = 20;

/// How alerts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlertFormat {
    /// Text for mail and text messages.
    #[default]
    Text,
    /// Custom notifications of Amazon Q Developer in chat applications.
    Chat,
}

impl AlertFormat {
    /// All of them.
    pub const ALL: [AlertFormat; 2] = [AlertFormat::Text, AlertFormat::Chat];

    /// The word in settings.
    pub fn name(self) -> &'static str {
        match self {
            AlertFormat::Text => "text",
            AlertFormat::Chat => "chat",
        }
    }
}

/// What is looked for, and by which tables: the user may change it while a function lives.
#[derive(Debug, Clone)]
pub struct Definitions {
    /// The rules; those in notify and observe mode run.
    pub rules: Arc<RuleSet>,
    /// Whether they are as the user has them now: if not, a rule that is not among them may be a new one.
    pub are_rules_current: bool,
    /// The user's tables.
    pub tables: Arc<Tables>,
    /// What nobody is to be told of.
    pub suppressions: Arc<Suppressions>,
}

impl Default for Definitions {
    /// The built-in rules, no tables, nothing suppressed.
    fn default() -> Self {
        Definitions {
            rules: Arc::new(RuleSet::defaults()),
            are_rules_current: true,
            tables: Arc::default(),
            suppressions: Arc::default(),
        }
    }
}

/// What a pipeline is made with.
#[derive(Debug, Clone)]
pub struct PipelineSettings {
    /// The formats of the log groups.
    pub formats: Formats,
    /// The language of alerts.
    pub language: Language,
    /// How alerts are written.
    pub alert_format: AlertFormat,
    /// The least severity that people are told.
    pub alert_min_severity: Severity,
    /// The most alerts in five minutes; the rest comes in a digest.
    pub alert_limit: usize,
    /// The most bytes of an event once decompressed.
    pub decompressed_cap: usize,
    /// Where the log groups are, for links to the console of findings whose records do not say.
    pub region: Option<String>,
    /// The log group that the function itself writes to: what comes from it is refused, or it would feed itself.
    pub own_log_group: Option<String>,
}

impl Default for PipelineSettings {
    /// AWS's default format, alerts in English from medium severity up.
    fn default() -> Self {
        PipelineSettings {
            formats: Formats::default(),
            language: Language::English,
            alert_format: AlertFormat::Text,
            alert_min_severity: Severity::Medium,
            alert_limit: DEFAULT_ALERT_LIMIT,
            decompressed_cap: DEFAULT_DECOMPRESSED_CAP,
            region: None,
            own_log_group: None,
        }
    }
}

/// Why an event could not be worked through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It holds nothing that can be read. The same bytes give the same error: trying again is in vain.
    #[error(transparent)]
    Undecodable(#[from] EnvelopeError),
    /// State was not kept; try the whole event again.
    #[error("keeping state: {error}")]
    Store {
        /// What happened until then.
        report: Box<Report>,
        /// Why.
        #[source]
        error: Box<dyn Error + Send + Sync>,
    },
    /// Some messages were not published; try the whole event again.
    #[error("{failed} of {total} messages not published: {first}")]
    Publish {
        /// What happened, what was published included.
        report: Box<Report>,
        /// How many were not.
        failed: usize,
        /// Of how many.
        total: usize,
        /// Why the first of them was not.
        #[source]
        first: Box<dyn Error + Send + Sync>,
    },
}

impl RunError {
    /// A word for the kind of error: a contract with alarms and dashboards.
    pub fn kind(&self) -> &'static str {
        match self {
            RunError::Undecodable(_) => "Undecodable",
            RunError::Store { .. } => "StateNotKept",
            RunError::Publish { .. } => "NotPublished",
        }
    }

    /// How many messages were not published.
    pub fn not_published(&self) -> u64 {
        match self {
            RunError::Publish { failed, .. } => *failed as u64,
            RunError::Undecodable(_) | RunError::Store { .. } => 0,
        }
    }

    /// What happened until then; an empty report takes its place.
    pub fn take_report(&mut self) -> Report {
        match self {
            RunError::Store { report, .. } | RunError::Publish { report, .. } => {
                std::mem::take(&mut **report)
            }
            RunError::Undecodable(_) => Report::default(),
        }
    }

    pub(crate) fn new(failure: Failure, report: Report) -> Self {
        let report = Box::new(report);
        match failure {
            Failure::Store(error) => RunError::Store { report, error },
            Failure::Publish { failed, total, first } => RunError::Publish { report, failed, total, first },
        }
    }
}

/// Decodes, detects, keeps state and tells: one event at a time.
#[derive(Debug)]
pub struct Pipeline<S, N> {
    pub(crate) settings: PipelineSettings,
    pub(crate) store: S,
    pub(crate) notifier: N,
    found_formats: Option<FoundFormats>,
    /// For one event after the other; who finds it gone takes new memory.
    memory: Mutex<Option<SubscriptionUnpacker>>,
}

/// The most bytes of memory that are kept for the next event: few are larger once decompressed.
const MOST_KEPT: usize = 16 << 20;

/// The formats of log groups that were found for one event.
pub(crate) type EventFormats = BTreeMap<String, Arc<RecordFormat>>;

impl<S: StateStore, N: Notifier> Pipeline<S, N> {
    /// A pipeline that keeps state in `store` and tells `notifier`.
    pub fn new(settings: PipelineSettings, store: S, notifier: N) -> Self {
        Pipeline { settings, store, notifier, found_formats: None, memory: Mutex::default() }
    }

    /// The same, asking `flow_logs` for the format of a log group of which the settings say none.
    #[must_use]
    pub fn finding_formats(self, flow_logs: impl FlowLogs + 'static) -> Self {
        Pipeline { found_formats: Some(FoundFormats::new(Box::new(flow_logs))), ..self }
    }

    /// Where state is kept.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The one to tell.
    pub fn notifier(&self) -> &N {
        &self.notifier
    }

    /// Works through one CloudWatch Logs subscription event by the definitions that hold now, `now` being the clock in
    /// Unix seconds.
    ///
    /// An event that adds nothing costs no IO, unless the format of its log group has to be asked for.
    pub async fn run(&self, definitions: &Definitions, payload: &[u8], now: u64) -> Result<Report, RunError> {
        let mut report = Report::default();
        let (deltas, fingerprint) = self.observe(definitions, payload, now, &mut report).await?;
        if deltas.is_empty() {
            return Ok(report);
        }
        let run = Run::new(&self.store, &self.notifier, &self.settings, definitions, now, report);
        run.finish(deltas, fingerprint).await
    }

    /// Works through what was read from lines or events already. Lines that came in no event are capped by none.
    pub(crate) async fn run_deltas(
        &self,
        definitions: &Definitions,
        deltas: Deltas,
        fingerprint: Option<u128>,
        is_event: bool,
        now: u64,
    ) -> Result<Report, RunError> {
        let report = Report::default();
        let run = Run::new(&self.store, &self.notifier, &self.settings, definitions, now, report);
        Run { is_event, ..run }.finish(deltas, fingerprint).await
    }

    /// Does what time alone brings about, `now` being the clock in Unix seconds: claims that ran out, windows that
    /// close, digests, episodes that are over. To be called every minute; twice at once does no harm.
    pub async fn tick(&self, definitions: &Definitions, now: u64) -> Result<Report, RunError> {
        let report = Report::default();
        let mut run = Run::new(&self.store, &self.notifier, &self.settings, definitions, now, report);
        match run.tick().await {
            Ok(()) => Ok(run.report),
            Err(failure) => Err(RunError::new(failure, run.report)),
        }
    }

    /// Whether an event can be read at all; what is in it is not looked at.
    pub fn check(&self, payload: &[u8]) -> Result<(), EnvelopeError> {
        let mut unpacked = Vec::new();
        SubscriptionEvent::parse(payload)?.decompress(self.settings.decompressed_cap, &mut unpacked)?;
        log_batches(&unpacked).map(|_| ())
    }

    fn memory(&self) -> MutexGuard<'_, Option<SubscriptionUnpacker>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes to deltas, with what tells a redelivery.
    pub(crate) async fn observe(
        &self,
        definitions: &Definitions,
        payload: &[u8],
        now: u64,
        report: &mut Report,
    ) -> Result<(Deltas, Option<u128>), EnvelopeError> {
        let event = SubscriptionEvent::parse(payload)?;
        let mut memory = self.memory().take().unwrap_or_default();
        let batches = memory.batches(&event, self.settings.decompressed_cap)?;
        report.events += 1;
        let formats = self.found(&batches, now, report).await;
        let mut deltas = Deltas::default();
        for (batch, number) in batches.iter().zip(1..) {
            if let Err(error) = batch.check_type() {
                report.cannot_use(number, || error.to_string());
            } else if batch.is_control() {
                report.control_messages += 1;
            } else if self.is_own(batch) {
                report.self_log_skipped += batch.events.len() as u64;
            } else {
                let found = formats.get(&*batch.log_group).map(|format| &**format);
                let format = found.or_else(|| self.settings.formats.of(&batch.log_group));
                observe_batch(definitions, batch, format, now, &mut deltas, report);
            }
        }
        let is_delayed = deltas.newest().is_some_and(|newest| now.saturating_sub(newest) > USUAL_DELIVERY);
        report.delayed += u64::from(is_delayed);
        let fingerprint = fingerprint(&batches);
        let room = room_of(batches);
        memory.keep(room);
        *self.memory() = Some(memory).filter(|memory| memory.held() <= MOST_KEPT);
        Ok((deltas, fingerprint))
    }

    /// The formats that the flow logs of the event's log groups say, where no setting does.
    async fn found(&self, batches: &[LogBatch<'_>], now: u64, report: &mut Report) -> EventFormats {
        let mut formats = EventFormats::new();
        let Some(found_formats) = &self.found_formats else { return formats };
        for batch in batches {
            let log_group = &*batch.log_group;
            let is_read = !batch.lines().is_empty() && !self.is_own(batch) && batch.check_type().is_ok();
            if !is_read || self.settings.formats.is_chosen(log_group) || formats.contains_key(log_group) {
                continue;
            }
            let fits = |format: Option<&RecordFormat>| {
                format.or(self.settings.formats.of(log_group)).is_some_and(|format| fits(format, batch))
            };
            // Boxed: a rare path must not make the future of every event large.
            let found = Box::pin(found_formats.of(log_group, now, fits)).await;
            report.mixed_formats += u64::from(found.is_mixed);
            report.formats_not_found += u64::from(found.has_failed);
            report.format_notes.extend(found.note);
            if let Some(format) = found.format {
                formats.insert(log_group.to_owned(), format);
            }
        }
        formats
    }

    /// Whether a batch comes from the function's own log group.
    fn is_own(&self, batch: &LogBatch<'_>) -> bool {
        self.settings.own_log_group.as_deref() == Some(&*batch.log_group)
    }
}

fn observe_batch(
    definitions: &Definitions,
    batch: &LogBatch<'_>,
    format: Option<&RecordFormat>,
    now: u64,
    deltas: &mut Deltas,
    report: &mut Report,
) {
    let Some(format) = format else {
        for (event, number) in batch.lines().iter().zip(1..) {
            report.note_rejected(batch, event, || "no format for this log group".to_owned());
            report.reject("no_format", number, || format!("no format for {:?}", batch.log_group));
        }
        return;
    };
    let rules = definitions.rules.for_format(format, Mode::Observe);
    if !batch.lines().is_empty() {
        report.note_unfit_rules(&rules, format);
    }
    let (mut buffer, origin) = (RecordBuffer::default(), BatchOrigin::of(batch));
    for (event, number) in batch.lines().iter().zip(1..) {
        let line = match format.parse_into(&event.message, &mut buffer) {
            Ok(line) => line,
            Err(error) => {
                // A header is a line of every file, but of no log group: here it says that the input is no log.
                let kind =
                    if RecordFormat::is_header(&event.message) { "header" } else { error.kind().name() };
                report.note_rejected(batch, event, || Fault(error).to_string());
                report.reject(kind, number, || error.to_string());
                continue;
            }
        };
        report.lines.add(&line);
        let (record, origin) = (line.record(), origin.of_event(event));
        let flow = EnrichedFlow { record, origin: &origin, tables: &definitions.tables };
        if flow.time().is_some_and(|time| time > now.saturating_add(FUTURE_TOLERANCE)) {
            report.future += 1;
        } else if deltas.observe(&rules, &flow) == Observed::Untimed {
            report.untimed += 1;
        }
    }
}

/// Whether the first and the last line of a batch are in a format.
fn fits(format: &RecordFormat, batch: &LogBatch<'_>) -> bool {
    let lines = batch.lines();
    [lines.first(), lines.last()].into_iter().flatten().all(|event| format.parse(&event.message).is_ok())
}

impl<S: StateStore, N: Notifier> Run<'_, S, N> {
    async fn finish(mut self, deltas: Deltas, fingerprint: Option<u128>) -> Result<Report, RunError> {
        match self.take(deltas, fingerprint).await {
            Ok(()) => Ok(self.report),
            Err(failure) => Err(RunError::new(failure, self.report)),
        }
    }

    /// Keeps what an event adds, and tells what that leads to.
    async fn take(&mut self, deltas: Deltas, fingerprint: Option<u128>) -> Result<(), Failure> {
        let batch = Batch { deltas, fingerprint, is_event: self.is_event };
        let findings = merge(self.store, &self.definitions.rules, batch, self.now, &mut self.report).await?;
        self.report.redelivered += u64::from(self.report.redelivered_items > 0);
        self.tell(findings).await
    }
}
