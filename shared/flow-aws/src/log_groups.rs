//! Log groups as an operator looks at them: who is subscribed, when a line came last, and a line of one's own.

use serde_json::{Value, json};

use crate::access::AwsAccess;
use crate::call_error::CallError;
use crate::signed_calls::{LOGS, SERVICE_QUOTAS, SignedCalls};

/// The most pages of one list.
const MAX_PAGES: usize = 20;

/// CloudWatch Logs, as the credentials open it.
#[derive(Debug)]
pub struct LogGroups {
    logs: SignedCalls,
    quotas: SignedCalls,
}

/// A subscription filter of a log group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriptionFilter {
    /// Its name.
    pub name: String,
    /// The ARN of who gets the lines.
    pub destination: String,
    /// Which lines; empty for all.
    pub pattern: String,
}

/// A metric filter of a log group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricFilter {
    /// Its name.
    pub name: String,
    /// Which lines it counts.
    pub pattern: String,
    /// The names of the metrics that it writes.
    pub metrics: Vec<String>,
}

impl LogGroups {
    /// Those of the account and region of `access`.
    pub fn new(access: AwsAccess) -> Self {
        LogGroups {
            logs: SignedCalls::new(access.clone(), LOGS),
            quotas: SignedCalls::new(access, SERVICE_QUOTAS),
        }
    }

    /// The subscription filters of a log group; `now` is the clock in Unix seconds.
    pub async fn subscription_filters(
        &self,
        log_group: &str,
        now: u64,
    ) -> Result<Vec<SubscriptionFilter>, CallError> {
        const CALL: &str = "CloudWatch Logs DescribeSubscriptionFilters";
        let found = self.listed(CALL, "logGroupName", log_group, "subscriptionFilters", now).await?;
        let text = |filter: &Value, key: &str| filter[key].as_str().unwrap_or_default().to_owned();
        let filter = |found: &Value| SubscriptionFilter {
            name: text(found, "filterName"),
            destination: text(found, "destinationArn"),
            pattern: text(found, "filterPattern"),
        };
        Ok(found.iter().map(filter).collect())
    }

    /// The metric filters of a log group: the first page of them, of fifty.
    pub async fn metric_filters(&self, log_group: &str, now: u64) -> Result<Vec<MetricFilter>, CallError> {
        const CALL: &str = "CloudWatch Logs DescribeMetricFilters";
        let found = self.listed(CALL, "logGroupName", log_group, "metricFilters", now).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metrics = |filter: &Value| {
            let metrics = filter["metricTransformations"].as_array().into_iter().flatten();
            metrics.map(|metric| text(&metric["metricName"])).collect()
        };
        let filter = |filter: &Value| MetricFilter {
            name: text(&filter["filterName"]),
            pattern: text(&filter["filterPattern"]),
            metrics: metrics(filter),
        };
        Ok(found.iter().map(filter).collect())
    }

    /// The ARN of the key with which a log group is encrypted, if it names one.
    pub async fn key(&self, log_group: &str, now: u64) -> Result<Option<String>, CallError> {
        const CALL: &str = "CloudWatch Logs DescribeLogGroups";
        // They come in the order of their names: the one whose name is the prefix is on the first page.
        let groups = self.listed(CALL, "logGroupNamePrefix", log_group, "logGroups", now).await?;
        let group = groups.iter().find(|group| group["logGroupName"] == log_group);
        Ok(group.and_then(|group| group["kmsKeyId"].as_str()).map(str::to_owned))
    }

    /// The first page of `list` in the answer to `call` for the log group, which is its `parameter`.
    async fn listed(
        &self,
        call: &'static str,
        parameter: &str,
        log_group: &str,
        list: &str,
        now: u64,
    ) -> Result<Vec<Value>, CallError> {
        let operation = call.trim_start_matches("CloudWatch Logs ");
        let answer = self.logs.json(operation, json!({ parameter: log_group }), now).await;
        let mut answer = answer.map_err(|refusal| CallError::new(call, log_group, refusal))?;
        match answer.get_mut(list).map(Value::take) {
            Some(Value::Array(found)) => Ok(found),
            _ => Err(CallError::unreadable(call, log_group, format_args!("no {list}"))),
        }
    }

