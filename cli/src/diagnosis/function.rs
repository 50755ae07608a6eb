//! The function itself: whose it is, whether it can start, and what it left undone.

use super::{Check, Known, Text, owner_elsewhere};
use crate::shell::quoted;

/// Events that wait in the failure bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FailedEvents {
    /// How many.
    pub(crate) count: usize,
    /// There are more than were counted.
    pub(crate) is_cut: bool,
    /// How long the oldest has waited, in seconds.
    pub(crate) oldest: u64,
}

/// Whether the credentials are of the function's account. `identity` is account and ARN of whoever asks.
pub(crate) fn credentials(identity: &Known<(String, String)>, region: &str, function_arn: &str) -> Check {
    const NAME: &str = "credentials";
    let (account, arn) = match identity {
        Ok(identity) => identity,
        Err(why) => return Check::unseen(NAME, region, why, "sts:GetCallerIdentity"),
    };
    let Some(owner) = owner_elsewhere(function_arn, account) else {
        return Check::ok(NAME, region, Text::new(arn, arn));
    };
    let found = Text::new(
        format!("{arn} is of account {account}, the function of {owner}"),
        format!("{arn} のアカウントは {account}、関数のアカウントは {owner} です"),
    );
    let advice = Text::new(
        format!("use credentials of account {owner}: what follows may be seen from outside"),
        format!("アカウント {owner} の認証情報を使ってください。以下は外から見た結果かもしれません"),
    );
    Check::warning(NAME, region, found, advice)
}

/// Whether the function's environment holds together; an error says which variable does not.
pub(crate) fn settings(function: &str, read: &Known<()>) -> Check {
    const NAME: &str = "settings";
    match read {
        Ok(()) => {
            Check::ok(NAME, function, Text::new("every variable can be used", "すべての環境変数が使えます"))
        }
        Err(why) => Check::failed(
            NAME,
            function,
            Text::new(format!("it can't start: {why}"), format!("起動できません: {why}")),
            Text::new(
                "mend the parameter behind it and deploy again",
                "対応するパラメーターを直し、デプロイし直してください",
            ),
        ),
    }
}

/// Whether events wait whose every try failed.
pub(crate) fn failed_events(function: &str, bucket: &str, found: &Known<FailedEvents>) -> Check {
    const NAME: &str = "failed-events";
    let FailedEvents { count, is_cut, oldest } = match found {
        Ok(found) => *found,
        Err(why) => return Check::unseen(NAME, bucket, why, "s3:ListBucket"),
    };
    if count == 0 {
        return Check::ok(NAME, bucket, Text::new("no event waits", "待っているイベントはありません"));
    }
    let more = if is_cut { "+" } else { "" };
    let ((english, japanese), word) = (ages(oldest), quoted(function));
    Check::failed(
        NAME,
        bucket,
        Text::new(
            format!("events that were never worked through: {count}{more}, the oldest of {english} ago"),
            format!("処理できなかったイベントが {count}{more} 件あり、最も古いものは{japanese}前です"),
        ),
        Text::new(
            format!("read the function's log, mend the cause, then `flowgauge redrive {word} --execute`"),
            format!(
                "関数のログを読み、原因を取り除いてから `flowgauge redrive {word} --execute` を実行してください"
            ),
        ),
    )
}

/// A time in words: in the largest unit of which there are two.
pub(super) fn ages(seconds: u64) -> (String, String) {
    let units =
        [(86_400, "days", "日"), (3600, "hours", "時間"), (60, "minutes", "分"), (1, "seconds", "秒")];
    let (size, english, japanese) =
        units.into_iter().find(|(size, ..)| seconds >= 2 * size).unwrap_or((1, "seconds", "秒"));
    let number = seconds / size;
    (format!("{number} {english}"), format!("{number} {japanese}"))
}
