//! One event from bytes to messages: the only order of work of every function.

use std::error::Error;
use std::sync::Arc;

use flow_detect::{Deltas, FUTURE_TOLERANCE, Finding, Language, Mode, Observed, RuleSet, Severity};
use flow_enrich::{EnrichedFlow, Tables};
use flow_envelope::{
    DEFAULT_DECOMPRESSED_CAP, EnvelopeError, LogBatch, SubscriptionEvent, fingerprint, log_batches,
};
use flow_output::{Message, insights_link};
use flow_record::{Fault, RecordFormat};

use crate::formats::Formats;
use crate::input::origin_of;
use crate::ports::{BatchDeltas, MergedGroups, Notifier, Published, StateStore, Topic};
use crate::report::Report;

/// The most alerts that one event sends to people, the worst first. What is more is counted, and still goes to the
/// findings topic: a thousand mails tell nobody more than twenty.
pub const MAX_ALERTS: usize = 20;

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
    /// The user's tables.
    pub tables: Arc<Tables>,
}

impl Default for Definitions {
    /// The built-in rules, no tables.
    fn default() -> Self {
        Definitions { rules: Arc::new(RuleSet::defaults()), tables: Arc::default() }
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
    #[error("merging state: {error}")]
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

/// Decodes, detects, keeps state and tells: one event at a time, with one round of IO at most.
#[derive(Debug)]
pub struct Pipeline<S, N> {
    settings: PipelineSettings,
    store: S,
    notifier: N,
}

/// Messages on their way out.
#[derive(Debug, Default)]
struct Outbox {
    findings: Vec<Message>,
    alerts: Vec<Message>,
}

impl<S: StateStore, N: Notifier> Pipeline<S, N> {
    /// A pipeline that keeps state in `store` and tells `notifier`.
    pub fn new(settings: PipelineSettings, store: S, notifier: N) -> Self {
        Pipeline { settings, store, notifier }
    }

    /// The one to tell.
    pub fn notifier(&self) -> &N {
        &self.notifier
    }

    /// Works through one CloudWatch Logs subscription event by the definitions that hold now, `now` being the clock in
    /// Unix seconds.
    ///
    /// An event that adds nothing costs no IO at all.
    pub async fn run(&self, definitions: &Definitions, payload: &[u8], now: u64) -> Result<Report, RunError> {
        let mut report = Report::default();
        let (deltas, fingerprint) = self.observe(definitions, payload, now, &mut report)?;
        if deltas.is_empty() {
            return Ok(report);
        }
        let batch = BatchDeltas { rules: &definitions.rules, deltas, fingerprint, now };
        let merged = match self.store.merge(batch).await {
            Ok(merged) => merged,
            Err(error) => {
                return Err(RunError::Store { report: Box::new(report), error: Box::new(error) });
            }
        };
        let outbox = self.judge(&definitions.rules, &merged, &mut report);
        self.publish(outbox, report).await
    }

    /// Bytes to deltas, with what tells a redelivery.
    fn observe(
        &self,
        definitions: &Definitions,
        payload: &[u8],
        now: u64,
        report: &mut Report,
    ) -> Result<(Deltas, Option<u128>), EnvelopeError> {
        let mut unpacked = Vec::new();
        SubscriptionEvent::parse(payload)?.decompress(self.settings.decompressed_cap, &mut unpacked)?;
        let batches = log_batches(&unpacked)?;
        report.events += 1;
        let mut deltas = Deltas::default();
        for (batch, number) in batches.iter().zip(1..) {
            if let Err(error) = batch.check_type() {
                report.cannot_use(number, || error.to_string());
            } else if batch.is_control() {
                report.control_messages += 1;
            } else if self.settings.own_log_group.as_deref() == Some(&*batch.log_group) {
                report.self_log_skipped += batch.events.len() as u64;
            } else {
                self.observe_batch(definitions, batch, now, &mut deltas, report);
            }
        }
        Ok((deltas, fingerprint(&batches)))
    }

    fn observe_batch(
        &self,
        definitions: &Definitions,
        batch: &LogBatch<'_>,
        now: u64,
        deltas: &mut Deltas,
        report: &mut Report,
    ) {
        let Some(format) = self.settings.formats.of(&batch.log_group) else {
            for (event, number) in batch.lines().iter().zip(1..) {
                report.note_rejected(batch, event, || "no format for this log group".to_owned());
                report.reject("no_format", number, || format!("no format for {:?}", batch.log_group));
            }
            return;
        };
        let rules = definitions.rules.for_format(format, Mode::Observe);
        if !batch.lines().is_empty() {
            report.note_not_applicable(&rules);
        }
        for (event, number) in batch.lines().iter().zip(1..) {
            let line = match format.parse(&event.message) {
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
            let (record, origin) = (line.record(), origin_of(batch, event));
            let flow = EnrichedFlow { record, origin, tables: &definitions.tables };
            if flow.time().is_some_and(|time| time > now.saturating_add(FUTURE_TOLERANCE)) {
                report.future += 1;
            } else if deltas.observe(&rules, &flow) == Observed::Untimed {
                report.untimed += 1;
            }
        }
    }

    /// Merged state to messages.
    fn judge(&self, rules: &RuleSet, merged: &MergedGroups, report: &mut Report) -> Outbox {
        report.redelivered += u64::from(merged.is_redelivery);
        report.late_panes += merged.late_panes;
        report.refused_panes += merged.refused_panes;
        let mut findings = merged.groups.findings(rules, merged.watermark);
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let mut outbox = Outbox::default();
        for finding in &findings {
            *report.findings.entry(finding.rule.id.clone()).or_default() += 1;
            if finding.rule.mode != Mode::Notify {
                report.observed += 1;
                continue;
            }
            let link = insights_link(finding, self.settings.region.as_deref());
            outbox.findings.push(Message::of_finding(finding, link.as_deref()));
            if finding.severity < self.settings.alert_min_severity {
                continue;
            }
            if outbox.alerts.len() < MAX_ALERTS {
                outbox.alerts.push(self.alert(finding, link.as_deref()));
            } else {
                report.alerts_withheld += 1;
            }
        }
        outbox
    }

    fn alert(&self, finding: &Finding<'_>, link: Option<&str>) -> Message {
        match self.settings.alert_format {
            AlertFormat::Text => Message::of_alert(finding, self.settings.language, link),
            AlertFormat::Chat => Message::of_chat(finding, self.settings.language, link),
        }
    }

    /// Publishes to both topics before it tells of any failure: one topic that fails keeps nothing from the other.
    async fn publish(&self, outbox: Outbox, mut report: Report) -> Result<Report, RunError> {
        let total = outbox.findings.len() + outbox.alerts.len();
        let mut first: Option<Box<dyn Error + Send + Sync>> = None;
        let mut failed = 0;
        // People first: their topic gets few messages, and time may run out.
        for (topic, messages) in [(Topic::Alerts, &outbox.alerts), (Topic::Findings, &outbox.findings)] {
            if messages.is_empty() {
                continue;
            }
            for outcome in self.notifier.publish(topic, messages).await {
                match outcome {
                    Ok(Published::Sent) => *report.published.entry(topic.name()).or_default() += 1,
                    Ok(Published::NoTopic) => *report.without_topic.entry(topic.name()).or_default() += 1,
                    Err(error) => {
                        failed += 1;
                        first.get_or_insert_with(|| Box::new(error));
                    }
                }
            }
        }
        match first {
            None => Ok(report),
            Some(first) => Err(RunError::Publish { report: Box::new(report), failed, total, first }),
        }
    }
}