    /// How many subscription filters a log group takes, as Service Quotas says it; none when it names no such quota.
    pub async fn filter_slots(&self, now: u64) -> Result<Option<u64>, CallError> {
        const CALL: &str = "Service Quotas ListServiceQuotas";
        let failed = |refusal| CallError::new(CALL, "logs", refusal);
        let mut next = Value::Null;
        for _ in 0..MAX_PAGES {
            let mut body = json!({ "ServiceCode": "logs", "MaxResults": 100 });
            if !next.is_null() {
                body["NextToken"] = next;
            }
            let calls = &self.quotas;
            let mut answer = calls.json("ListServiceQuotas", body, now).await.map_err(failed)?;
            let quotas = answer["Quotas"].as_array().cloned().unwrap_or_default();
            let is_wanted = |quota: &&Value| {
                quota["QuotaName"]
                    .as_str()
                    .is_some_and(|name| name.to_lowercase().contains("subscription filters"))
            };
            if let Some(quota) = quotas.iter().find(is_wanted) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a small number; no sign"
                )]
                return Ok(quota["Value"].as_f64().map(|value| value as u64));
            }
            next = answer["NextToken"].take();
            if next.is_null() {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// When the newest line of a log group was written, in Unix seconds, if it ever had one. AWS updates it within an hour:
    /// [`has_lines_since`](Self::has_lines_since) knows of lines at once.
    pub async fn newest_line(&self, log_group: &str, now: u64) -> Result<Option<u64>, CallError> {
        const CALL: &str = "CloudWatch Logs DescribeLogStreams";
        let body =
            json!({ "logGroupName": log_group, "orderBy": "LastEventTime", "descending": true, "limit": 1 });
        let calls = &self.logs;
        let answer = calls.json("DescribeLogStreams", body, now).await;
        let answer = answer.map_err(|refusal| CallError::new(CALL, log_group, refusal))?;
        let streams = answer["logStreams"].as_array();
        let streams = streams.ok_or_else(|| CallError::unreadable(CALL, log_group, "no logStreams"))?;
        Ok(streams.first().and_then(|stream| stream["lastEventTimestamp"].as_u64()).map(|time| time / 1000))
    }

    /// Whether a log group has a line of `since`, in Unix seconds, or later.
    pub async fn has_lines_since(&self, log_group: &str, since: u64, now: u64) -> Result<bool, CallError> {
        const CALL: &str = "CloudWatch Logs FilterLogEvents";
        let mut body =
            json!({ "logGroupName": log_group, "startTime": since.saturating_mul(1000), "limit": 1 });
        for _ in 0..MAX_PAGES {
            let calls = &self.logs;
            let answer = calls.json("FilterLogEvents", body.clone(), now).await;
            let mut answer = answer.map_err(|refusal| CallError::new(CALL, log_group, refusal))?;
            if answer["events"].as_array().is_some_and(|events| !events.is_empty()) {
                return Ok(true);
            }
            // A page without events is not yet the end.
            body["nextToken"] = answer["nextToken"].take();
            if body["nextToken"].is_null() {
                break;
            }
        }
        Ok(false)
    }

    /// Writes lines of `now` into a new log stream.
    pub async fn write(
        &self,
        log_group: &str,
        log_stream: &str,
        lines: &[String],
        now: u64,
    ) -> Result<(), CallError> {
        let place = json!({ "logGroupName": log_group, "logStreamName": log_stream });
        let calls = &self.logs;
        let made = calls.json("CreateLogStream", place.clone(), now).await;
        made.map_err(|refusal| CallError::new("CloudWatch Logs CreateLogStream", log_group, refusal))?;
        let event = |line: &String| json!({ "timestamp": now.saturating_mul(1000), "message": line });
        let mut body = place;
        body["logEvents"] = lines.iter().map(event).collect();
        let written = calls.json("PutLogEvents", body, now).await;
        written.map_err(|refusal| CallError::new("CloudWatch Logs PutLogEvents", log_group, refusal))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_http;

    async fn groups(answers: &[(u16, Value)]) -> (LogGroups, fake_http::Asked) {
        let answers = answers.iter().map(|(status, body)| (*status, body.to_string())).collect();
        let (access, asked) = fake_http::start(answers).await;
        (LogGroups::new(access), asked)
    }

    #[tokio::test]
    async fn filters_are_listed_and_refusals_told() {
        let one = json!({ "filterName": "f", "destinationArn": "arn", "filterPattern": "" });
        let refused = json!({ "__type": "com.amazon#ResourceNotFoundException", "message": "no such group" });
        let (groups, asked) =
            groups(&[(200, json!({ "subscriptionFilters": [one] })), (400, refused), (200, json!([]))]).await;
        let filters = groups.subscription_filters("/vpc", 0).await.unwrap();
        let (name, destination) = ("f".to_owned(), "arn".to_owned());
        assert_eq!(filters, [SubscriptionFilter { name, destination, pattern: String::new() }]);
        let request = &asked.all()[0];
        assert!(request.contains("x-amz-target: Logs_20140328.DescribeSubscriptionFilters\r\n"), "{request}");
        assert!(request.ends_with(r#"{"logGroupName":"/vpc"}"#), "{request}");
        let call = "CloudWatch Logs DescribeSubscriptionFilters of /vpc: ";
        for expected in
            ["ResourceNotFoundException: no such group", "Unreadable: the answer has no subscriptionFilters"]
        {
            let error = groups.subscription_filters("/vpc", 0).await.unwrap_err().to_string();
            assert_eq!(error, format!("{call}{expected}"));
        }
    }

    #[tokio::test]
    async fn metric_filters_are_listed_with_their_metrics() {
        let one = json!({
            "filterName": "f", "filterPattern": "[a]",
            "metricTransformations": [{ "metricName": "Pings", "metricNamespace": "N", "metricValue": "1" }],
        });
        let answers = [(200, json!({ "metricFilters": [one, {}] })), (200, json!({}))];
        let (groups, _) = groups(&answers).await;
        let filters = groups.metric_filters("/vpc", 0).await.unwrap();
        let (name, pattern, metrics) = ("f".to_owned(), "[a]".to_owned(), vec!["Pings".to_owned()]);
        assert_eq!(filters, [MetricFilter { name, pattern, metrics }, MetricFilter::default()]);
        assert_eq!(groups.metric_filters("/vpc", 0).await.unwrap_err().code, "Unreadable");
    }

    #[tokio::test]
    async fn the_key_is_that_of_the_group_of_this_very_name() {
        let group = |name: &str, key: &str| json!({ "logGroupName": name, "kmsKeyId": key });
        let both =
            json!({ "logGroups": [{ "logGroupName": "/vp" }, group("/vpc", "a"), group("/vpc2", "b")] });
        let (groups, asked) = groups(&[
            (200, both),
            (200, json!({ "logGroups": [{ "logGroupName": "/vpc" }, group("/vpc2", "b")] })),
            (200, json!({})),
        ])
        .await;
        assert_eq!(groups.key("/vpc", 0).await, Ok(Some("a".to_owned())));
        assert_eq!(groups.key("/vpc", 0).await, Ok(None));
        assert_eq!(groups.key("/vpc", 0).await.unwrap_err().code, "Unreadable");
        assert!(asked.all()[0].ends_with(r#"{"logGroupNamePrefix":"/vpc"}"#));
    }

    #[tokio::test]
    async fn the_quota_is_found_on_any_page() {
        let first = json!({ "Quotas": [{ "QuotaName": "Log groups", "Value": 9.0 }], "NextToken": "t" });
        let second =
            json!({ "Quotas": [{ "QuotaName": "Subscription filters per log group", "Value": 2.0 }] });
        let (groups, asked) = groups(&[(200, first), (200, second), (200, json!({ "Quotas": [] }))]).await;
        assert_eq!(groups.filter_slots(0).await, Ok(Some(2)));
        assert!(asked.all()[1].contains(r#""NextToken":"t""#));
        assert_eq!(groups.filter_slots(0).await, Ok(None));
    }

    #[tokio::test]
    async fn lines_are_looked_for_beyond_empty_pages() {
        let empty = json!({ "events": [], "nextToken": "t" });
        let (groups, _) =
            groups(&[(200, empty), (200, json!({ "events": [{}] })), (200, json!({ "events": [] }))]).await;
        assert_eq!(groups.has_lines_since("/vpc", 5, 10).await, Ok(true));
        assert_eq!(groups.has_lines_since("/vpc", 5, 10).await, Ok(false));
    }

    #[tokio::test]
    async fn the_newest_line_is_that_of_the_first_stream() {
        let streams = json!({ "logStreams": [{ "lastEventTimestamp": 1_700_000_000_123_u64 }] });
        let answers =
            [(200, streams), (200, json!({ "logStreams": [{}] })), (200, json!({ "logStreams": [] }))];
        let (groups, _) = groups(&answers).await;
        assert_eq!(groups.newest_line("/vpc", 0).await, Ok(Some(1_700_000_000)));
        assert_eq!(groups.newest_line("/vpc", 0).await, Ok(None));
        assert_eq!(groups.newest_line("/vpc", 0).await, Ok(None));
    }

    #[tokio::test]
    async fn lines_are_written_into_a_stream_of_their_own() {
        let (groups, asked) = groups(&[(200, Value::Null), (200, json!({}))]).await;
        groups.write("/vpc", "try", &["a".to_owned(), "b".to_owned()], 7).await.unwrap();
        let asked = asked.all();
        assert!(asked[0].ends_with(r#"{"logGroupName":"/vpc","logStreamName":"try"}"#), "{}", asked[0]);
        let events = r#""logEvents":[{"timestamp":7000,"message":"a"},{"timestamp":7000,"message":"b"}]}"#;
        assert!(asked[1].ends_with(events), "{}", asked[1]);
    }
}
