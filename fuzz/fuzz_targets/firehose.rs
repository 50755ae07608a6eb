//! Any bytes as a Firehose event, or as the data of its records: an answer within its limit that loses nothing.
#![no_main]

use std::convert::Infallible;
use std::sync::Mutex;

use flow_enrich::Tables;
use flow_envelope::encode::firehose_event;
use flow_envelope::{FirehoseEvent, RecordContent, RecordUnpacker};
use flow_output::{RecordEncoder, RecordEncoding};
use flow_pipeline::{
    PutBack, Sampling, StreamEntry, StreamSource, Transformation, TransformationReport,
    TransformationSettings, WithoutFlow, now_or_never,
};
use libfuzzer_sys::fuzz_target;

/// Small, so that bombs are cheap.
const CAP: usize = 64 << 10;

/// The most records of one event: a fuzzer finds separators cheap.
const MOST_RECORDS: usize = 32;

/// Takes everything.
#[derive(Default)]
struct Stream(Mutex<Vec<StreamEntry>>);

impl PutBack for Stream {
    type Error = Infallible;

    async fn put_back(&self, _: StreamSource<'_>, entries: &[StreamEntry]) -> Vec<Result<(), Infallible>> {
        self.0.lock().expect("one thread").extend(entries.iter().cloned());
        vec![Ok(()); entries.len()]
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let settings = settings(*choice);
    transform(&settings, data);
    let records: Vec<&[u8]> = data.split(|byte| *byte == 0).take(MOST_RECORDS).collect();
    transform(&settings, firehose_event(&records).as_bytes());
});

/// Encoding, limit and merging by the bits of a byte.
fn settings(choice: u8) -> TransformationSettings {
    let encoding = RecordEncoding::ALL[usize::from(choice & 7) % RecordEncoding::ALL.len()];
    TransformationSettings {
        encoder: RecordEncoder::new(encoding, None::<&[&str]>).expect("everything is written"),
        merges: choice & 8 > 0,
        keep: if choice & 16 > 0 { vec![WithoutFlow::NoData, WithoutFlow::SkipData] } else { Vec::new() },
        sampling: Sampling { one_in: u64::from(choice >> 5) + 1, below_bytes: 1000 },
        decompressed_cap: CAP,
        answer_limit: 4096,
        ..TransformationSettings::default()
    }
}

fn transform(settings: &TransformationSettings, payload: &[u8]) {
    let (stream, tables) = (Stream::default(), Tables::default());
    let transformation = Transformation::new(settings.clone());
    let Ok(transformed) = now_or_never(transformation.run(&tables, payload, Some(&stream))) else { return };
    assert!(transformed.answer.len() <= settings.answer_limit, "the answer is within its limit");
    let event = FirehoseEvent::parse(payload).expect("it was answered");
    assert_eq!(
        transformed.answer.matches("{\"recordId\":").count(),
        event.records.len(),
        "every record is answered once"
    );
    balanced(&transformed.report);
    let entries = stream.0.into_inner().expect("one thread");
    let again: u64 = entries.iter().map(|entry| events_in(&entry.data)).sum();
    assert_eq!(again, transformed.report.events.put_back, "what is put back is what was counted");
}

fn balanced(report: &TransformationReport) {
    let events = report.events;
    let left_out = events.no_data + events.skip_data + events.filtered + events.sampled_out + events.merged;
    assert_eq!(events.read, events.written + left_out + events.failed + events.put_back, "{events:?}");
    assert_eq!(report.records, report.ok + report.dropped + report.put_back + report.failed_total());
}

fn events_in(data: &[u8]) -> u64 {
    let event = firehose_event(&[data]);
    let event = FirehoseEvent::parse(event.as_bytes()).expect("made here");
    let mut memory = RecordUnpacker::default();
    let unpacked = memory.unpack(&event.records[0], CAP * 8).expect("packed by us");
    RecordContent::read(unpacked).expect("written by us").events() as u64
}
