//! Which messages go out together: `PublishBatch` takes at most ten, and 256 KiB of them.

use std::ops::Range;

use flow_output::{MAX_MESSAGE, Message};

/// The most entries of one `PublishBatch`, from the SNS API reference.
const MAX_ENTRIES: usize = 10;

/// Cuts messages into runs that fit into one call each. A message that is too large by itself has a run of its own:
/// SNS refuses it by name.
pub(crate) fn pack(messages: &[Message]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (index, message) in messages.iter().enumerate() {
        let size = message.size() + message.subject.len();
        match runs.last_mut() {
            Some(run) if run.len() < MAX_ENTRIES && bytes + size <= MAX_MESSAGE => {
                run.end = index + 1;
                bytes += size;
            }
            _ => {
                runs.push(index..index + 1);
                bytes = size;
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(sizes: &[usize]) -> Vec<Message> {
        let message = |size: &usize| Message {
            subject: String::new(),
            body: "x".repeat(*size),
            is_per_protocol: false,
            attributes: Vec::new(),
        };
        sizes.iter().map(message).collect()
    }

    #[test]
    fn tens_and_256_kib() {
        assert!(pack(&[]).is_empty());
        assert_eq!(pack(&messages(&[1; 21])), [0..10, 10..20, 20..21]);
        let half = MAX_MESSAGE / 2;
        assert_eq!(pack(&messages(&[half, half, 1, half, half])), [0..2, 2..4, 4..5]);
        assert_eq!(pack(&messages(&[1, MAX_MESSAGE + 1, 1])), [0..1, 1..2, 2..3]);
    }
}
