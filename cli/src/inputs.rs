//! Opening inputs, with progress on a terminal.

use std::error::Error;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use flow_envelope::{Limits, ReadError, Summary};
use flow_pipeline::{Item, read_lines};
use flow_record::RecordFormat;
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::{Failure, Outcome};
use crate::messages;

/// Below this many bytes an input is read before anyone could watch.
const WORTH_WATCHING: u64 = 8 * 1024 * 1024;

/// One input by name.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// How messages call it.
    pub name: String,
    path: Option<PathBuf>,
}

/// The inputs that `paths` name; standard input when there is none.
pub(crate) fn inputs(paths: &[PathBuf]) -> Vec<Input> {
    let standard_input = || Input { name: "standard input".to_owned(), path: None };
    let input = |path: &PathBuf| match path.as_os_str().to_str() {
        Some("-") => standard_input(),
        _ => Input { name: path.display().to_string(), path: Some(path.clone()) },
    };
    if paths.is_empty() { vec![standard_input()] } else { paths.iter().map(input).collect() }
}

/// Opens the inputs that `paths` name and gives each to `read`. One that can't be opened or read is told, and the
/// others go on.
///
/// # Errors
/// When `read` can't go on, for a reason that is not the input's.
pub(crate) fn read_each(
    paths: &[PathBuf],
    mut read: impl FnMut(&Input, Box<dyn Read>) -> Result<Result<Summary, ReadError>, Failure>,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::Fine;
    for input in inputs(paths) {
        let error: Box<dyn Error> = match input.open() {
            Ok(source) => match read(&input, source)? {
                Ok(_) => continue,
                Err(error) => error.into(),
            },
            Err(error) => error.into(),
        };
        messages::input_failure(&input, &error);
        outcome = Outcome::Failed;
    }
    Ok(outcome)
}

/// Hands what `source` is made of to `take`, until that fails. The outer error is ours, the inner one the input's.
pub(crate) fn each_item<E>(
    source: impl Read,
    format: &RecordFormat,
    mut take: impl FnMut(Item<'_>) -> Result<(), E>,
) -> Result<Result<Summary, ReadError>, E> {
    let mut taken = Ok(());
    let read = read_lines(source, format, &Limits::default(), &mut |item| {
        taken = take(item);
        if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    taken.map(|()| read)
}

impl Input {
    /// What was given on the command line itself.
    pub(crate) fn of_arguments() -> Self {
        Input { name: "the lines given".to_owned(), path: None }
    }

    /// Opens it.
    ///
    /// # Errors
    /// When there is no such file, or it is a folder or can't be read.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read>> {
        let Some(path) = &self.path else { return Ok(Box::new(io::stdin().lock())) };
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if metadata.len() < WORTH_WATCHING || !io::stderr().is_terminal() {
            return Ok(Box::new(file));
        }
        Ok(Box::new(progress_bar(metadata.len(), path).wrap_read(file)))
    }
}

fn progress_bar(bytes: u64, path: &Path) -> ProgressBar {
    let template = "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ProgressBar::new(bytes)
        .with_style(style.progress_chars("=> "))
        .with_message(flow_output::plain(&name).into_owned())
}
