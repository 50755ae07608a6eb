//! The topics: who hears, and whether alarms may use their key.

use serde_json::Value;

use super::key_policy::permits;
use super::{Check, Known, Text};

/// Who hears of what is published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Topic {
    /// Protocol and end of each, as in `email ops@example.com`.
    pub(crate) confirmed: Vec<String>,
    /// Those who have not confirmed yet.
    pub(crate) pending: Vec<String>,
}

/// A topic's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// `Enabled`, or why it can't be used.
    pub(crate) state: String,
    /// Nobody can change its policy.
    pub(crate) is_of_aws: bool,
    /// Its policy, JSON.
    pub(crate) policy: String,
}

/// The service that publishes for alarms.
const ALARMS: &str = "cloudwatch.amazonaws.com";

/// What a service does with the key of a topic that it publishes to (Amazon SNS developer guide, "Key management").
const NEEDED: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

/// Whether somebody hears. Nobody has to subscribe to the topic for programs.
pub(crate) fn subscribers(arn: &str, topic: &Known<Topic>, is_for_people: bool) -> Check {
    const NAME: &str = "subscribers";
    let Topic { confirmed, pending } = match topic {
        Ok(topic) => topic,
        Err(why) => {
            return Check::unseen(NAME, arn, why, "sns:GetTopicAttributes, sns:ListSubscriptionsByTopic");
        }
    };
    let confirm = Text::new(
        "confirm by the link in SNS's mail; it holds for two days (48 hours), after that subscribe again",
        "SNS のメールのリンクで確認してください。リンクは 2 日間(48 時間)有効で、その後は購読し直します",
    );
    if !pending.is_empty() {
        let (who, confirmed) = (pending.join(", "), confirmed.len());
        let found = Text::new(
            format!("not confirmed: {who}; confirmed: {confirmed}"),
            format!("未確認: {who}、確認済み: {confirmed} 件"),
        );
        let is_silent = is_for_people && confirmed == 0;
        let check = if is_silent { Check::failed } else { Check::warning };
        return check(NAME, arn, found, confirm);
    }
    if !confirmed.is_empty() {
        let found = confirmed.join(", ");
        return Check::ok(NAME, arn, Text::new(found.clone(), found));
    }
    if !is_for_people {
        return Check::ok(
            NAME,
            arn,
            Text::new(
                "nobody, as long as no program wants findings",
                "検知結果を受け取るプログラムがないので、購読者はいません",
            ),
        );
    }
    Check::failed(
        NAME,
        arn,
        Text::new("nobody hears of alerts", "通知を受け取る人がいません"),
        Text::new(
            "set AlertEmail, or subscribe to the topic",
            "AlertEmail を設定するか、トピックを購読してください",
        ),
    )
}

/// Whether alarms may use the key of the topic that they go to; a topic may have none.
pub(crate) fn key(arn: &str, key: Option<(&str, &Known<Key>)>, account: &str) -> Check {
    const NAME: &str = "key";
    let Some((id, key)) = key else {
        let found = Text::new(
            "the topic is not encrypted: nobody needs a key",
            "トピックは暗号化されておらず、キーは要りません",
        );
        return Check::ok(NAME, arn, found);
    };
    let key = match key {
        Ok(key) => key,
        Err(why) => return Check::unseen(NAME, id, why, "kms:DescribeKey, kms:GetKeyPolicy"),
    };
    if key.state != "Enabled" {
        return Check::failed(
            NAME,
            id,
            Text::new(
                format!("the key of {arn} is {}: nothing can be published", key.state),
                format!("{arn} のキーは {} で、発行できません", key.state),
            ),
            Text::new("enable it, or cancel its deletion", "有効にするか、削除を取り消してください"),
        );
    }
    let policy: Value = serde_json::from_str(&key.policy).unwrap_or_default();
    let missing: Vec<_> =
        NEEDED.into_iter().filter(|action| !permits(&policy, ALARMS, action, account)).collect();
    if missing.is_empty() {
        let found = Text::new("enabled, and alarms may use it", "有効で、アラームから使えます");
        return Check::ok(NAME, id, found);
    }
    let missing = missing.join(", ");
    let found = Text::new(
        format!("alarms would vanish without a trace: its policy does not let {ALARMS} {missing}"),
        format!("アラームが跡形もなく消えます。ポリシーが {ALARMS} に {missing} を許していません"),
    );
    let advice = if key.is_of_aws {
        Text::new(
            "it is AWS's own, whose policy nobody can change: set CustomerManagedKey=true",
            "AWS マネージドキーのポリシーは変えられません。CustomerManagedKey=true にしてください",
        )
    } else {
        Text::new(
            "add the service to the key's policy, as TopicKey in template.yaml has it",
            "template.yaml の TopicKey にならい、キーポリシーにこのサービスを加えてください",
        )
    };
    Check::failed(NAME, id, found, advice)
}
