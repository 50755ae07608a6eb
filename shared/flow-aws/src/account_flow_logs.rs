//! The flow logs of an account and region, as EC2 lists them.

use std::collections::BTreeSet;
use std::error::Error;
use std::time::Duration;

use aws_smithy_xml::decode::ScopedDecoder;
use flow_pipeline::{FlowLogs, FormatsOfGroup};
use tokio::time::timeout;

use crate::access::AwsAccess;
use crate::log_group::is_log_group_name;
use crate::refusal::Refusal;
use crate::signed_calls::{EC2, SignedCalls};
use crate::xml::{self, XmlError};

/// Flow logs of one page: EC2 gives up to 1000, but an answer is bounded.
const PAGE: &str = "200";

/// The most pages: 5000 flow logs that deliver to one log group.
const MAX_PAGES: usize = 25;

/// The most formats of one log group; two are too many already.
const MAX_FORMATS: usize = 16;

/// The most bytes of a format: all fields that AWS has take a fifth of it.
const MAX_FORMAT: usize = 8192;

/// All pages come within this time, or there is no answer.
const TIME: Duration = Duration::from_secs(2);

/// AWS's default format, which a flow log has that says none.
const DEFAULT_FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
     ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// Asks EC2's `DescribeFlowLogs` for the flow logs that deliver to a log group.
#[derive(Debug)]
pub struct AccountFlowLogs {
    calls: SignedCalls,
}

/// EC2 did not list flow logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowLogsError {
    /// It refused, or was not reached.
    #[error("EC2 DescribeFlowLogs: {code}: {text}")]
    Refused {
        /// EC2's word for the reason, such as `UnauthorizedOperation`; `NoAnswer` when it was not reached.
        code: String,
        /// The reason in a sentence.
        text: String,
    },
    /// What it says can't be read.
    #[error("EC2 DescribeFlowLogs: the answer can't be read: {reason}")]
    Unreadable {
        /// Where and why.
        reason: String,
    },
    /// There are too many.
    #[error("EC2 DescribeFlowLogs: expected at most {MAX_PAGES} pages, found more")]
    TooMany,
}

/// One page of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    formats: BTreeSet<String>,
    next: Option<String>,
}

/// A flow log, as far as it matters.
#[derive(Debug, Default)]
struct FlowLog {
    log_group: String,
    format: Option<String>,
}

impl AccountFlowLogs {
    /// Those of the account and region of `access`.
    pub fn new(access: AwsAccess) -> Self {
        AccountFlowLogs { calls: SignedCalls::new(access, EC2) }
    }

    /// The formats of the flow logs that deliver to `log_group`; `now` is the clock in Unix seconds.
    pub async fn formats(&self, log_group: &str, now: u64) -> Result<BTreeSet<String>, FlowLogsError> {
        let all = self.all_pages(log_group, now);
        let late = || FlowLogsError::Refused {
            code: "NoAnswer".to_owned(),
            text: format!("not all pages within {} s", TIME.as_secs()),
        };
        timeout(TIME, all).await.unwrap_or_else(|_| Err(late()))
    }

    async fn all_pages(&self, log_group: &str, now: u64) -> Result<BTreeSet<String>, FlowLogsError> {
        let mut formats = BTreeSet::new();
        // EC2 takes `*` and `?` in a filter for anything: no log group has them in its name.
        if !is_log_group_name(log_group) {
            return Ok(formats);
        }
        let mut next: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut parameters = vec![
                ("Filter.1.Name", "log-group-name"),
                ("Filter.1.Value.1", log_group),
                ("MaxResults", PAGE),
            ];
            parameters.extend(next.as_deref().map(|token| ("NextToken", token)));
            let answer = self.calls.query("DescribeFlowLogs", &parameters, now).await?;
            let page = read(&answer, log_group)
                .map_err(|error| FlowLogsError::Unreadable { reason: error.to_string() })?;
            formats.extend(page.formats);
            next = page.next;
            if next.is_none() || formats.len() >= MAX_FORMATS {
                return Ok(formats);
            }
        }
        Err(FlowLogsError::TooMany)
    }
}

impl FlowLogs for AccountFlowLogs {
    fn formats_of<'a>(&'a self, log_group: &'a str, now: u64) -> FormatsOfGroup<'a> {
        Box::pin(async move {
            self.formats(log_group, now)
                .await
                .map_err(|error| -> Box<dyn Error + Send + Sync> { error.into() })
        })
    }
}

impl From<Refusal> for FlowLogsError {
    fn from(Refusal { code, text }: Refusal) -> Self {
        // What follows is long, different each time, and only AWS can read it.
        let text = text.split(" Encoded authorization failure message").next().unwrap_or_default().to_owned();
        FlowLogsError::Refused { code, text }
    }
}

/// Reads a page; of its flow logs those count that deliver to `log_group`.
fn read(answer: &str, log_group: &str) -> Result<Page, XmlError> {
    let mut page = Page::default();
    xml::read(answer, "DescribeFlowLogsResponse", |name, element| {
        match name {
            "flowLogSet" => xml::each(element, |name, item| {
                let flow_log = if name == "item" { flow_log(item)? } else { FlowLog::default() };
                if flow_log.log_group == log_group && page.formats.len() < MAX_FORMATS {
                    page.formats.insert(flow_log.format.unwrap_or_else(|| DEFAULT_FORMAT.to_owned()));
                }
                Ok(())
            })?,
            "nextToken" => page.next = Some(xml::text(element)?).filter(|token| !token.is_empty()),
            _ => {}
        }
        Ok(())
    })?;
    Ok(page)
}

fn flow_log(item: &mut ScopedDecoder<'_, '_>) -> Result<FlowLog, XmlError> {
    let mut flow_log = FlowLog::default();
    xml::each(item, |name, element| {
        match name {
            "logGroupName" => flow_log.log_group = xml::text(element)?,
            "logFormat" => {
                let format = xml::text(element)?;
                if format.len() > MAX_FORMAT {
                    let found = format.len();
                    return Err(XmlError::new(
                        name,
                        format!("expected at most {MAX_FORMAT} bytes, found {found}"),
                    ));
                }
                flow_log.format = Some(format).filter(|format| !format.is_empty());
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(flow_log)
}

#[cfg(test)]
mod tests;
