//! `flowgauge test-alert`: proves that an alert arrives, from the topics on or from the log group on.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use flow_aws::{
    AccountFlowLogs, CallError, DeployedFunctionError, FlowLogsError, LogGroups, TopicArns, TopicState,
    Topics,
};
use flow_detect::{DefinitionError, Mode, RuleSet, Severity};
use flow_envelope::encode::{EncodeError, EncodeLimits, LogStream, SubscriptionEncoder};
use flow_function::config::Config;
use flow_output::{Attribute, Message, plain};
use flow_pipeline::{
    Definitions, Formats, MemoryStore, Notifier, Pipeline, PipelineSettings, Published, RunError, Topic,
};
use flow_record::{FormatError, RecordFormat};

use crate::args::TestAlertArgs;
use crate::clock::now;
use crate::commands::deployed::{Deployed, DeployedError, is_denied};
use crate::diagnosis::owner_elsewhere;
use crate::failure::{Failure, Outcome};
use crate::messages;

/// The rule whose finding is published.
const RULE: &str = include_str!("test-alert.toml");

/// The built-in rule that tells of what is written into the log group, and one try more than it lets pass.
const WRITTEN_FOR: &str = "admin-port-tries";
const TRIES: u64 = 101;

/// Of addresses that exist nowhere (RFC 5737).
const SOURCE: &str = "192.0.2.1";
const TARGET: &str = "192.0.2.2";

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TestAlertError {
    /// The stack can't be found.
    #[error(transparent)]
    Deployed(#[from] DeployedError),
    /// The function can't be asked.
    #[error(transparent)]
    Function(#[from] DeployedFunctionError),
    /// The stack has no topic, so that nobody could hear.
    #[error("the environment of {function}: expected FINDINGS_TOPIC_ARN or ALERTS_TOPIC_ARN, found neither")]
    NoTopic {
        /// The function.
        function: String,
    },
    /// No log group may invoke the function.
    #[error("the policy of {function}: expected a log group that may invoke it, found none")]
    NoLogGroup {
        /// The function.
        function: String,
    },
    /// The log group's format can't be found.
    #[error(transparent)]
    FlowLogs(#[from] FlowLogsError),
    /// The log group's format can't be read.
    #[error("the format of {log_group}: {error}")]
    Format {
        /// The log group.
        log_group: String,
        /// Why.
        error: FormatError,
    },
    /// The rule could not tell of lines in the log group's format.
    #[error("rule {WRITTEN_FOR} can't fire in the format of {log_group}: it has no {missing}")]
    Unfit {
        /// The log group.
        log_group: String,
        /// The fields.
        missing: String,
    },
    /// A call was refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The rule of the test has a mistake.
    #[error("the rule of the test: {0}")]
    Rule(String),
    /// The event of the test can't be made.
    #[error("the event of the test: {0}")]
    Event(#[from] EncodeError),
    /// Something was not published.
    #[error(transparent)]
    Run(#[from] Box<RunError>),
    /// Standard output can't be written.
    #[error("writing the output: {0}")]
    Output(#[from] io::Error),
}

/// Runs the command.
pub(crate) fn run(args: &TestAlertArgs) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(test_alert(args))?)
}

async fn test_alert(args: &TestAlertArgs) -> Result<Outcome, TestAlertError> {
    let deployed = Deployed::find(&args.name).await?;
    let config = deployed.config(|_| None)?;
    let (name, topics) = (deployed.name().to_owned(), Topics::new(deployed.access.clone()));
    if config.topics == TopicArns::default() {
        return Err(TestAlertError::NoTopic { function: name });
    }
    let alerts = config.topics.alerts.clone();
    if args.through_logs {
        write(&deployed, &config).await?;
    } else {
        publish(&deployed, config, &topics).await?;
    }
    let Some(arn) = alerts else {
        messages::warning("there is no alerts topic: no person hears of anything");
        return Ok(Outcome::Failed);
    };
    who_hears(topics.state(&arn).await, &arn, deployed.account())
}

/// Publishes one finding and its alert, as an invocation would.
async fn publish(deployed: &Deployed, config: Config, topics: &Topics) -> Result<(), TestAlertError> {
    let (now, severity) = (now(), config.settings.alert_min_severity);
    let log_group = deployed.function.log_groups().await?.into_iter().next().unwrap_or_default();
    let definitions = Definitions { rules: Arc::new(rule(severity)?), ..Definitions::default() };
    let notifier = Marked { topics, arns: config.topics, sent: Mutex::default() };
    // What is made up is in the default format, and neither limited nor anybody's own log.
    let settings = PipelineSettings {
        formats: Formats::default(),
        alert_limit: 2,
        own_log_group: None,
        ..config.settings
    };
    let pipeline = Pipeline::new(settings, MemoryStore::default(), notifier);
    let event = event(deployed.account(), &log_group, now)?;
    pipeline.run(&definitions, event.as_bytes(), now).await.map_err(Box::new)?;
    let mut out = io::stdout().lock();
    for (topic, id) in &*pipeline.notifier().sent() {
        writeln!(out, "{:8} message {}", topic.name(), plain(id))?;
    }
    messages::summary("published: a finding and an alert entitled \"TEST alert, nothing happened\"");
    Ok(())
}

/// The rule of the test, as severe as an alert has to be.
fn rule(severity: Severity) -> Result<RuleSet, TestAlertError> {
    let text = RULE.replace("severity = \"medium\"", &format!("severity = \"{severity}\""));
    let mistake = |errors: Vec<DefinitionError>| {
        TestAlertError::Rule(errors.first().map(ToString::to_string).unwrap_or_default())
    };
    RuleSet::only_files([("test-alert.toml", text.as_str())]).map_err(mistake)
}

/// An event with the one record that the rule of the test matches.
fn event(account: &str, log_group: &str, now: u64) -> Result<String, TestAlertError> {
    let interface = interface(now);
    let line = format!("2 {account} {interface} {SOURCE} {TARGET} 0 0 1 1 84 {now} {now} REJECT OK");
    let stream = LogStream {
        owner: account,
        log_group,
        log_stream: "flowgauge-test",
        subscription_filter: "flowgauge",
    };
    let time = i64::try_from(now).unwrap_or_default() * 1000;
    let events = SubscriptionEncoder::new(stream, EncodeLimits::default()).encode(&[(time, line)])?;
    Ok(events.concat())
}

/// An interface that does not exist, another each second: the same one again would be held back.
fn interface(now: u64) -> String {
    format!("eni-7e57{now:013x}")
}

/// Publishes each message with the mark of a test.
#[derive(Debug)]
struct Marked<'t> {
    topics: &'t Topics,
    arns: TopicArns,
    sent: Mutex<Vec<(Topic, String)>>,
}

impl Marked<'_> {
    fn sent(&self) -> std::sync::MutexGuard<'_, Vec<(Topic, String)>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn publish_one(&self, topic: Topic, message: &Message) -> Result<Published, CallError> {
        let arn = match topic {
            Topic::Findings => &self.arns.findings,
            Topic::Alerts => &self.arns.alerts,
        };
        let Some(arn) = arn else { return Ok(Published::NoTopic) };
        let mut message = message.clone();
        message.attributes.push(Attribute { name: "test", value: "true".to_owned(), is_number: false });
        let id = self.topics.publish(arn, &message).await?;
        self.sent().push((topic, id));
        Ok(Published::Sent)
    }
}

impl Notifier for Marked<'_> {
    type Error = CallError;

    fn is_unsent(&self, _: &CallError) -> bool {
        true
    }

    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, CallError>> {
        let mut outcomes = Vec::new();
        for message in messages {
            outcomes.push(self.publish_one(topic, message).await);
        }
        outcomes
    }
}

