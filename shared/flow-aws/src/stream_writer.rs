//! Records back into the Firehose or Kinesis stream that they came from.

use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_firehose::primitives::Blob;
use flow_pipeline::{PutBack, StreamEntry, StreamSource};
use tokio::time::{Instant, sleep};

use crate::access::AwsAccess;
use crate::packing::pack;
use crate::refusal::Refusal;
use crate::wait::wait_before;

/// The most entries of one call: `PutRecordBatch` and `PutRecords` take as many.
const MAX_ENTRIES: usize = 500;

/// The most bytes of one call: `PutRecordBatch` takes 4 MiB before base64, `PutRecords` 5 MiB with its partition keys.
const MAX_BYTES: usize = 4 << 20;

/// How often an entry is sent, the first time included.
const ROUNDS: u32 = 8;

/// No round is begun later than this after the first: Firehose waits five minutes for its function at most.
const TIME: Duration = Duration::from_secs(40);

/// An entry that a stream did not acknowledge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{stream_arn} did not take a record: {code}: {text}")]
pub struct NotPutBack {
    /// The stream.
    pub stream_arn: String,
    /// AWS's word for the reason, such as `ServiceUnavailableException`; `NoAnswer` when it was not reached;
    /// `NotAnswered` when its answer says nothing of the entry.
    pub code: String,
    /// The reason in a sentence.
    pub text: String,
}

/// Puts records back by `PutRecordBatch` and `PutRecords`. Clients are made when there is something to put back for the
/// first time, so that a function which never does pays for none.
///
/// An entry that the stream could not take is sent up to eight times, with growing random waits between, for 40 seconds;
/// after a call that fails as a whole, which the SDK has tried three times, no further one is begun.
#[derive(Debug)]
pub struct StreamWriter {
    access: AwsAccess,
    firehose: OnceLock<aws_sdk_firehose::Client>,
    kinesis: OnceLock<aws_sdk_kinesis::Client>,
}

/// Why one entry was not taken, as code and text; none when it was.
type Refused = Option<(String, String)>;

impl StreamWriter {
    /// Writes with this access.
    pub fn new(access: AwsAccess) -> Self {
        StreamWriter { access, firehose: OnceLock::new(), kinesis: OnceLock::new() }
    }

    /// Sends entries until each is taken, or tries or time are over.
    async fn send(
        &self,
        source: StreamSource<'_>,
        entries: &[StreamEntry],
        outcomes: &mut [Result<(), NotPutBack>],
        start: Instant,
    ) -> Result<(), Refusal> {
        let mut pending: Vec<usize> = (0..entries.len()).collect();
        for round in 0..ROUNDS {
            if round > 0 {
                sleep(wait_before(round)).await;
            }
            if pending.is_empty() || start.elapsed() > TIME {
                break;
            }
            let sent: Vec<&StreamEntry> = pending.iter().map(|place| &entries[*place]).collect();
            let answer = match source {
                StreamSource::Firehose(arn) => self.put_record_batch(arn, &sent).await?,
                StreamSource::Kinesis(arn) => self.put_records(arn, &sent).await?,
            };
            let mut answer = answer.into_iter();
            pending.retain(|place| {
                let silent = || Some(("NotAnswered".to_owned(), "its answer says nothing of it".to_owned()));
                let refused = answer.next().unwrap_or_else(silent);
                outcomes[*place] = match refused {
                    None => Ok(()),
                    Some((code, text)) => Err(not_put_back(source, code, text)),
                };
                outcomes[*place].is_err()
            });
        }
        Ok(())
    }

    async fn put_record_batch(&self, arn: &str, entries: &[&StreamEntry]) -> Result<Vec<Refused>, Refusal> {
        let record = |entry: &&StreamEntry| {
            let record = aws_sdk_firehose::types::Record::builder().data(Blob::new(entry.data.as_slice()));
            record.build().expect("its only part is there")
        };
        let client = self.firehose.get_or_init(|| self.access.firehose());
        // The name is what follows `deliverystream/`.
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let call = client.put_record_batch().delivery_stream_name(name);
        let call = call.set_records(Some(entries.iter().map(record).collect()));
        let answer = call.send().await.map_err(|error| Refusal::from(&error))?;
        let answers = answer.request_responses().iter();
        Ok(answers.map(|entry| refused(entry.error_code(), entry.error_message())).collect())
    }

    async fn put_records(&self, arn: &str, entries: &[&StreamEntry]) -> Result<Vec<Refused>, Refusal> {
        let record = |entry: &&StreamEntry| {
            // One without a key may go to any shard.
            let key = entry.partition_key.clone().unwrap_or_else(|| format!("{:x}", fastrand::u64(..)));
            let record = aws_sdk_kinesis::types::PutRecordsRequestEntry::builder();
            let record = record.data(Blob::new(entry.data.as_slice())).partition_key(key);
            record.build().expect("both its parts are there")
        };
        let client = self.kinesis.get_or_init(|| self.access.kinesis());
        let call = client.put_records().stream_arn(arn);
        let call = call.set_records(Some(entries.iter().map(record).collect()));
        let answer = call.send().await.map_err(|error| Refusal::from(&error))?;
        Ok(answer.records().iter().map(|entry| refused(entry.error_code(), entry.error_message())).collect())
    }
}

impl PutBack for StreamWriter {
    type Error = NotPutBack;

    async fn put_back(
        &self,
        source: StreamSource<'_>,
        entries: &[StreamEntry],
    ) -> Vec<Result<(), NotPutBack>> {
        let untried = not_put_back(source, "NotTried".to_owned(), "no time was left".to_owned());
        let mut outcomes = vec![Err(untried); entries.len()];
        let start = Instant::now();
        for run in runs(entries) {
            let rest = run.start;
            if let Err(Refusal { code, text }) =
                self.send(source, &entries[run.clone()], &mut outcomes[run], start).await
            {
                for outcome in outcomes[rest..].iter_mut().filter(|outcome| outcome.is_err()) {
                    *outcome = Err(not_put_back(source, code.clone(), text.clone()));
                }
                break;
            }
        }
        outcomes
    }
}

/// Cuts entries into runs that fit into one call each.
fn runs(entries: &[StreamEntry]) -> Vec<Range<usize>> {
    let size = |entry: &StreamEntry| entry.data.len() + entry.partition_key.as_ref().map_or(0, String::len);
    pack(entries.iter().map(size), MAX_ENTRIES, MAX_BYTES)
}

fn refused(code: Option<&str>, message: Option<&str>) -> Refused {
    code.map(|code| (code.to_owned(), message.unwrap_or_default().to_owned()))
}

fn not_put_back(source: StreamSource<'_>, code: String, text: String) -> NotPutBack {
    let (StreamSource::Firehose(arn) | StreamSource::Kinesis(arn)) = source;
    NotPutBack { stream_arn: arn.to_owned(), code, text }
}

#[cfg(test)]
mod tests;
