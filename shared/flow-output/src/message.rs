//! Findings as SNS messages: for programs, for people, and for chat.
//!
//! Limits are those of "Amazon SNS endpoints and quotas" and of the `Publish` action: 256 KiB for body and attributes
//! together, a subject of at most 100 ASCII characters.

use flow_detect::{Finding, Language, Severity};
use serde_json::{Value as Json, json};

use crate::alert::Alert;
use crate::digest::Digest;
use crate::finding_json::{FINDING_SCHEMA, finding_json};
use crate::plain::{cut, escape_json, plain};

/// The most bytes of a message, its attributes included.
pub const MAX_MESSAGE: usize = 262_144;

/// The most bytes of an alert's text: it stands twice in a message, and JSON may double it.
const MAX_ALERT: usize = 50_000;

const MAX_SUBJECT: usize = 100;

/// One part of a text message holds 140 bytes.
const MAX_SMS: usize = 140;

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// ASCII, at most 100 characters, no control characters. Mail shows it.
    pub subject: String,
    /// The text, or JSON with a text for each protocol.
    pub body: String,
    /// Whether the body is JSON with a text for each protocol (`MessageStructure=json`). Attribute filters do not work
    /// on such messages.
    pub is_per_protocol: bool,
    /// For filter policies, at most 10.
    pub attributes: Vec<Attribute>,
}

/// A message attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its value as text.
    pub value: String,
    /// Whether it is a number to SNS.
    pub is_number: bool,
}

impl Message {
    /// The finding as JSON, with attributes: for the findings topic.
    pub fn of_finding(finding: &Finding<'_>, link: Option<&str>) -> Self {
        Message {
            subject: subject(finding),
            body: finding_json(finding, link),
            is_per_protocol: false,
            attributes: attributes(finding),
        }
    }

    /// The finding as text for people, mail and text messages: for the alerts topic. With `now` in Unix seconds it ends
    /// with the lines that suppress it.
    pub fn of_alert(finding: &Finding<'_>, language: Language, link: Option<&str>, now: Option<u64>) -> Self {
        let alert = Alert::new(finding, language, link, now);
        per_protocol(subject(finding), &alert)
    }

    /// Many findings as one text for people, mail and text messages: for the alerts topic.
    pub fn of_digest(digest: &Digest<'_, '_>, language: Language) -> Self {
        per_protocol(digest_subject(digest), &digest.text(language))
    }

    /// Many findings as one custom notification of Amazon Q Developer in chat applications.
    pub fn of_chat_digest(digest: &Digest<'_, '_>, language: Language) -> Self {
        let text = digest.text(language);
        let body = json!({
            "version": "1.0",
            "source": "custom",
            "content": {
                "textType": "client-markdown",
                "title": cut(&text.heading, 250),
                "description": fenced(&text.body),
                "keywords": [digest.worst().name()],
            },
            "metadata": { "summary": cut(&text.heading, 250), "eventType": "digest" },
        });
        for_chat(digest_subject(digest), &body)
    }

    /// The finding as a custom notification of Amazon Q Developer in chat applications, threaded by finding. `now` as
    /// in [`of_alert`](Self::of_alert).
    pub fn of_chat(finding: &Finding<'_>, language: Language, link: Option<&str>, now: Option<u64>) -> Self {
        let alert = Alert::new(finding, language, link, now);
        let text = alert.with_suppression(&alert.body.replace("```", "'''"), MAX_ALERT);
        let steps: Vec<_> =
            finding.rule.words().advice.get(language).iter().map(|step| plain(step).into_owned()).collect();
        let body = json!({
            "version": "1.0",
            "source": "custom",
            "id": finding.id.as_str(),
            "content": {
                "textType": "client-markdown",
                "title": cut(&alert.heading, 250),
                "description": format!("```\n{text}```"),
                "nextSteps": steps,
                "keywords": [finding.rule.id, finding.severity.name()],
            },
            "metadata": {
                "threadId": finding.id.as_str(),
                "summary": cut(&alert.heading, 250),
                "eventType": finding.rule.finding_type,
            },
        });
        for_chat(subject(finding), &body)
    }