/// Writes refused tries of a host that does not exist into the log group that is read.
async fn write(deployed: &Deployed, config: &Config) -> Result<(), TestAlertError> {
    let (now, function) = (now(), deployed.name().to_owned());
    let groups = deployed.function.log_groups().await?;
    let Some(log_group) = groups.first() else { return Err(TestAlertError::NoLogGroup { function }) };
    let format = format_of(deployed, config, log_group, now).await?;
    let lines = tries(deployed.account(), log_group, &format, now)?;
    let log_stream = format!("flowgauge-test-{now}");
    LogGroups::new(deployed.access.clone()).write(log_group, &log_stream, &lines, now).await?;
    let mut out = io::stdout().lock();
    writeln!(out, "wrote    {} records into {log_group}, stream {log_stream}", lines.len())?;
    let interface = interface(now);
    writeln!(
        out,
        "expect   \"Repeated tries on administration ports: {interface} {TARGET}\" within two minutes"
    )?;
    if config.settings.alert_min_severity > Severity::Medium {
        messages::warning(
            "AlertMinSeverity is above medium: only the findings topic hears of it, and whoever subscribes there",
        );
    }
    messages::summary(&format!(
        "if nothing comes: rule {WRITTEN_FOR} may be replaced, switched off or suppressed; `flowgauge doctor` looks further"
    ));
    Ok(())
}

