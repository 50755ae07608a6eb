//! Lines and events that the cases share.

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder, subscription_event};
use flow_testkit::Flow;

/// A time at which panes and windows of every usual length begin.
pub(crate) const NOON: u64 = 1_700_006_400;

/// The lines of `stream` come from an interface of the same account as [`Flow`]'s.
pub(crate) fn stream(log_group: &str) -> LogStream<'_> {
    LogStream {
        owner: "123456789012",
        log_group,
        log_stream: "eni-0a1b2c3d4e5f60718-all",
        subscription_filter: "flowgauge",
    }
}

/// An accepted flow of the web.
pub(crate) fn good_line() -> String {
    Flow::tcp("203.0.113.9", 50000, "10.0.0.5", 443).at(NOON).line()
}

/// Refused tries of one source to reach SSH, one at each time.
pub(crate) fn tries(times: impl IntoIterator<Item = u64>) -> Vec<String> {
    let at = |time| Flow::tcp("198.51.100.7", 40000, "10.0.0.5", 22).rejected().at(time).line();
    times.into_iter().map(at).collect()
}

/// Lines, each with its end.
pub(crate) fn joined(lines: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    lines.iter().for_each(|line| text.extend([line.as_ref(), "\n"]));
    text
}

/// One CloudWatch Logs message of these lines, as JSON.
pub(crate) fn message(lines: &[impl AsRef<str>]) -> Vec<u8> {
    let lines: Vec<_> = lines.iter().map(|line| (1_700_000_060_000, line)).collect();
    SubscriptionEncoder::new(stream("/aws/vpc/flowlogs"), EncodeLimits::default()).encode_message(&lines)
}

/// One subscription event of these lines, as JSON.
pub(crate) fn event(lines: &[impl AsRef<str>]) -> String {
    subscription_event(&message(lines))
}

/// A gibibyte of zeros as one gzip member of a mebibyte.
pub(crate) static ZIPPED_ZEROS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    let zeros = vec![0; 1 << 20];
    (0..1024).for_each(|_| encoder.write_all(&zeros).unwrap());
    encoder.finish().unwrap()
});

/// Bytes that look random and are always the same (`SplitMix64`).
pub(crate) fn noise(mut seed: u64, length: usize) -> Vec<u8> {
    let next = || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(length).collect()
}
