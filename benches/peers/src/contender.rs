//! What is measured: each takes the event as JSON; all but the floor give an answer as JSON.

use std::convert::Infallible;
use std::hint::black_box;

use flow_enrich::Tables;
use flow_envelope::{DEFAULT_DECOMPRESSED_CAP, FirehoseEvent, RecordUnpacker};
use flow_pipeline::{
    Formats, PutBack, StreamEntry, StreamSource, Transformation, TransformationSettings, Transformed,
    now_or_never,
};
use serde::Deserialize;

use crate::traffic::Scene;
use crate::vrl_path::VrlPath;

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Floor,
    Flowgauge,
    Vrl,
}

impl Kind {
    pub(crate) const ALL: [Kind; 3] = [Kind::Floor, Kind::Flowgauge, Kind::Vrl];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Floor => "floor",
            Kind::Flowgauge => "flowgauge",
            Kind::Vrl => "VRL",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One of them, made for a scene.
#[derive(Debug)]
pub(crate) enum Contender<'s> {
    Floor(Floor<'s>),
    Flowgauge(Flowgauge, &'s str),
    Vrl(Box<VrlPath>, &'s str),
}

impl<'s> Contender<'s> {
    pub(crate) fn new(kind: Kind, scene: &'s Scene) -> Self {
        let event = &scene.event;
        match kind {
            Kind::Floor => Contender::Floor(Floor::new(event)),
            Kind::Flowgauge => Contender::Flowgauge(Flowgauge::new(&scene.format), event),
            Kind::Vrl => Contender::Vrl(Box::new(VrlPath::new(&scene.format)), event),
        }
    }

    /// One event. The floor gives no answer.
    pub(crate) fn run(&mut self) -> Option<Vec<u8>> {
        match self {
            Contender::Floor(floor) => {
                black_box(floor.run());
                None
            }
            Contender::Flowgauge(flowgauge, event) => Some(flowgauge.run(black_box(event))),
            Contender::Vrl(vrl, event) => Some(vrl.run(black_box(event))),
        }
    }

    /// What its answer to an event of so many records adds up to.
    pub(crate) fn checked(&mut self, records: usize) -> Option<u64> {
        self.run().map(|answer| bytes_of(&answer, records))
    }
}

/// The records of an event, found already.
#[derive(Debug)]
pub(crate) struct Floor<'s> {
    event: FirehoseEvent<'s>,
    memory: RecordUnpacker,
}

impl<'s> Floor<'s> {
    fn new(event: &'s str) -> Self {
        let event = FirehoseEvent::parse(event.as_bytes()).expect("a Firehose event");
        Floor { event, memory: RecordUnpacker::default() }
    }

    /// How many bytes they are.
    fn run(&mut self) -> usize {
        let unpack = |record| self.memory.unpack(record, DEFAULT_DECOMPRESSED_CAP).expect("gzip").len();
        black_box(&self.event.records).iter().map(unpack).sum()
    }
}

/// The product.
#[derive(Debug)]
pub(crate) struct Flowgauge {
    transformation: Transformation,
    tables: Tables,
}

/// Nothing is put back here.
struct Nowhere;

impl PutBack for Nowhere {
    type Error = Infallible;

    async fn put_back(&self, _: StreamSource<'_>, _: &[StreamEntry]) -> Vec<Result<(), Infallible>> {
        Vec::new()
    }
}

impl Flowgauge {
    pub(crate) fn new(format: &str) -> Self {
        let formats = Formats::parse(format).expect("a format");
        let settings = TransformationSettings { formats, ..TransformationSettings::default() };
        Flowgauge { transformation: Transformation::new(settings), tables: Tables::default() }
    }

    fn run(&self, event: &str) -> Vec<u8> {
        self.transformed(event).answer.into_bytes()
    }

    /// Whether an answer has room for every record of the event.
    pub(crate) fn takes(&self, event: &str) -> bool {
        let report = self.transformed(event).report;
        report.ok == report.records
    }

    fn transformed(&self, event: &str) -> Transformed {
        let run = self.transformation.run(&self.tables, event.as_bytes(), None::<&Nowhere>);
        now_or_never(run).expect("an answer")
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    records: Vec<Answered>,
}

#[derive(Debug, Deserialize)]
struct Answered {
    result: String,
    data: String,
}

#[derive(Debug, Deserialize)]
struct Line {
    bytes: Option<u64>,
}

/// The sum of `bytes` in all lines of an answer, which must be so many.
fn bytes_of(answer: &[u8], records: usize) -> u64 {
    let answer: Answer = serde_json::from_slice(answer).expect("an answer as JSON");
    assert!(answer.records.iter().all(|record| record.result == "Ok"), "every record is delivered");
    let data = answer.records.iter();
    let data = data.map(|record| base64_simd::STANDARD.decode_to_vec(&record.data).expect("base64"));
    let data: Vec<Vec<u8>> = data.collect();
    let lines = data.iter().flat_map(|data| serde_json::Deserializer::from_slice(data).into_iter::<Line>());
    let lines: Vec<Line> = lines.map(|line| line.expect("a line of JSON")).collect();
    assert_eq!(lines.len(), records, "a line for each record");
    lines.iter().filter_map(|line| line.bytes).sum()
}