/// The format in which the function reads the log group.
async fn format_of(
    deployed: &Deployed,
    config: &Config,
    log_group: &str,
    now: u64,
) -> Result<RecordFormat, TestAlertError> {
    let formats = &config.settings.formats;
    if let Some(chosen) = formats.of(log_group).filter(|_| formats.is_chosen(log_group)) {
        return Ok(chosen.clone());
    }
    let found = AccountFlowLogs::new(deployed.access.clone()).formats(log_group, now).await?;
    match found.first() {
        None => Ok(formats.any().cloned().unwrap_or_default()),
        Some(text) => {
            let (log_group, read) = (log_group.to_owned(), text.parse());
            read.map_err(|error| TestAlertError::Format { log_group, error })
        }
    }
}

/// Lines in a format that the rule tells of.
fn tries(
    account: &str,
    log_group: &str,
    format: &RecordFormat,
    now: u64,
) -> Result<Vec<String>, TestAlertError> {
    let rules = RuleSet::defaults();
    let active = rules.for_format(format, Mode::Notify);
    if let Some((_, missing)) = active.not_applicable().iter().find(|(rule, _)| rule == WRITTEN_FOR) {
        let missing: Vec<_> = missing.iter().map(|field| field.name()).collect();
        let (log_group, missing) = (log_group.to_owned(), missing.join(", "));
        return Err(TestAlertError::Unfit { log_group, missing });
    }
    let (default, interface) = (RecordFormat::default(), interface(now));
    let line = |port: u64| {
        let text =
            format!("2 {account} {interface} {SOURCE} {TARGET} {port} 22 6 1 40 {now} {now} REJECT OK");
        default.parse(&text).ok().map(|line| line.record().display(format).to_string())
    };
    Ok((40_000..40_000 + TRIES).filter_map(line).collect())
}

