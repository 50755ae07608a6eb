//! What is measured: events of generated traffic, the same from the same seed.

use flow_envelope::encode::{EncodeLimits, LogStream, SubscriptionEncoder, firehose_event, gzip};
use flow_generate::{Batch, Batches, Settings, Traffic};
use flow_record::{RecordFormat, VPC_DEFAULT, VPC_V5};

use crate::firehose::Firehose;

/// When a batch arrives after its last record, in seconds.
const DELIVERY: u64 = 60;

/// The most bytes of an event that Lambda takes when it is invoked asynchronously, as CloudWatch Logs does.
const MOST_BYTES: usize = 1 << 20;

/// Records of a message in a Firehose event, and the most messages: fewer where an answer has room for fewer.
const MESSAGE: usize = 1000;
const MESSAGES: usize = 10;

const LOG_GROUP: &str = "/aws/vpc/flowlogs";

/// Events of one size and format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The format of its lines, as the product's settings take it.
    pub format: String,
    /// The events, each with the Unix second in which it arrives; no two are alike.
    pub events: Vec<(String, u64)>,
    /// How many records they hold in all.
    pub records: usize,
}

impl Scene {
    /// The names of those of which the targets speak.
    pub const NAMES: [&str; 7] =
        ["default", "v5", "default-50", "v5-50", "largest", "firehose-default", "firehose-v5"];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "default" => Scene::subscription(VPC_DEFAULT, 10_000, 4),
            "v5" => Scene::subscription(VPC_V5, 10_000, 4),
            "default-50" => Scene::subscription(VPC_DEFAULT, 50, 800),
            "v5-50" => Scene::subscription(VPC_V5, 50, 800),
            "largest" => Scene::largest(),
            "firehose-default" => Scene::firehose(VPC_DEFAULT),
            "firehose-v5" => Scene::firehose(VPC_V5),
            _ => return None,
        })
    }

    /// `number` subscription events of `size` records of one interface each.
    ///
    /// A network of a dozen interfaces, as busy as it must be for its batches to be of that size.
    pub fn subscription(format: &str, size: usize, number: usize) -> Self {
        let events = batches(format, size, number);
        let events = events.map(|batch| (subscription_event(&batch), batch.end + DELIVERY));
        Scene { format: format.to_owned(), events: events.collect(), records: size * number }
    }

    /// One event of `size` records in AWS's default format that no built-in rule looks at: answers of a web server inside.
    pub fn quiet(size: usize) -> Self {
        let line = |place: usize| {
            let start = 1_767_603_600 + place as u64 % 60;
            let (host, port) = (place % 200 + 10, 32_768 + place % 20_000);
            let line = format!(
                "2 123456789012 eni-0123456789abcdef0 10.0.0.5 10.0.1.{host} 443 {port} 6 10 5000 {start} {} ACCEPT OK",
                start + 59
            );
            (start.cast_signed() * 1000, line)
        };
        let lines: Vec<(i64, String)> = (0..size).map(line).collect();
        let stream = LogStream {
            owner: "123456789012",
            log_group: LOG_GROUP,
            log_stream: "eni-0123456789abcdef0-all",
            subscription_filter: "flowgauge",
        };
        let events = vec![(in_one_event(stream, &lines), 1_767_603_720)];
        Scene { format: VPC_DEFAULT.to_owned(), events, records: size }
    }

    /// One event in AWS's default format, as large as Lambda takes.
    fn largest() -> Self {
        let mut batch = batches(VPC_DEFAULT, 40_000, 1).next().expect("traffic has no end");
        loop {
            let event = subscription_event(&batch);
            let records = batch.lines.len();
            if event.len() <= MOST_BYTES {
                let events = vec![(event, batch.end + DELIVERY)];
                return Scene { format: VPC_DEFAULT.to_owned(), events, records };
            }
            // As much as is too much, and a little more.
            batch.lines.truncate(records * MOST_BYTES / event.len() - records / 1000);
        }
    }

    /// One Firehose event of as many messages of one interface each as an answer has room for.
    fn firehose(format: &str) -> Self {
        let mut messages: Vec<Vec<u8>> = batches(format, MESSAGE, MESSAGES).map(|b| message(&b)).collect();
        let path = Firehose::new(format);
        loop {
            let records: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
            let event = firehose_event(&records);
            if path.takes(&event) {
                let records = messages.len() * MESSAGE;
                return Scene { format: format.to_owned(), events: vec![(event, 0)], records };
            }
            messages.pop().expect("an answer takes one message");
        }
    }
}

/// Full batches only.
fn batches(format: &str, size: usize, number: usize) -> impl Iterator<Item = Batch> {
    let settings = Settings { seed: 1, activity: (size as f64 / 50.0).max(1.0), ..Settings::default() };
    let format: RecordFormat = format.parse().expect("a known format");
    Batches::new(Traffic::new(&settings), format, size, u64::MAX).take(number)
}

fn subscription_event(batch: &Batch) -> String {
    in_one_event(batch.interface.stream(LOG_GROUP), &batch.lines)
}

/// However many lines there are.
fn in_one_event(stream: LogStream<'_>, lines: &[(i64, String)]) -> String {
    let limits = EncodeLimits { event_bytes: usize::MAX, events: usize::MAX, message_bytes: usize::MAX };
    let events = SubscriptionEncoder::new(stream, limits).encode(lines);
    events.ok().and_then(|mut events| events.pop()).expect("no limit is met")
}

/// All lines of a batch as Firehose gets them from CloudWatch Logs.
fn message(batch: &Batch) -> Vec<u8> {
    let stream = batch.interface.stream(LOG_GROUP);
    gzip(&SubscriptionEncoder::new(stream, EncodeLimits::default()).encode_message(&batch.lines))
}