    /// The bytes that count against [`MAX_MESSAGE`].
    pub fn size(&self) -> usize {
        let attribute = |attribute: &Attribute| attribute.name.len() + attribute.value.len() + "Number".len();
        self.body.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }
}

/// A text for mail and for every other protocol, its heading alone for text messages.
fn per_protocol(subject: String, text: &Alert) -> Message {
    let whole = text.with_suppression(&format!("{}\n\n{}", text.heading, text.body), MAX_ALERT);
    let body = json!({ "default": whole, "email": whole, "sms": cut(&text.heading, MAX_SMS) });
    Message { subject, body: body.to_string(), is_per_protocol: true, attributes: Vec::new() }
}

fn for_chat(subject: String, body: &Json) -> Message {
    let body = escape_json(&body.to_string()).into_owned();
    Message { subject, body, is_per_protocol: false, attributes: Vec::new() }
}

/// A text that markdown leaves alone.
fn fenced(text: &str) -> String {
    format!("```\n{}```", cut(&text.replace("```", "'''"), MAX_ALERT))
}

/// The digest's heading in English, which is ASCII.
fn digest_subject(digest: &Digest<'_, '_>) -> String {
    ascii(&digest.heading(Language::English))
}

/// `[HIGH] Title: what it is about`, in English whatever the alert's language: a subject is ASCII.
fn subject(finding: &Finding<'_>) -> String {
    ascii(&Alert::heading(finding, Language::English))
}

/// A subject that is too long ends behind a whole word: a part of an address or a port would be another one.
fn ascii(heading: &str) -> String {
    const MORE: &str = " ...";
    let subject: String = heading.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    if subject.len() <= MAX_SUBJECT {
        return subject;
    }
    let room = &subject[..=MAX_SUBJECT - MORE.len()];
    let kept = room.rfind(' ').filter(|end| *end > MAX_SUBJECT / 2).unwrap_or(MAX_SUBJECT - MORE.len());
    subject[..kept].to_owned() + MORE
}

fn attributes(finding: &Finding<'_>) -> Vec<Attribute> {
    let rule = finding.rule;
    let text = |name, value: &str| Attribute { name, value: value.to_owned(), is_number: false };
    let mut attributes = vec![
        text("severity", finding.severity.name()),
        Attribute { name: "severity_id", value: severity_id(finding.severity).to_string(), is_number: true },
        text("finding_type", &rule.finding_type),
        text("rule", &rule.id),
        text("status", finding.status.name()),
        text("schema", FINDING_SCHEMA),
    ];
    let optional =
        [("account_id", finding.scope.account.as_deref()), ("region", finding.scope.region.as_deref())];
    // SNS refuses an attribute without a value.
    let present =
        optional.into_iter().filter_map(|(name, value)| Some((name, value.filter(|v| !v.is_empty())?)));
    attributes.extend(present.map(|(name, value)| text(name, &cut(&plain(value), 200))));
    attributes
}

/// OCSF's number for a severity.
fn severity_id(severity: Severity) -> u8 {
    match severity {
        Severity::Informational => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_ends_behind_a_whole_word() {
        let long = |port: &str| format!("[HIGH] {} 192.0.2.133 {port}", "x".repeat(74));
        assert_eq!(ascii(&long("3333")), long("3333"), "{}", long("3333").len());
        assert_eq!(ascii(&long("33333333")), format!("[HIGH] {} 192.0.2.133 ...", "x".repeat(74)));
        assert_eq!(ascii(&"\u{e9}".repeat(101)), "?".repeat(96) + " ...");
        for length in 90..200 {
            assert!(ascii(&"ab ".repeat(length)).len() <= MAX_SUBJECT);
        }
    }
}
