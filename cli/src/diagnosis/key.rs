//! Keys: whether they can be used, and by whom.

use serde_json::Value;

use super::key_policy::permits;
use super::{Check, Known, Text};

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// `Enabled`, or why it can't be used.
    pub(crate) state: String,
    /// Nobody can change its policy.
    pub(crate) is_of_aws: bool,
    /// Its policy, JSON.
    pub(crate) policy: String,
}

/// The key that something is encrypted with: its id or ARN, and what is known of it; none where there is no key.
pub(crate) type UsedKey = Known<Option<(String, Known<Key>)>>;

/// Who uses a key, of which account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyUse<'a> {
    /// What is encrypted: a topic's ARN, a log group's name.
    pub(crate) about: &'a str,
    /// The service that the key's policy must let in, if any.
    pub(crate) service: Option<&'a str>,
    /// The function's account.
    pub(crate) account: &'a str,
}

/// What a service does with the key of a topic that it publishes to (Amazon SNS developer guide, "Key management").
const TO_PUBLISH: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

/// What CloudWatch Logs does with the key of a log group (CloudWatch Logs user guide, "Encrypt log data").
const TO_LOG: [&str; 4] = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"];

/// What it takes to look at a key.
const LOOK: &str = "kms:DescribeKey, kms:GetKeyPolicy";

/// Whether a topic's key can be used, by alarms too where `used` names their service.
pub(crate) fn topic_key(used: KeyUse<'_>, key: &UsedKey) -> Check {
    const NAME: &str = "key";
    let KeyUse { about: arn, service, account } = used;
    let (id, key) = match key {
        Ok(Some((id, key))) => (id, key),
        Ok(None) => {
            let found = Text::new(
                "the topic is not encrypted: nobody needs a key",
                "トピックは暗号化されておらず、キーは要りません",
            );
            return Check::ok(NAME, arn, found);
        }
        Err(why) => return Check::unseen_from(account, NAME, arn, why, "sns:GetTopicAttributes"),
    };
    let key = match key {
        Ok(key) => key,
        Err(why) => return Check::unseen_from(account, NAME, id, why, LOOK),
    };
    if key.state != "Enabled" {
        let found = Text::new(
            format!("the key of {arn} is {}: nothing can be published", key.state),
            format!("{arn} のキーは {} で、発行できません", key.state),
        );
        return Check::failed(NAME, id, found, enable());
    }
    let Some(service) = service else { return Check::ok(NAME, id, Text::new("enabled", "有効です")) };
    let missing = missing(&key.policy, used, &TO_PUBLISH);
    if missing.is_empty() {
        let found = Text::new("enabled, and alarms may use it", "有効で、アラームから使えます");
        return Check::ok(NAME, id, found);
    }
    let found = Text::new(
        format!("alarms would vanish without a trace: its policy does not let {service} {missing}"),
        format!("アラームが跡形もなく消えます。ポリシーが {service} に {missing} を許していません"),
    );
    let advice = if key.is_of_aws {
        Text::new(
            "it is AWS's own, whose policy nobody can change: set CustomerManagedKey=true",
            "AWS マネージドキーのポリシーは変えられません。CustomerManagedKey=true にしてください",
        )
    } else {
        admit("TopicKey")
    };
    Check::failed(NAME, id, found, advice)
}

/// Whether CloudWatch Logs can use the key of a log group; nothing to say where there is none.
pub(crate) fn log_key(used: KeyUse<'_>, key: &UsedKey) -> Option<Check> {
    const NAME: &str = "log-key";
    let KeyUse { about: group, service, account } = used;
    let (id, key) = match key {
        Ok(found) => found.as_ref()?,
        Err(why) => return Some(Check::unseen(NAME, group, why, "logs:DescribeLogGroups")),
    };
    let key = match key {
        Ok(key) => key,
        Err(why) => return Some(Check::unseen_from(account, NAME, id, why, LOOK)),
    };
    if key.state != "Enabled" {
        let found = Text::new(
            format!("the key of {group} is {}: lines can be neither written nor read", key.state),
            format!("{group} のキーは {} で、行を書くことも読むこともできません", key.state),
        );
        return Some(Check::failed(NAME, id, found, enable()));
    }
    let missing = missing(&key.policy, used, &TO_LOG);
    if missing.is_empty() {
        let found = Text::new(
            format!("enabled, and CloudWatch Logs may use it for {group}"),
            format!("有効で、CloudWatch Logs が {group} に使えます"),
        );
        return Some(Check::ok(NAME, id, found));
    }
    let service = service.unwrap_or_default();
    let found = Text::new(
        format!("lines of {group} are lost: its policy does not let {service} {missing}"),
        format!("{group} の行が失われます。ポリシーが {service} に {missing} を許していません"),
    );
    Some(Check::failed(NAME, id, found, admit("DataKey")))
}

/// What a key's policy should permit the service that uses it, and does not.
fn missing(policy: &str, used: KeyUse<'_>, needed: &[&str]) -> String {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let service = used.service.unwrap_or_default();
    let is_missing = |action: &&&str| !permits(&policy, service, action, used.account);
    needed.iter().filter(is_missing).copied().collect::<Vec<_>>().join(", ")
}

fn enable() -> Text {
    Text::new("enable it, or cancel its deletion", "有効にするか、削除を取り消してください")
}

/// `key` is what the template calls one whose policy is as it should be.
fn admit(key: &str) -> Text {
    Text::new(
        format!("add the service to the key's policy, as {key} in template.yaml has it"),
        format!("template.yaml の {key} にならい、キーポリシーにこのサービスを加えてください"),
    )
}
