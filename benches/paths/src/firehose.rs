//! From a Firehose event to the answer with flat JSON, the floor under it, and what an answer adds up to.

use std::convert::Infallible;
use std::hint::black_box;

use flow_enrich::Tables;
use flow_envelope::{DEFAULT_DECOMPRESSED_CAP, FirehoseEvent, RecordUnpacker};
use flow_output::{RecordEncoder, RecordEncoding};
use flow_pipeline::{
    Formats, PutBack, StreamEntry, StreamSource, Transformation, TransformationSettings, Transformed,
    now_or_never,
};
use serde::Deserialize;

use crate::scene::Scene;

/// What nobody can leave out: base64, inflate and CRC of every record, by the product's own code.
#[derive(Debug, Default)]
pub struct Floor {
    memory: RecordUnpacker,
}

impl Floor {
    /// How many bytes the records of a scene's events are.
    pub fn run(&mut self, scene: &Scene) -> usize {
        scene.events.iter().map(|(event, _)| self.one(event)).sum()
    }

    fn one(&mut self, event: &str) -> usize {
        let event = FirehoseEvent::parse(event.as_bytes()).expect("a Firehose event");
        let unpack = |record| self.memory.unpack(record, DEFAULT_DECOMPRESSED_CAP).expect("gzip").len();
        event.records.iter().map(unpack).sum()
    }
}

/// The transformation as the function runs it.
#[derive(Debug)]
pub struct Firehose {
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

impl Firehose {
    /// For lines in this format.
    pub fn new(format: &str) -> Self {
        Firehose::with(format, TransformationSettings::default())
    }

    /// The same, of which only these fields are delivered.
    pub fn choosing(format: &str, fields: &[&str]) -> Self {
        let encoder = RecordEncoder::new(RecordEncoding::Flat, Some(fields)).expect("names of fields");
        Firehose::with(format, TransformationSettings { encoder, ..TransformationSettings::default() })
    }

    fn with(format: &str, settings: TransformationSettings) -> Self {
        let formats = Formats::parse(format).expect("a format");
        let transformation = Transformation::new(TransformationSettings { formats, ..settings });
        Firehose { transformation, tables: Tables::default() }
    }

    /// How many bytes the answers to a scene's events are.
    pub fn run(&self, scene: &Scene) -> usize {
        scene.events.iter().map(|(event, _)| black_box(self.answer(event)).len()).sum()
    }

    /// The answer to one event.
    pub fn answer(&self, event: &str) -> Vec<u8> {
        self.transformed(event).answer.into_bytes()
    }

    /// Whether an answer has room for every record of the event.
    pub fn takes(&self, event: &str) -> bool {
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

/// The sum of `bytes` in all lines of an answer, whoever gave it; its lines must be so many, and each record `Ok`.
pub fn bytes_of(answer: &[u8], records: usize) -> u64 {
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
