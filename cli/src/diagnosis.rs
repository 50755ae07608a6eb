//! What facts about a deployed stack mean: each check takes what was seen and gives a verdict. Nothing here looks at anything.

mod format;
mod function;
mod key;
mod key_policy;
mod log_group;
mod ping_pattern;
mod topic;

use flow_detect::Language;
use serde_json::{Value, json};

pub(crate) use format::{Formats, format};
pub(crate) use function::{FailedEvents, credentials, failed_events, settings};
pub(crate) use key::{Key, KeyUse, UsedKey, log_key, topic_key};
pub(crate) use log_group::{Filter, LogGroup, Newest, delivery, log_groups, recursion, subscription};
pub(crate) use ping_pattern::{REFUSED_PINGS, ping_pattern};
pub(crate) use topic::{Topic, subscribers};

/// A fact, or why it could not be seen.
pub(crate) type Known<T> = Result<T, String>;

/// How things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As they should be.
    Ok,
    /// Somebody should look.
    Warning,
    /// Something does not work.
    Failed,
}

impl Verdict {
    /// The word for people and programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failed => "failed",
        }
    }
}

/// The same in every language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    english: String,
    japanese: String,
}

impl Text {
    pub(crate) fn new(english: impl Into<String>, japanese: impl Into<String>) -> Self {
        Text { english: english.into(), japanese: japanese.into() }
    }

    pub(crate) fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Japanese => &self.japanese,
        }
    }
}

/// What one look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// Its name: a contract with programs.
    pub(crate) name: &'static str,
    /// What was looked at: a function, a log group, a topic.
    pub(crate) about: String,
    pub(crate) verdict: Verdict,
    /// What was seen, and what it means.
    pub(crate) found: Text,
    /// What to do, unless all is well.
    pub(crate) advice: Option<Text>,
}

impl Check {
    fn ok(name: &'static str, about: &str, found: Text) -> Self {
        Check { name, about: about.to_owned(), verdict: Verdict::Ok, found, advice: None }
    }

    fn warning(name: &'static str, about: &str, found: Text, advice: Text) -> Self {
        Check { verdict: Verdict::Warning, advice: Some(advice), ..Check::ok(name, about, found) }
    }

    fn failed(name: &'static str, about: &str, found: Text, advice: Text) -> Self {
        Check { verdict: Verdict::Failed, advice: Some(advice), ..Check::ok(name, about, found) }
    }

    /// It could not be looked at; `action` is what that takes.
    fn unseen(name: &'static str, about: &str, why: &str, action: &str) -> Self {
        let found = Text::new(format!("could not be looked at: {why}"), format!("確認できません: {why}"));
        let advice = Text::new(
            format!("use credentials that permit {action}, and run this again"),
            format!("{action} を許可された認証情報で、もう一度実行してください"),
        );
        Check::warning(name, about, found, advice)
    }

    /// The same of what `arn` names, seen from `account`: what is another account's only its owner can look at.
    fn unseen_from(account: &str, name: &'static str, arn: &str, why: &str, action: &str) -> Self {
        let check = Check::unseen(name, arn, why, action);
        let Some(owner) = owner_elsewhere(arn, account) else { return check };
        let advice = Text::new(
            format!("it can't be seen from here: ask its owner, in account {owner}"),
            format!("ここからは見えません。所有者(アカウント {owner})に確認してください"),
        );
        Check { advice: Some(advice), ..check }
    }

    /// For programs, in a language.
    pub(crate) fn json(&self, language: Language) -> Value {
        json!({
            "check": self.name,
            "about": self.about,
            "verdict": self.verdict.name(),
            "found": self.found.of(language),
            "advice": self.advice.as_ref().map(|advice| advice.of(language)),
        })
    }
}

/// The account of whatever an ARN names, if the ARN tells.
pub(crate) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// The account of what `arn` names, where that is not `account`. Nobody knows who is elsewhere when `account` is empty.
pub(crate) fn owner_elsewhere<'a>(arn: &'a str, account: &str) -> Option<&'a str> {
    account_of(arn).filter(|owner| !account.is_empty() && *owner != account)
}

#[cfg(test)]
mod tests;
