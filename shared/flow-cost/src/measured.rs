//! What was measured of the product, read from a file, and what lies between the sizes measured.

use serde::Deserialize;

use crate::SECONDS;
use crate::number::FileError;

/// What comes with the program.
const BUILT_IN: &str = include_str!("../data/measured.toml");

/// Everything that the model knows of the product. `data/measured.toml` says how each figure was found, and how to find it anew.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// When.
    pub date: String,
    #[serde(rename = "format")]
    formats: Vec<Format>,
    pub(crate) traffic: Traffic,
    pub(crate) invocation: Invocation,
    #[serde(rename = "batch")]
    batches: Vec<Batches>,
    pub(crate) own_logs: OwnLogs,
    pub(crate) stack: Stack,
    pub(crate) tick: Tick,
    pub(crate) finding: Finding,
    pub(crate) archive: Archive,
}

/// A format of lines.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// What it is called.
    pub name: String,
    /// How many fields it has.
    pub fields: u32,
    /// Bytes of a line.
    pub line_bytes: f64,
    /// Nanoseconds of a processor for each record that the function reads.
    pub(crate) record_ns: f64,
    /// The same for the archive's function, which writes it too.
    pub(crate) archived_record_ns: f64,
    /// Bytes that a record takes in the archive, compressed.
    pub(crate) archived_bytes: f64,
}

/// What is usual of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Traffic {
    /// Records of an interface in a second.
    records_a_second: f64,
    /// The part of records that were accepted.
    pub(crate) accepted_part: f64,
}

/// What an invocation takes beside its records.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invocation {
    /// Microseconds of a processor for any event.
    pub(crate) event_us: f64,
    /// Microseconds of a processor for each call of AWS.
    pub(crate) call_us: f64,
    /// Milliseconds that an answer is waited for.
    pub(crate) wait_ms: f64,
    /// The part of invocations that start an environment.
    pub(crate) start_part: f64,
    /// Milliseconds that a start is billed.
    pub(crate) start_ms: f64,
    /// How many times its average the load is when it is greatest: so many more environments are there.
    pub(crate) peak: f64,
}

/// What batches of one size cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batches {
    pub(crate) records: f64,
    /// The part of batches that ask nothing of AWS.
    pub(crate) quiet_part: f64,
    /// Of the others, how many answers are waited for one after the other, and how many calls are made.
    pub(crate) waits: f64,
    pub(crate) calls: f64,
    /// `DynamoDB`'s request units for a million records, those of ticks among them.
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    /// Bytes that the function logs for a million records.
    pub(crate) log_bytes: f64,
    /// Bytes of a batch, compressed, as CloudWatch Logs gives it to a stream.
    pub(crate) compressed_bytes: f64,
}

/// What the functions log whatever comes.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnLogs {
    /// Bytes of the line that an environment writes once a minute.
    pub(crate) quiet_line_bytes: f64,
    /// Bytes that Lambda itself writes for an invocation.
    pub(crate) platform_bytes: f64,
}

/// What a stack has.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stack {
    /// MB of memory of its functions.
    pub(crate) memory: f64,
    pub(crate) metrics: f64,
    pub(crate) alarms: f64,
    pub(crate) keys: f64,
}

/// What a tick asks.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tick {
    /// Calls, all at once.
    pub(crate) calls: f64,
    pub(crate) read_units: f64,
}

/// What a finding brings about.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finding {
    /// Messages to the findings topic.
    pub(crate) messages: f64,
}

/// The stack of `templates/archive.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Archive {
    /// Bytes at which Firehose rounds up each record.
    pub(crate) step_bytes: f64,
    /// MB of memory of its function.
    pub(crate) memory: f64,
    /// Bytes that the stream collects for one invocation, and the seconds that it waits for them at most.
    pub(crate) buffer_bytes: f64,
    pub(crate) buffer_seconds: f64,
    /// Seconds that the stream collects records for one object.
    pub(crate) object_seconds: f64,
    /// Days after which records move to cheaper storage.
    pub(crate) infrequent_after_days: f64,
    pub(crate) metrics: f64,
    pub(crate) alarms: f64,
}

impl Measured {
    /// What comes with the program.
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN).expect("a test reads it")
    }

    /// Reads the text of a file like `data/measured.toml`, with the sizes of batches from small to large.
    ///
    /// # Errors
    /// When it is no TOML; when a figure is missing, unknown or no number.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        Ok(toml::from_str(text)?)
    }

    /// The formats that were measured, the default one first.
    pub fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// The format of this name.
    pub fn format(&self, name: &str) -> Option<&Format> {
        self.formats.iter().find(|format| format.name == name)
    }

    /// The sizes of batches that were measured.
    pub fn batch_sizes(&self) -> impl Iterator<Item = f64> {
        self.batches.iter().map(|batch| batch.records)
    }

    /// How many alarms every stack has.
    pub fn alarms(&self) -> f64 {
        self.stack.alarms
    }

    /// Lines of an interface in a month.
    pub(crate) fn lines_of_an_interface(&self) -> f64 {
        self.traffic.records_a_second * SECONDS
    }

    /// What batches of so many records cost.
    ///
    /// Between two sizes that were measured, figures go from one to the other as a power of the size does, and parts and counts
    /// as its logarithm. A batch smaller than all of them asks for as much as the smallest, and a record in one larger than all of
    /// them for as much as in the largest: both are more than the truth.
    pub(crate) fn batches(&self, records: f64) -> Batches {
        let after = self.batches.partition_point(|known| known.records <= records);
        match (after.checked_sub(1).map(|before| &self.batches[before]), self.batches.get(after)) {
            (Some(before), Some(after)) => before.between(after, records),
            (Some(largest), None) => largest.larger(records),
            (None, Some(smallest)) => smallest.smaller(records),
            (None, None) => Batches::default(),
        }
    }
}

impl Batches {
    fn between(&self, other: &Self, records: f64) -> Self {
        let way = (records / self.records).ln() / (other.records / self.records).ln();
        let line = |of: fn(&Self) -> f64| of(self) + (of(other) - of(self)) * way;
        let power = |of: fn(&Self) -> f64| {
            let has_power = of(self) > 0.0 && of(other) > 0.0;
            if has_power { of(self) * (of(other) / of(self)).powf(way) } else { line(of) }
        };
        Batches {
            records,
            quiet_part: line(|batch| batch.quiet_part),
            waits: line(|batch| batch.waits),
            calls: line(|batch| batch.calls),
            read_units: power(|batch| batch.read_units),
            write_units: power(|batch| batch.write_units),
            log_bytes: power(|batch| batch.log_bytes),
            compressed_bytes: power(|batch| batch.compressed_bytes),
        }
    }

    fn smaller(&self, records: f64) -> Self {
        let times = self.records / records;
        Batches {
            records,
            read_units: self.read_units * times,
            write_units: self.write_units * times,
            log_bytes: self.log_bytes * times,
            ..*self
        }
    }

    fn larger(&self, records: f64) -> Self {
        Batches { records, compressed_bytes: self.compressed_bytes * records / self.records, ..*self }
    }
}
