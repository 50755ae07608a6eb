//! The format in which lines are read, beside those in which flow logs write them.

use std::collections::BTreeSet;

use flow_record::RecordFormat;

use super::{Check, Known, Text};

const NAME: &str = "format";

/// The formats of a log group.
#[derive(Debug)]
pub(crate) struct Formats {
    /// What the settings say, if they do.
    pub(crate) chosen: Option<String>,
    /// Those of the flow logs that deliver to it.
    pub(crate) found: Known<BTreeSet<String>>,
}

impl Formats {
    /// The one in which lines are read, if that is plain: the chosen one, or that of all flow logs.
    pub(crate) fn one(&self) -> Option<RecordFormat> {
        let found = self.found.iter().flatten().filter_map(|format| format.parse().ok());
        let mut found: Vec<RecordFormat> = found.collect();
        found.dedup();
        let [found] = <[_; 1]>::try_from(found).map_or([None], |[format]| [Some(format)]);
        self.chosen.as_ref().map_or(found, |chosen| chosen.parse().ok())
    }
}

/// Whether lines are read in the format in which they are written.
pub(crate) fn format(group: &str, formats: &Formats) -> Check {
    let chosen = formats.chosen.as_deref().map(spelt);
    let written: BTreeSet<String> = match &formats.found {
        Ok(found) => found.iter().map(|format| spelt(format)).collect(),
        Err(why) => return Check::unseen(NAME, group, why, "ec2:DescribeFlowLogs"),
    };
    match &Vec::from_iter(written)[..] {
        [] => of_no_flow_log(group, chosen),
        [written] => of_one(group, written, chosen),
        written => of_several(group, written),
    }
}

/// A format as it is compared: two spellings of one are one.
fn spelt(format: &str) -> String {
    format.parse().map_or_else(|_| format.to_owned(), |format: RecordFormat| format.to_string())
}

fn of_no_flow_log(group: &str, chosen: Option<String>) -> Check {
    if let Some(chosen) = chosen {
        let found = format!("LogFormat: {chosen}");
        return Check::ok(NAME, group, Text::new(found.clone(), found));
    }
    Check::warning(
        NAME,
        group,
        Text::new(
            "no flow log of this account and region delivers here: lines are read in the default format",
            "このアカウントとリージョンには、ここに配信するフローログがありません。行はデフォルト形式として読まれます",
        ),
        Text::new(
            "set LogFormat to the format in which lines are written, wherever they come from",
            "行の形式を LogFormat に設定してください",
        ),
    )
}

fn of_one(group: &str, written: &str, chosen: Option<String>) -> Check {
    let Some(chosen) = chosen else {
        let found = Text::new(format!("of its flow logs: {written}"), format!("フローログの形式: {written}"));
        return Check::ok(NAME, group, found);
    };
    if written == chosen {
        let found = Text::new(
            format!("LogFormat is that of its flow logs: {chosen}"),
            format!("LogFormat はフローログと同じです: {chosen}"),
        );
        return Check::ok(NAME, group, found);
    }
    Check::failed(
        NAME,
        group,
        Text::new(
            format!("lines are read as {chosen}, and written as {written}"),
            format!("行は {chosen} として読まれますが、{written} で書かれています"),
        ),
        Text::new(
            "set LogFormat to the flow log's, or empty it",
            "LogFormat をフローログに合わせるか、空にしてください",
        ),
    )
}

fn of_several(group: &str, written: &[String]) -> Check {
    let (count, all) = (written.len(), written.join(" | "));
    Check::failed(
        NAME,
        group,
        Text::new(
            format!(
                "flow logs of {count} formats deliver here: {all}; lines of all but one are rejected or misread"
            ),
            format!(
                "{count} 種類の形式のフローログが配信しています: {all}。1 つを除き、行は拒まれるか読み違えられます"
            ),
        ),
        Text::new(
            "make the flow logs anew in one format, or let each format have a log group and a stack of its own",
            "フローログを 1 つの形式で作り直すか、形式ごとにロググループとスタックを分けてください",
        ),
    )
}