/// Tells who gets it, as far as `account` may know: topics of another account let it publish, and nothing else.
fn who_hears(
    state: Result<TopicState, CallError>,
    arn: &str,
    account: &str,
) -> Result<Outcome, TestAlertError> {
    match (state, owner_elsewhere(arn, account)) {
        (Ok(state), _) => tell_who_hears(&state),
        (Err(error), Some(owner)) if is_denied(&error.code) => {
            messages::warning(&format!(
                "who hears of {arn} can't be seen from here: ask the topic's owner, account {owner}"
            ));
            Ok(Outcome::Fine)
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// Who gets it, and who does not; nobody is a failure.
fn tell_who_hears(state: &TopicState) -> Result<Outcome, TestAlertError> {
    let mut out = io::stdout().lock();
    for who in &state.confirmed {
        writeln!(out, "expect   {}", plain(who))?;
    }
    for who in &state.pending {
        messages::warning(&format!("{who} has not confirmed and gets nothing"));
    }
    if state.confirmed.is_empty() {
        messages::warning("nobody who has confirmed subscribes to the alerts topic");
        return Ok(Outcome::Failed);
    }
    Ok(Outcome::Fine)
}

#[cfg(test)]
mod tests {
    use flow_pipeline::now_or_never;

    use super::*;

    /// Keeps subjects.
    #[derive(Debug, Default)]
    struct Subjects(Mutex<Vec<String>>);

    impl Notifier for Subjects {
        type Error = std::fmt::Error;

        fn is_unsent(&self, _: &std::fmt::Error) -> bool {
            true
        }

        async fn publish(
            &self,
            topic: Topic,
            messages: &[Message],
        ) -> Vec<Result<Published, std::fmt::Error>> {
            let subjects = messages.iter().map(|message| format!("{} {}", topic.name(), message.subject));
            self.0.lock().unwrap().extend(subjects);
            vec![Ok(Published::Sent); messages.len()]
        }
    }

    #[test]
    fn the_rule_of_the_test_tells_of_its_record_whatever_alerts_have_to_be() {
        const NOW: u64 = 1_700_000_000;
        for severity in Severity::ALL {
            let settings = PipelineSettings { alert_min_severity: severity, ..PipelineSettings::default() };
            let pipeline = Pipeline::new(settings, MemoryStore::default(), Subjects::default());
            let definitions =
                Definitions { rules: Arc::new(rule(severity).unwrap()), ..Definitions::default() };
            let event = event("123456789012", "/vpc", NOW).unwrap();
            now_or_never(pipeline.run(&definitions, event.as_bytes(), NOW)).unwrap();
            let word = severity.to_string().to_uppercase();
            let subject =
                format!("[{word}] TEST alert, nothing happened: eni-7e57000006553f100 192.0.2.1 192.0.2.2");
            let mut told = pipeline.notifier().0.lock().unwrap().clone();
            told.sort();
            assert_eq!(told, [format!("alerts {subject}"), format!("findings {subject}")]);
        }
    }

    #[test]
    fn topics_of_another_account_are_its_own_to_look_at() {
        const ARN: &str = "arn:aws:sns:eu-west-1:210987654321:alerts";
        let refused = |code: &str| {
            let (about, code, text) = (ARN.to_owned(), code.to_owned(), "no".to_owned());
            Err(CallError { call: "SNS GetTopicAttributes", about, code, text })
        };
        let told = |code, account| who_hears(refused(code), ARN, account).ok();
        let (member, owner) = ("123456789012", "210987654321");
        for code in ["AuthorizationError", "AuthorizationErrorException", "AccessDenied"] {
            assert_eq!(told(code, member), Some(Outcome::Fine), "{code}");
            assert_eq!(told(code, owner), None, "{code}");
        }
        for code in ["NotFound", "NoAnswer", "ExpiredToken"] {
            assert_eq!(told(code, member), None, "{code}");
        }
        let nobody = who_hears(Ok(TopicState::default()), ARN, member);
        assert_eq!(nobody.ok(), Some(Outcome::Failed));
    }

    #[test]
    fn what_is_written_leads_to_a_finding_in_any_format_that_can_tell() {
        let other = "${action} ${dstport} ${interface-id} ${srcaddr} ${dstaddr} ${start} ${end} ${tcp-flags}";
        for text in [RecordFormat::default().to_string(), other.to_owned()] {
            let format: RecordFormat = text.parse().unwrap();
            let lines = tries("123456789012", "/vpc", &format, 1_700_000_000).unwrap();
            assert_eq!(lines.len(), 101);
            assert!(lines.iter().all(|line| format.parse(line).is_ok()), "{}", lines[0]);
        }
        let error =
            tries("123456789012", "/vpc", &"${srcaddr} ${dstaddr} ${start}".parse().unwrap(), 0).unwrap_err();
        assert!(error.to_string().contains("it has no "), "{error}");
    }
}
