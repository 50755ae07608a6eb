//! The topics: who hears.

use super::{Check, Known, Text};

/// Who hears of what is published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Topic {
    /// Protocol and end of each, as in `email ops@example.com`.
    pub(crate) confirmed: Vec<String>,
    /// Those who have not confirmed yet.
    pub(crate) pending: Vec<String>,
}

/// Whether somebody hears; `account` is the function's. Nobody has to subscribe to the topic for programs.
pub(crate) fn subscribers(arn: &str, topic: &Known<Topic>, is_for_people: bool, account: &str) -> Check {
    const NAME: &str = "subscribers";
    let Topic { confirmed, pending } = match topic {
        Ok(topic) => topic,
        Err(why) => {
            let actions = "sns:GetTopicAttributes, sns:ListSubscriptionsByTopic";
            return Check::unseen_from(account, NAME, arn, why, actions);
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
