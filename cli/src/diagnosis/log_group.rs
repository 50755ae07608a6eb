//! The log group that is read: who is subscribed, and whether lines come.

use super::function::ages;
use super::{Check, Known, Language, Text};
use crate::shell::quoted;

/// The most subscription filters of a log group that AWS documents (CloudWatch Logs user guide, "Quotas").
const DOCUMENTED_SLOTS: u64 = 2;

/// Lines come within this time, in seconds: ten minutes of aggregation, delivery, and as much again.
const USUAL: u64 = 1800;

/// A subscription filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) name: String,
    /// The ARN of who gets the lines.
    pub(crate) destination: String,
    pub(crate) pattern: String,
}

/// A log group, and who is subscribed to it.
#[derive(Debug)]
pub(crate) struct LogGroup<'a> {
    pub(crate) name: &'a str,
    pub(crate) filters: &'a Known<Vec<Filter>>,
    /// How many filters it takes, as the account reports it; none when it reports nothing.
    pub(crate) slots: &'a Known<Option<u64>>,
}

impl LogGroup<'_> {
    fn of<'f>(filters: &'f [Filter], function_arn: &str) -> Option<&'f Filter> {
        filters.iter().find(|filter| is_version_of(&filter.destination, function_arn))
    }
}

/// Whether an ARN is that of the function, or of a version or alias of it.
fn is_version_of(arn: &str, function_arn: &str) -> bool {
    !function_arn.is_empty()
        && arn.strip_prefix(function_arn).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

/// Which log groups the function reads, by its policy: any others would be refused.
pub(crate) fn log_groups(function: &str, groups: &Known<Vec<String>>) -> Check {
    const NAME: &str = "log-groups";
    match groups {
        Err(why) => Check::unseen(NAME, function, why, "lambda:GetPolicy"),
        Ok(groups) if groups.is_empty() => Check::failed(
            NAME,
            function,
            Text::new(
                "its policy lets no log group invoke it: nothing is read",
                "ポリシーがどのロググループにも呼び出しを許しておらず、何も読まれません",
            ),
            Text::new(
                "deploy again: the stack gives the permission",
                "デプロイし直してください。許可はスタックが与えます",
            ),
        ),
        Ok(groups) => {
            let found = groups.join(", ");
            Check::ok(NAME, function, Text::new(found.clone(), found))
        }
    }
}

/// Whether the function gets the lines of the log group, all of them, and how many filters the group has room for.
pub(crate) fn subscription(group: &LogGroup<'_>, function_arn: &str) -> Check {
    const NAME: &str = "subscription";
    let filters = match group.filters {
        Ok(filters) => filters,
        Err(why) => return Check::unseen(NAME, group.name, why, "logs:DescribeSubscriptionFilters"),
    };
    let (used, slots) = (filters.len(), group.slots.as_ref().ok().copied().flatten());
    let (slots, note) = (slots.unwrap_or(DOCUMENTED_SLOTS), note_on_slots(group.slots));
    let (english_note, japanese_note) = (note.of(Language::English), note.of(Language::Japanese));
    let Some(own) = LogGroup::of(filters, function_arn) else {
        let names: Vec<_> =
            filters.iter().map(|filter| format!("{} ({})", filter.name, filter.destination)).collect();
        let others = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
        let found = Text::new(
            format!(
                "no subscription filter names the function; {used} of {slots} places are taken{others}{english_note}"
            ),
            format!(
                "関数を指すサブスクリプションフィルターがありません。{slots} 件中 {used} 件が使われています{others}{japanese_note}"
            ),
        );
        let is_full = u64::try_from(used).unwrap_or(u64::MAX) >= slots;
        let advice = if is_full {
            Text::new(
                "remove a filter that nobody needs, or let one deliver to a Kinesis stream that several read; then deploy again",
                "不要なフィルターを外すか、複数で読む Kinesis ストリームにまとめてから、デプロイし直してください",
            )
        } else {
            Text::new(
                "deploy again: the stack makes the filter",
                "デプロイし直してください。フィルターはスタックが作ります",
            )
        };
        return Check::failed(NAME, group.name, found, advice);
    };
    if own.pattern.trim().is_empty() {
        let found = Text::new(
            format!("the function gets every line; {used} of {slots} filters are used{english_note}"),
            format!(
                "すべての行が関数に届きます。フィルターは {slots} 件中 {used} 件を使っています{japanese_note}"
            ),
        );
        return Check::ok(NAME, group.name, found);
    }
    Check::warning(
        NAME,
        group.name,
        Text::new(
            format!("the function gets only lines that match {:?}", own.pattern),
            format!("{:?} に一致する行だけが関数に届きます", own.pattern),
        ),
        Text::new(
            "most rules count accepted flows too: empty the filter's pattern unless that is meant",
            "多くのルールは許可された通信も数えます。意図したものでなければ、パターンを空にしてください",
        ),
    )
}

/// Where the number of places comes from, unless the account told it.
fn note_on_slots(slots: &Known<Option<u64>>) -> Text {
    match slots {
        Ok(Some(_)) => Text::new("", ""),
        Ok(None) => Text::new(
            format!(" ({DOCUMENTED_SLOTS} is AWS's default; Service Quotas names no other)"),
            format!("({DOCUMENTED_SLOTS} は AWS の既定値です。Service Quotas に値がありません)"),
        ),
        Err(why) => Text::new(
            format!(
                " ({DOCUMENTED_SLOTS} is AWS's default; servicequotas:ListServiceQuotas would tell this account's: {why})"
            ),
            format!(
                "({DOCUMENTED_SLOTS} は AWS の既定値です。このアカウントの値を見るには servicequotas:ListServiceQuotas が必要です: {why})"
            ),
        ),
    }
}

/// Whether the function is subscribed to what it writes itself.
pub(crate) fn recursion(own: &LogGroup<'_>, function_arn: &str) -> Check {
    const NAME: &str = "recursion";
    let filters = match own.filters {
        Ok(filters) => filters,
        Err(why) => return Check::unseen(NAME, own.name, why, "logs:DescribeSubscriptionFilters"),
    };
    match LogGroup::of(filters, function_arn) {
        None => Check::ok(
            NAME,
            own.name,
            Text::new("the function does not read its own log", "関数は自身のログを読んでいません"),
        ),
        Some(filter) => {
            let unsubscribe = format!(
                "aws logs delete-subscription-filter --log-group-name={} --filter-name={}",
                quoted(own.name),
                quoted(&filter.name)
            );
            Check::failed(
                NAME,
                own.name,
                Text::new(
                    format!(
                        "`{}` sends the function what it writes itself; it refuses that, but each line is paid for",
                        filter.name
                    ),
                    format!(
                        "`{}` が関数自身のログを関数に送っています。関数は拒みますが、行ごとに費用がかかります",
                        filter.name
                    ),
                ),
                Text::new(unsubscribe.clone(), unsubscribe),
            )
        }
    }
}

/// When lines came last, in Unix seconds.
#[derive(Debug)]
pub(crate) struct Newest {
    /// Into the log group that is read.
    pub(crate) read: Known<Option<u64>>,
    /// Into the function's own, which it writes to at least once a minute while events come.
    pub(crate) own: Known<Option<u64>>,
}

/// Whether lines come, and the function runs.
pub(crate) fn delivery(group: &str, newest: &Newest, now: u64) -> Check {
    const NAME: &str = "delivery";
    let action = "logs:DescribeLogStreams, logs:FilterLogEvents";
    let (read, own) = match (&newest.read, &newest.own) {
        (Ok(read), Ok(own)) => (*read, *own),
        (Err(why), _) | (_, Err(why)) => return Check::unseen(NAME, group, why, action),
    };
    let tree = Text::new(
        "docs/operate.md, \"Why are there no logs?\", asks in order",
        "docs/ja/operate.md の「ログがないのはなぜか」の順に確かめてください",
    );
    let Some(read) = read else {
        let found = Text::new("no line has ever come", "まだ 1 行も届いていません");
        return Check::warning(NAME, group, found, tree);
    };
    let age = now.saturating_sub(read);
    let (english, japanese) = ages(age);
    if age > USUAL {
        let found =
            Text::new(format!("the last line came {english} ago"), format!("最後の行は{japanese}前です"));
        return Check::warning(NAME, group, found, tree);
    }
    if own.is_none_or(|own| own + USUAL < read) {
        return Check::failed(
            NAME,
            group,
            Text::new(
                format!("lines come, the last {english} ago, but the function has not run since"),
                format!("行は届いています(最後は{japanese}前)が、その後関数が動いていません"),
            ),
            Text::new(
                "see the function's Throttles and Errors, and whether its policy lets CloudWatch Logs invoke it",
                "関数の Throttles と Errors、CloudWatch Logs に呼び出しを許すポリシーを確認してください",
            ),
        );
    }
    let found = Text::new(
        format!("the last line came {english} ago, and the function runs"),
        format!("最後の行は{japanese}前で、関数は動いています"),
    );
    Check::ok(NAME, group, found)
}
