//! The ports of the pipeline on AWS: state in DynamoDB, messages to SNS, records back to Firehose and Kinesis streams,
//! undecodable events and definitions in S3.
//!
//! With the feature `operate` also what an operator needs: failed events, and the functions themselves.
//!
//! The only crate that knows the AWS SDK. It reads no environment, no clock, and knows nothing about detections: what
//! it needs comes as [`AwsAccess`], which the caller makes from a lookup of its own.

mod access;
#[cfg(feature = "operate")]
mod deployed_function;
mod dynamo_store;
#[cfg(feature = "operate")]
mod failed_events;
mod failure_bucket;
#[cfg(test)]
mod fake_s3;
mod packing;
mod refusal;
mod roots;
mod s3_files;
mod sns;
mod stream_writer;
mod wait;
mod watched;

pub use access::{AwsAccess, AwsAccessError, VARIABLES};
#[cfg(feature = "operate")]
pub use deployed_function::{DeployedFunction, DeployedFunctionError, FunctionConfiguration};
pub use dynamo_store::{DynamoError, DynamoStore};
#[cfg(feature = "operate")]
pub use failed_events::{FailedEvent, FailedEvents, FailedEventsError};
pub use failure_bucket::{FailureBucket, FailureBucketError};
pub use roots::CaBundleError;
pub use s3_files::{S3Files, S3FilesError, S3Kind, S3Uri, S3UriError};
pub use sns::{NotPublished, SnsNotifier, TopicArns};
pub use stream_writer::{NotPutBack, StreamWriter};
pub use watched::{Checked, FIRST_RETRY, Make, REFRESH, RETRY, Source, Watched, WatchedError};
