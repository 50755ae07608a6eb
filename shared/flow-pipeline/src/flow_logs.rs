//! The port to what AWS knows of the flow logs that deliver to a log group.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::pin::Pin;

/// What [`FlowLogs::formats_of`] gives: formats, each as EC2 spells it, or why there is no answer.
pub type FormatsOfGroup<'a> =
    Pin<Box<dyn Future<Output = Result<BTreeSet<String>, Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// The flow logs of one account and region.
///
/// # Contract
///
/// - The answer holds the format of every flow log that delivers to the log group, as `${version} ${account-id} ...`; it
///   is empty when none does.
/// - It comes within two seconds, or is an error: an event waits for it.
/// - Tries are not repeated: whoever asks comes again.
pub trait FlowLogs: fmt::Debug + Send + Sync {
    /// The formats of the flow logs that deliver to `log_group`; `now` is the clock in Unix seconds.
    fn formats_of<'a>(&'a self, log_group: &'a str, now: u64) -> FormatsOfGroup<'a>;
}
