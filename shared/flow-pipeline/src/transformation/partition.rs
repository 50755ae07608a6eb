//! The partition of a record: Firehose gives one to each, so only what is constant in its message can make it.

use flow_enrich::Origin;
use flow_envelope::PartitionKeys;
use flow_record::{Field, FlowRecord};
use jiff::Timestamp;

/// One key for dynamic partitioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionKey {
    /// The account that owns the log.
    Account,
    /// The Region of the log, else that of the stream.
    Region,
    /// The log group, `/` and other characters that a path has no place for written as `_`.
    LogGroup,
    /// The network interface: what the log stream's name begins with, else that of the first record.
    Interface,
    /// The hour of the earliest event, or of the earliest start where lines come without events, in UTC: `2023-02-13-20`.
    /// Later ones may lie beyond it.
    Hour,
}

impl PartitionKey {
    /// All of them.
    pub const ALL: [PartitionKey; 5] = [
        PartitionKey::Account,
        PartitionKey::Region,
        PartitionKey::LogGroup,
        PartitionKey::Interface,
        PartitionKey::Hour,
    ];

    /// The name in settings and in the answer.
    pub fn name(self) -> &'static str {
        match self {
            PartitionKey::Account => "account",
            PartitionKey::Region => "region",
            PartitionKey::LogGroup => "log_group",
            PartitionKey::Interface => "interface",
            PartitionKey::Hour => "hour",
        }
    }

    fn value(self, first: &First<'_>) -> Option<String> {
        let field = |field| first.record.and_then(|record| record.text(field));
        let text = match self {
            PartitionKey::Account => first.origin.account.or_else(|| field(Field::AccountId)),
            PartitionKey::Region => {
                first.origin.region.or_else(|| field(Field::Region)).or(first.stream_region)
            }
            PartitionKey::LogGroup => first.origin.log_group.map(|group| group.trim_start_matches('/')),
            PartitionKey::Interface => {
                first.origin.log_stream.and_then(interface_of).or_else(|| field(Field::InterfaceId))
            }
            PartitionKey::Hour => return first.hour(),
        };
        text.map(path_part).filter(|text| !text.is_empty())
    }
}

/// What the first line of a record says.
pub(super) struct First<'a> {
    pub origin: Origin<'a>,
    pub record: Option<&'a FlowRecord<'a>>,
    pub stream_region: Option<&'a str>,
}

impl First<'_> {
    fn hour(&self) -> Option<String> {
        let seconds = self.origin.timestamp?.div_euclid(1000);
        Some(Timestamp::from_second(seconds).ok()?.strftime("%Y-%m-%d-%H").to_string())
    }
}

/// The value of what is not known: Firehose delivers no record that lacks a key.
const UNKNOWN: &str = "unknown";

/// The keys of the record that begins with `first`.
pub(super) fn partition(keys: &[PartitionKey], first: &First<'_>) -> PartitionKeys {
    let value = |key: &PartitionKey| key.value(first).unwrap_or_else(|| UNKNOWN.to_owned());
    keys.iter().map(|key| (key.name(), value(key))).collect()
}

/// The interface that a log stream of VPC Flow Logs names: `eni-0123-all`.
fn interface_of(log_stream: &str) -> Option<&str> {
    let is_hex = |byte: u8| byte.is_ascii_hexdigit();
    let id = log_stream.strip_prefix("eni-")?;
    let length = id.bytes().take_while(|byte| is_hex(*byte)).count();
    (length > 0).then(|| &log_stream[.."eni-".len() + length])
}

/// At most this many bytes of a name become part of a path: S3 allows 1,024 for a whole key.
const MAX_PART: usize = 128;

fn path_part(text: &str) -> String {
    let is_safe = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let safe = text
        .chars()
        .take(MAX_PART)
        .map(|letter| if is_safe(letter) { letter } else { '_' })
        .collect::<String>();
    // `.` and `..` are no names.
    if safe.bytes().all(|byte| byte == b'.') { "_".repeat(safe.len()) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_message() {
        let origin = Origin {
            account: Some("123456789012"),
            log_group: Some("/vpc/flow logs"),
            log_stream: Some("eni-0a1b-all"),
            timestamp: Some(1_676_321_508_000),
            ..Origin::default()
        };
        let first = First { origin, record: None, stream_region: Some("eu-west-1") };
        let keys = partition(&PartitionKey::ALL, &first);
        let shown: Vec<_> = keys.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected = [
            "account=123456789012",
            "region=eu-west-1",
            "log_group=vpc_flow_logs",
            "interface=eni-0a1b",
            "hour=2023-02-13-20",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_not_known_is_unknown_and_no_name_leaves_its_folder() {
        let first = First { origin: Origin::default(), record: None, stream_region: None };
        assert!(partition(&PartitionKey::ALL, &first).iter().all(|(_, value)| value == UNKNOWN));
        assert_eq!(path_part("../a\u{202e}"), ".._a_");
        assert_eq!(path_part(".."), "__");
    }
}
