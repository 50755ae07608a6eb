//! The records of any inputs through a program: several inputs at once where the order of rows does not show.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use flow_enrich::{EnrichedFlow, Tables};
use flow_envelope::Limits;
use flow_pipeline::{Item, Report, SourceLine, read_lines};
use flow_query::{AnswerRow, Evaluation, FilterPattern, Program, Row, Source, SystemField, Value};
use flow_record::{Field, RecordBuffer, RecordFormat};

use crate::failure::{Failure, Outcome};
use crate::inputs::{Input, inputs};
use crate::messages;

/// Which records are asked, and by what.
pub(super) struct Selection<'s> {
    program: &'s Program,
    format: &'s RecordFormat,
    tables: &'s Tables,
    pattern: Option<FilterPattern>,
    /// From the first inclusive to the second exclusive, in milliseconds since 1970.
    span: (Option<i64>, Option<i64>),
    /// Events that were read: one that comes again is not read again.
    counted: Mutex<HashSet<u128>>,
    /// The fields of which it was told that some format lacks just these, and what was told of the pattern.
    told: Mutex<(BTreeSet<Vec<Field>>, BTreeSet<String>)>,
    /// The system fields that are asked for, and whether some record has them.
    asked: Vec<(SystemField, AtomicBool)>,
    /// Nothing more has to be read.
    is_over: AtomicBool,
}

/// What reading came to: what was read, evaluated and counted, and whether all of it could be.
type Gathered<'p> = (Evaluation<'p>, Report, Outcome);

/// One input, read to its end.
struct Part<'p> {
    input: Input,
    evaluation: Evaluation<'p>,
    report: Report,
    error: Option<String>,
    /// It was told how its format and the query do not fit.
    is_told: bool,
}

impl<'s> Selection<'s> {
    pub(super) fn new(
        program: &'s Program,
        format: &'s RecordFormat,
        tables: &'s Tables,
        pattern: Option<FilterPattern>,
        span: (Option<i64>, Option<i64>),
    ) -> Self {
        let has_span = span != (None, None);
        let is_asked = |field: &SystemField| {
            program.reads(Source::System(*field)) || has_span && *field == SystemField::Timestamp
        };
        let asked = SystemField::ALL.into_iter().filter(is_asked);
        Selection {
            program,
            format,
            tables,
            pattern,
            span,
            counted: Mutex::default(),
            told: Mutex::default(),
            asked: asked.map(|field| (field, AtomicBool::new(false))).collect(),
            is_over: AtomicBool::new(false),
        }
    }

