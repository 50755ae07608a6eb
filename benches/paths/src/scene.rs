//! What is measured: subscription events of generated traffic, the same from the same seed.

use flow_generate::{Batches, EventEncoder, Settings, Traffic};
use flow_record::{RecordFormat, VPC_DEFAULT, VPC_V5};

/// When a batch arrives after its last record, in seconds.
const DELIVERY: u64 = 60;

/// Events of one size and format.
#[derive(Debug, Clone)]
pub struct Scene {
    /// What it is called.
    pub name: String,
    /// The format of its lines, as the product's settings take it.
    pub format: &'static str,
    /// The events, each with the Unix second in which it arrives; no two are alike.
    pub events: Vec<(String, u64)>,
    /// How many records they hold in all.
    pub records: usize,
}

impl Scene {
    /// `number` events of `size` records of one interface each, in AWS's default format or with all fields of version 5.
    ///
    /// A network of a dozen interfaces, as busy as it must be for its batches to be of that size.
    pub fn new(name: &str, format: &'static str, size: usize, number: usize) -> Self {
        let settings = Settings { seed: 1, activity: (size as f64 / 50.0).max(1.0), ..Settings::default() };
        let traffic = Traffic::new(&settings);
        let interfaces = traffic.interfaces().to_vec();
        let mut encoder = EventEncoder::new(&interfaces, "/aws/vpc/flowlogs");
        let format_of_lines: RecordFormat = format.parse().expect("a known format");
        let batches = Batches::new(traffic, format_of_lines, size, u64::MAX);
        let events = batches.take(number).flat_map(|batch| {
            let events = encoder.encode(&batch).expect("no line of traffic is too large");
            events.into_iter().map(move |event| (event, batch.end + DELIVERY))
        });
        Scene { name: name.to_owned(), format, events: events.collect(), records: size * number }
    }

    /// Those of which the targets speak.
    pub fn all() -> Vec<Scene> {
        vec![
            Scene::new("default", VPC_DEFAULT, 10_000, 4),
            Scene::new("v5", VPC_V5, 10_000, 4),
            Scene::new("default-50", VPC_DEFAULT, 50, 800),
            Scene::new("v5-50", VPC_V5, 50, 800),
        ]
    }
}
