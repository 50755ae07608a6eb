//! `flowgauge invoke firehose`: what the transformation function does with its event.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use flow_enrich::Tables;
use flow_envelope::encode::data_line;
use flow_pipeline::{
    Lookup, NETWORKS, PutBack, StreamEntry, StreamSource, Transformation, TransformationReport,
    TransformationSettings, now_or_never,
};
use serde_json::json;

use super::{events, read};
use crate::args::InvokeFirehoseArgs;
use crate::commands::detect::networks;
use crate::environment::environment;
use crate::failure::{Failure, Outcome};
use crate::messages;

/// Keeps what a function would put back.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<StreamEntry>>);

impl PutBack for Recorder {
    type Error = Infallible;

    async fn put_back(&self, _: StreamSource<'_>, entries: &[StreamEntry]) -> Vec<Result<(), Infallible>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(entries.iter().cloned());
        vec![Ok(()); entries.len()]
    }
}

/// Runs the command.
pub(crate) fn run(args: &InvokeFirehoseArgs) -> Result<Outcome, Failure> {
    let settings = TransformationSettings::read(Lookup(&environment))?;
    settings.warnings().iter().for_each(|warning| messages::warning(&warning.to_string()));
    let names = Lookup(&environment).text(NETWORKS.name);
    let tables = Tables { networks: networks(names.as_deref().map(Path::new))? };
    let transformation = Transformation::new(settings);
    let recorder = Recorder::default();
    let mut put_back = args.put_back.as_deref().map(PutBackFile::create).transpose()?;
    let bytes = read(&args.event)?;
    let mut out = io::stdout().lock();
    let mut outcome = Outcome::Fine;
    for event in events(&bytes) {
        match now_or_never(transformation.run(&tables, event, put_back.is_some().then_some(&recorder))) {
            Ok(transformed) => {
                writeln!(out, "{}", transformed.answer)?;
                tell(&transformed.report);
            }
            Err(error) => {
                messages::error(&format!("{}: {error}", args.event.display()));
                outcome = Outcome::Failed;
            }
        }
        if let Some(put_back) = &mut put_back {
            put_back.write(&recorder)?;
        }
    }
    out.flush()?;
    Ok(outcome)
}

/// Where records go that would be put back.
struct PutBackFile<'a> {
    path: &'a Path,
    out: BufWriter<File>,
}

impl<'a> PutBackFile<'a> {
    fn create(path: &'a Path) -> Result<Self, Failure> {
        let fail = |error| Failure::Write { path: path.to_owned(), error };
        Ok(PutBackFile { path, out: BufWriter::new(File::create(path).map_err(fail)?) })
    }

    /// Writes and forgets what was put back.
    fn write(&mut self, recorder: &Recorder) -> Result<(), Failure> {
        let entries = std::mem::take(&mut *recorder.0.lock().unwrap_or_else(PoisonError::into_inner));
        let write = || {
            for entry in entries {
                writeln!(self.out, "{}", data_line(&entry.data))?;
            }
            self.out.flush()
        };
        write().map_err(|error| Failure::Write { path: self.path.to_owned(), error })
    }
}

fn tell(report: &TransformationReport) {
    messages::summary(&json!(report).to_string());
}
