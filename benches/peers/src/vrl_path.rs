//! The same work with VRL: its program runs once for each log event, as a remap transform of Vector does.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use flate2::{Crc, Decompress, FlushDecompress, Status};
use serde::{Deserialize, Serialize};
use vrl::compiler::state::RuntimeState;
use vrl::compiler::{Context, Function, Program, TargetValue, TimeZone, compile};
use vrl::stdlib::{EncodeJson, ParseAwsVpcFlowLog, String as TextOf};
use vrl::value::{Secrets, Value};

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    record_id: &'a str,
    data: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    log_events: Vec<LogEvent<'a>>,
}

#[derive(Deserialize)]
struct LogEvent<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

#[derive(Serialize)]
struct Answer<'a> {
    records: Vec<Answered<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answered<'a> {
    record_id: &'a str,
    result: &'static str,
    data: String,
}

/// A compiled program, and memory that serves every event.
pub(crate) struct VrlPath {
    program: Program,
    state: RuntimeState,
    target: TargetValue,
    timezone: TimeZone,
    inflate: Decompress,
    compressed: Vec<u8>,
    unpacked: Vec<u8>,
    lines: Vec<u8>,
}

impl fmt::Debug for VrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VrlPath").finish_non_exhaustive()
    }
}

impl VrlPath {
    /// For lines in this format.
    pub(crate) fn new(format: &str) -> Self {
        let format = format.replace('-', "_");
        let source = format!(r#". = parse_aws_vpc_flow_log!(string!(.message), "{format}"); encode_json(.)"#);
        let functions: [Box<dyn Function>; 3] =
            [Box::new(ParseAwsVpcFlowLog), Box::new(EncodeJson), Box::new(TextOf)];
        let program = compile(&source, &functions).expect("a program").program;
        VrlPath {
            program,
            state: RuntimeState::default(),
            target: TargetValue {
                value: Value::Null,
                metadata: Value::Object(BTreeMap::new()),
                secrets: Secrets::default(),
            },
            timezone: TimeZone::default(),
            inflate: Decompress::new(false),
            compressed: Vec::new(),
            unpacked: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// The answer to an event.
    pub(crate) fn run(&mut self, event: &str) -> Vec<u8> {
        let event: Event<'_> = serde_json::from_str(event).expect("a Firehose event");
        let records = event.records.iter().map(|record| self.record(record)).collect();
        serde_json::to_vec(&Answer { records }).expect("an answer")
    }

    fn record<'e>(&mut self, record: &Record<'e>) -> Answered<'e> {
        self.compressed.clear();
        base64_simd::STANDARD.decode_append(record.data.as_bytes(), &mut self.compressed).expect("base64");
        self.gunzip();
        let message: Message<'_> = serde_json::from_slice(&self.unpacked).expect("a message");
        self.lines.clear();
        for event in message.log_events {
            let text = Value::from(&*event.message);
            self.target.value = Value::Object(BTreeMap::from([("message".into(), text)]));
            self.state.clear();
            let mut context = Context::new(&mut self.target, &mut self.state, &self.timezone);
            let line = self.program.resolve(&mut context).expect("a flow record");
            self.lines.extend_from_slice(line.as_bytes().expect("encode_json gives text"));
            self.lines.push(b'\n');
        }
        let data = base64_simd::STANDARD.encode_to_string(&self.lines);
        Answered { record_id: record.record_id, result: "Ok", data }
    }

    /// One gzip member without optional fields, whole in memory: the cheapest way there is.
    fn gunzip(&mut self) {
        const HEADER: usize = 10;
        let (body, trailer) = self.compressed.split_last_chunk::<8>().expect("a trailer");
        let [checksum @ .., _, _, _, _] = *trailer;
        let [_, _, _, _, length @ ..] = *trailer;
        let length = u32::from_le_bytes(length) as usize;
        self.unpacked.resize(length + 64, 0);
        self.inflate.reset(false);
        let status = self.inflate.decompress(&body[HEADER..], &mut self.unpacked, FlushDecompress::Finish);
        assert_eq!(status.expect("deflate"), Status::StreamEnd);
        self.unpacked.truncate(length);
        let mut crc = Crc::new();
        crc.update(&self.unpacked);
        assert_eq!(crc.sum(), u32::from_le_bytes(checksum));
    }
}
