//! `flowgauge invoke subscription`: what the function behind a subscription filter does with its event.

use std::convert::Infallible;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use flow_enrich::Tables;
use flow_output::{Attribute, Message};
use flow_pipeline::{
    AlertFormat, Definitions, MemoryStore, Notifier, Pipeline, PipelineSettings, Published, Report, Topic,
    now_or_never,
};
use serde_json::{Map, Value, json};

use super::{events, read};
use crate::args::{AlertFormatArg, InvokeSubscriptionArgs};
use crate::clock::now;
use crate::commands::detect::{language, networks, severity};
use crate::failure::{Failure, Outcome};
use crate::{messages, rule_files};

/// Keeps the messages that a function would publish.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<(Topic, Message)>>);

impl Notifier for Recorder {
    type Error = Infallible;

    fn is_unsent(&self, _: &Self::Error) -> bool {
        true
    }

    async fn publish(&self, topic: Topic, messages: &[Message]) -> Vec<Result<Published, Infallible>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(messages.iter().map(|message| (topic, message.clone())));
        vec![Ok(Published::Sent); messages.len()]
    }
}

/// Runs the command.
pub(crate) fn run(args: &InvokeSubscriptionArgs) -> Result<Outcome, Failure> {
    let definitions = definitions(args)?;
    let pipeline = Pipeline::new(settings(args), MemoryStore::default(), Recorder::default());
    let bytes = read(&args.event)?;
    let mut outcome = Outcome::Fine;
    for event in events(&bytes) {
        match now_or_never(pipeline.run(&definitions, event, now())) {
            Ok(report) => {
                tell(&report);
                if report.unusable > 0 {
                    outcome = Outcome::Failed;
                }
            }
            Err(error) => {
                messages::error(&format!("{}: {error}", args.event.display()));
                outcome = Outcome::Failed;
            }
        }
        print(&pipeline.notifier().0)?;
    }
    Ok(outcome)
}

fn definitions(args: &InvokeSubscriptionArgs) -> Result<Definitions, Failure> {
    let rules = Arc::new(rule_files::load(args.definitions.rules.as_deref())?);
    let tables = Arc::new(Tables { networks: networks(args.definitions.networks.as_deref())? });
    Ok(Definitions { rules, tables, ..Definitions::default() })
}

fn settings(args: &InvokeSubscriptionArgs) -> PipelineSettings {
    PipelineSettings {
        formats: args.format.clone().unwrap_or_default(),
        language: language(args.lang),
        alert_format: match args.alert_format {
            AlertFormatArg::Text => AlertFormat::Text,
            AlertFormatArg::Chat => AlertFormat::Chat,
        },
        alert_min_severity: severity(args.alert_min_severity),
        region: args.region.clone(),
        ..PipelineSettings::default()
    }
}

/// Prints and forgets the messages kept.
fn print(kept: &Mutex<Vec<(Topic, Message)>>) -> io::Result<()> {
    let kept = mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    let mut out = io::stdout().lock();
    for (topic, message) in kept {
        writeln!(out, "{}", message_json(topic, &message))?;
    }
    out.flush()
}

fn message_json(topic: Topic, message: &Message) -> Value {
    let value = |attribute: &Attribute| (attribute.name.to_owned(), json!(attribute.value));
    json!({
        "topic": topic.name(),
        "subject": message.subject,
        "attributes": message.attributes.iter().map(value).collect::<Map<_, _>>(),
        "message_structure": message.is_per_protocol.then_some("json"),
        "body": message.body,
    })
}

fn tell(report: &Report) {
    messages::summary(&json!(report).to_string());
}
