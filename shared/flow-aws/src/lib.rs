//! The ports of the pipeline on AWS: findings to SNS topics, undecodable events to an S3 bucket.
//!
//! The only crate that knows the AWS SDK. It reads no environment, no clock, and knows nothing about detections: what
//! it needs comes as [`AwsAccess`], which the caller makes from a lookup of its own.

mod access;
mod failure_bucket;
mod packing;
mod refusal;
mod sns;

pub use access::{AwsAccess, AwsAccessError, VARIABLES};
pub use failure_bucket::{FailureBucket, FailureBucketError};
pub use sns::{NotPublished, SnsNotifier, TopicArns};