    /// Reads one input after the other, and hands on the rows as they come.
    pub(super) fn stream(
        &self,
        paths: &[PathBuf],
        take: &mut dyn FnMut(&AnswerRow) -> io::Result<()>,
    ) -> Result<Gathered<'s>, Failure> {
        let mut whole = Whole::new(self.program);
        let mut evaluation = self.program.start();
        for input in inputs(paths) {
            if evaluation.is_complete() {
                break;
            }
            let part = self.read(input, evaluation, take)?;
            evaluation = whole.note(part);
        }
        Ok((evaluation, whole.report, whole.outcome))
    }

    /// Reads all inputs, several at once, and merges what they come to in their order.
    pub(super) fn gather(&self, paths: &[PathBuf]) -> Result<Gathered<'s>, Failure> {
        let inputs = inputs(paths);
        let workers = thread::available_parallelism().map_or(1, NonZero::get).min(inputs.len());
        let next = AtomicUsize::new(0);
        let merging =
            Mutex::new(Merging { whole: Whole::new(self.program), waiting: BTreeMap::new(), next: 0 });
        let work = || loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(input) = inputs.get(place).filter(|_| !self.is_over.load(Ordering::Relaxed)) else {
                return Ok(());
            };
            let mut unasked = |_: &AnswerRow| Ok(());
            let part = self.read(input.clone(), self.program.start(), &mut unasked)?;
            locked(&merging)
                .take(place, part, self.program)
                .inspect_err(|_| self.is_over.store(true, Ordering::Relaxed))?;
        };
        let ended: Vec<Result<(), Failure>> = thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let join = |worker: thread::ScopedJoinHandle<'_, _>| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            workers.into_iter().map(join).collect()
        });
        ended.into_iter().collect::<Result<(), _>>()?;
        let Whole { evaluation, report, outcome } =
            merging.into_inner().unwrap_or_else(PoisonError::into_inner).whole;
        Ok((evaluation, report, outcome))
    }

    /// Reads one input to its end, or until nothing more is needed.
    fn read<'p>(
        &self,
        input: Input,
        evaluation: Evaluation<'p>,
        take: &mut dyn FnMut(&AnswerRow) -> io::Result<()>,
    ) -> Result<Part<'p>, Failure> {
        let mut part = Part { input, evaluation, report: Report::default(), error: None, is_told: false };
        let source = match part.input.open() {
            Ok(source) => source,
            Err(error) => {
                part.error = Some(error.to_string());
                return Ok(part);
            }
        };
        let (mut buffer, mut is_redelivered) = (RecordBuffer::default(), false);
        let mut failure = None;
        let read = read_lines(source, self.format, &Limits::default(), &mut |item| {
            if let Item::EventStart { fingerprint: Some(fingerprint) } = item {
                is_redelivered = !locked(&self.counted).insert(fingerprint);
                part.report.redelivered += u64::from(is_redelivered);
            }
            // Another format may lack other fields.
            part.is_told &= !matches!(item, Item::Header(_));
            let Some(line) = part.report.line_of(&item).filter(|_| !is_redelivered) else {
                return ControlFlow::Continue(());
            };
            if let Err(error) = self.line(line, &mut buffer, &mut part, take) {
                self.is_over.store(true, Ordering::Relaxed);
                failure = Some(error);
            }
            let is_over = part.evaluation.is_complete() || self.is_over.load(Ordering::Relaxed);
            if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        part.error = read.err().map(|error| error.to_string());
        failure.map_or(Ok(part), Err)
    }

    fn line(
        &self,
        source: &SourceLine<'_>,
        buffer: &mut RecordBuffer,
        part: &mut Part<'_>,
        take: &mut dyn FnMut(&AnswerRow) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if let Some(pattern) = &self.pattern {
            if !part.is_told {
                self.tell_of(source.format, &part.input);
                part.is_told = true;
            }
            if !pattern.matches(source.text) {
                return Ok(());
            }
        }
        let line = match source.format.parse_into(source.text, buffer) {
            Ok(line) => line,
            Err(error) => {
                part.report.reject(error.kind().name(), source.number, || error.to_string());
                return Ok(());
            }
        };
        if !std::mem::replace(&mut part.is_told, true) {
            self.tell_of(source.format, &part.input);
        }
        part.report.lines.add(&line);
        let flow = EnrichedFlow { record: line.record(), origin: &source.origin, tables: self.tables };
        self.note_present(&flow);
        if self.is_in_span(&flow)
            && let Some(row) = part.evaluation.observe(&flow)?
        {
            take(&row)?;
        }
        Ok(())
    }

    /// Notes what records have that a query may ask for in vain.
    fn note_present(&self, flow: &EnrichedFlow<'_>) {
        for (field, is_present) in &self.asked {
            // Once is enough: what is known is only read, which costs nothing among threads.
            if !is_present.load(Ordering::Relaxed) && flow.value(Source::System(*field)) != Value::Absent {
                is_present.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Tells of what the query asks for and no record has, so that an empty answer is no riddle.
    pub(super) fn tell_absent(&self) {
        for (field, _) in self.asked.iter().filter(|(_, is_present)| !is_present.load(Ordering::Relaxed)) {
            messages::warning(&format!("no record has `{}`: always absent", field.name()));
        }
    }

    fn is_in_span(&self, flow: &EnrichedFlow<'_>) -> bool {
        match self.span {
            (None, None) => true,
            (start, end) => flow.timestamp().is_some_and(|time| {
                start.is_none_or(|start| start <= time) && end.is_none_or(|end| time < end)
            }),
        }
    }

    /// Tells of the fields that the query reads and the format of `input` lacks, and how the pattern and the format do
    /// not fit: each once. Other inputs may have the fields.
    fn tell_of(&self, format: &RecordFormat, input: &Input) {
        let mut told = locked(&self.told);
        let missing = self.program.missing_fields(format);
        let names: Vec<_> = missing.iter().map(|field| field.name()).collect();
        if !missing.is_empty() && told.0.insert(missing) {
            messages::warning(&format!(
                "the format of {} has no {}: absent in such lines",
                input.name,
                names.join(", ")
            ));
        }
        let warnings = self.pattern.iter().flat_map(|pattern| pattern.meaning(format).warnings);
        for warning in warnings.map(|warning| warning.to_string()) {
            if told.1.insert(warning.clone()) {
                messages::warning(&warning);
            }
        }
    }
}

/// All inputs so far.
struct Whole<'p> {
    evaluation: Evaluation<'p>,
    report: Report,
    outcome: Outcome,
}

impl<'p> Whole<'p> {
    fn new(program: &'p Program) -> Self {
        Whole { evaluation: program.start(), report: Report::default(), outcome: Outcome::Fine }
    }

    /// Tells what was wrong with an input and counts it; gives its evaluation.
    fn note<'e>(&mut self, part: Part<'e>) -> Evaluation<'e> {
        messages::rejects(&part.input, &part.report);
        if let Some(error) = &part.error {
            messages::input_failure(&part.input, error);
            self.outcome = Outcome::Failed;
        }
        self.report.add_input(&part.report);
        part.evaluation
    }
}

/// Parts on their way into the whole, in the order of the inputs.
struct Merging<'p> {
    whole: Whole<'p>,
    waiting: BTreeMap<usize, Part<'p>>,
    next: usize,
}

impl<'p> Merging<'p> {
    fn take(&mut self, place: usize, mut part: Part<'p>, program: &'p Program) -> Result<(), Failure> {
        if program.merges_in_any_order() {
            // What waits is only what there is to say of the input: memory does not grow with their number.
            let evaluation = std::mem::replace(&mut part.evaluation, program.start());
            self.whole.evaluation.merge(evaluation)?;
        }
        self.waiting.insert(place, part);
        while let Some(part) = self.waiting.remove(&self.next) {
            self.next += 1;
            let evaluation = self.whole.note(part);
            self.whole.evaluation.merge(evaluation)?;
        }
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
