//! The ports of the pipeline on AWS: state in DynamoDB, messages to SNS, records back to Firehose and Kinesis streams,
//! undecodable events and definitions in S3, the formats of flow logs from EC2.
//!
//! With the feature `operate` also what an operator needs: failed events, the functions themselves, and a look at what
//! surrounds them.
//!
//! The only crate that knows the AWS SDK. It reads no environment, no clock, and knows nothing about detections: what
//! it needs comes as [`AwsAccess`], which the caller makes from a lookup of its own.

mod access;
#[cfg(feature = "operate")]
mod account;
mod account_flow_logs;
#[cfg(feature = "operate")]
mod call_error;
#[cfg(feature = "operate")]
mod deployed_function;
mod dynamo_store;
#[cfg(feature = "operate")]
mod failed_events;
mod failure_bucket;
#[cfg(test)]
mod fake_http;
#[cfg(test)]
mod fake_s3;
#[cfg(feature = "operate")]
mod kms_keys;
mod log_group;
#[cfg(feature = "operate")]
mod log_groups;
mod packing;
mod partition;
mod refusal;
mod roots;
mod s3_calls;
mod s3_files;
mod signed_calls;
mod sns;
mod stream_writer;
#[cfg(feature = "operate")]
mod topics;
mod wait;
mod watched;
mod xml;

pub use access::{AwsAccess, AwsAccessError, VARIABLES};
#[cfg(feature = "operate")]
pub use account::{Account, Identity};
pub use account_flow_logs::{AccountFlowLogs, FlowLogsError};
#[cfg(feature = "operate")]
pub use call_error::CallError;
#[cfg(feature = "operate")]
pub use deployed_function::{DeployedFunction, DeployedFunctionError, FunctionConfiguration};
pub use dynamo_store::{DynamoError, DynamoStore};
#[cfg(feature = "operate")]
pub use failed_events::{FailedEvent, FailedEvents, FailedEventsError};
pub use failure_bucket::{FailureBucket, FailureBucketError};
#[cfg(feature = "operate")]
pub use kms_keys::{KmsKey, KmsKeys};
pub use log_group::is_log_group_name;
#[cfg(feature = "operate")]
pub use log_groups::{LogGroups, MetricFilter, SubscriptionFilter};
pub use roots::CaBundleError;
pub use s3_files::{S3Files, S3FilesError, S3Kind, S3Uri, S3UriError};
pub use sns::{NotPublished, SnsNotifier, TopicArns};
pub use stream_writer::{NotPutBack, StreamWriter};
#[cfg(feature = "operate")]
pub use topics::{TopicState, Topics};
pub use watched::{Checked, FIRST_RETRY, Make, REFRESH, RETRY, Source, Watched, WatchedError};
