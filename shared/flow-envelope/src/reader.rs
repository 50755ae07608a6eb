//! Reads any file or pipe for the command line: recognises what it holds by looking, never by its name.
//!
//! Gzip is decompressed as it streams by. What then begins with `{` or `[` is a JSON document, over as many
//! lines as it takes; everything else is lines. Memory is bounded by [`Limits`], time by the input's length.

mod balance;
mod document;
mod entry;
mod outlet;
mod shape;
mod source;
mod window;

use std::io::{self, Read};
use std::ops::ControlFlow;

use memchr::{memchr, memchr_iter, memrchr};

use crate::EnvelopeError;
use crate::gunzip::GunzipError;
use crate::text::utf8;
use balance::{Balance, Scan};
use document::Documents;
pub use entry::{
    Entry, ForeignEvent, ForeignFormat, JsonFault, Limits, ReadError, RejectReason, RejectedEntry, Summary,
};
use outlet::{Halt, Outlet, excerpt_of};
use source::Source;
use window::Window;

/// How far a line is looked at to tell what it is; a line that begins with more white space is just a line.
const LOOK: usize = 4096;

/// Reads `input` to its end and hands every line, event and rejected piece to `visit`, in order.
///
/// `visit` ends the reading by breaking. Nothing in the data makes this fail except gzip that is cut short
/// or damaged: what can be told apart as one bad line or event is an [`Entry::Rejected`], and reading goes
/// on. After a broken JSON document it goes on at the document's second line.
///
/// ```
/// use std::ops::ControlFlow;
/// use flow_envelope::{Entry, Limits, read_entries};
///
/// # fn main() -> Result<(), flow_envelope::ReadError> {
/// let input = b"2 123456789010 eni-1\n{\"message\":\"2 123456789010 eni-2\"}\n";
/// let mut lines = Vec::new();
/// let summary = read_entries(&input[..], &Limits::default(), &mut |entry| {
///     if let Entry::Line { number, text, .. } = entry {
///         lines.push(format!("{number}: {text}"));
///     }
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(lines, ["1: 2 123456789010 eni-1", "2: 2 123456789010 eni-2"]);
/// assert_eq!(summary.lines, 2);
/// # Ok(())
/// # }
/// ```
pub fn read_entries<R: Read>(
    input: R,
    limits: &Limits,
    visit: &mut impl FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<Summary, ReadError> {
    let source = Source::open(input).map_err(|error| ReadError::Io { line: 0, error })?;
    if let Source::Foreign(format) = source {
        return Err(ReadError::Foreign(format));
    }
    let gzip = matches!(source, Source::Gzip(_));
    let mut reader = Reader {
        window: Window::new(source),
        outlet: Outlet::new(visit),
        limits: *limits,
        documents: Documents::new(limits.decompressed_cap),
        number: 1,
        behind_document: false,
        found_document: false,
        hopeless: None,
    };
    let stopped = match reader.run() {
        Ok(()) => false,
        Err(Halt::Stopped) => true,
        Err(Halt::Io(error)) => return Err(read_error(reader.number - 1, error)),
    };
    Ok(Summary {
        bytes: reader.window.position(),
        gzip,
        buffer_capacity: reader.window.capacity(),
        stopped,
        ..reader.outlet.summary
    })
}

fn read_error(line: u64, error: io::Error) -> ReadError {
    match GunzipError::of(&error) {
        Some(error) => ReadError::Gunzip { line, error },
        None => ReadError::Io { line, error },
    }
}

/// The state of one reading.
struct Reader<'v, R, V> {
    window: Window<R>,
    outlet: Outlet<'v, V>,
    limits: Limits,
    documents: Documents,
    /// The line that the window begins in, from 1.
    number: u64,
    /// Whether a document has been read from the line that the window begins in.
    behind_document: bool,
    /// Whether the last lines gone through ended at a document.
    found_document: bool,
    hopeless: Option<Hopeless>,
}

/// Brackets known to close nowhere: they were still open where a document around them failed.
///
/// They need not be scanned again, which keeps going through a failed document's lines linear.
struct Hopeless {
    fault: JsonFault,
    positions: Vec<u64>,
}

/// What a line is, by how it begins.
enum Look {
    Blank,
    Line,
    /// A document that begins at this offset.
    Document(usize),
    /// More bytes are needed to tell.
    Undecided,
}

/// Tells what the line is that begins with `start`; `complete` when that is all of it.
fn look(start: &[u8], complete: bool) -> Look {
    let cut = start.len() > LOOK;
    let head = &start[..start.len().min(LOOK)];
    let unknown = |then| match (cut, complete) {
        (true, _) => Look::Line,
        (false, true) => then,
        (false, false) => Look::Undecided,
    };
    let Some(first) = head.iter().position(|byte| !byte.is_ascii_whitespace()) else {
        return unknown(Look::Blank);
    };
    match head[first] {
        b'{' => Look::Document(first),
        // Text may well begin with a bracket (`[INFO] ...`); an array of objects goes on like one.
        b'[' => match head[first + 1..].iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[' | b']') => Look::Document(first),
            Some(_) => Look::Line,
            None => unknown(Look::Document(first)),
        },
        _ => Look::Line,
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl<R: Read, V: FnMut(Entry<'_>) -> ControlFlow<()>> Reader<'_, R, V> {
    fn run(&mut self) -> Result<(), Halt> {
        loop {
            if self.complete_lines()? {
                self.document()?;
                continue;
            }
            match look(self.window.bytes(), false) {
                Look::Document(offset) => {
                    self.window.consume(offset);
                    self.document()?;
                }
                // One byte more than the cap may still be a carriage return.
                Look::Line if self.window.bytes().len() > self.limits.line_cap.saturating_add(1) => {
                    self.skip_long_line()?;
                }
                _ => {
                    if !self.window.more()? && !self.last_line()? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Delivers the lines that are complete in the window; true when it then begins with a document.
    fn complete_lines(&mut self) -> Result<bool, Halt> {
        let bytes = self.window.bytes();
        let Some(last) = memrchr(b'\n', bytes) else { return Ok(false) };
        let region = &bytes[..=last];
        // One check for all lines is far cheaper than one for each, but not among documents, where it would
        // be repeated after each of them.
        let text = if self.found_document { None } else { utf8(region).ok() };
        self.found_document = false;
        let mut at = 0;
        for newline in memchr_iter(b'\n', region) {
            let line = &region[at..newline];
            match look(line, true) {
                Look::Blank => self.outlet.summary.blank += u64::from(!self.behind_document),
                Look::Document(offset) => {
                    at += offset;
                    self.found_document = true;
                    break;
                }
                Look::Line | Look::Undecided => {
                    let line = without_return(line);
                    let text = text.map(|text| &text[at..at + line.len()]);
                    self.outlet.raw_line(self.number, line, text, self.limits.line_cap)?;
                }
            }
            at = newline + 1;
            self.number += 1;
            self.behind_document = false;
        }
        self.window.consume(at);
        Ok(self.found_document)
    }

    /// Delivers what is left without a line end; true when that was a document, behind which more may stand.
    fn last_line(&mut self) -> Result<bool, Halt> {
        let line = self.window.bytes();
        if line.is_empty() {
            return Ok(false);
        }
        match look(line, true) {
            Look::Blank => self.outlet.summary.blank += u64::from(!self.behind_document),
            Look::Document(offset) => {
                self.window.consume(offset);
                self.document()?;
                return Ok(true);
            }
            Look::Line | Look::Undecided => {
                self.outlet.raw_line(self.number, without_return(line), None, self.limits.line_cap)?;
            }
        }
        self.window.consume(self.window.bytes().len());
        Ok(false)
    }

    /// Steps over a line that is too long to hold, and counts it.
    fn skip_long_line(&mut self) -> Result<(), Halt> {
        let number = self.number;
        let start = self.line_start()?;
        let found = self.skip_line()?;
        let reason = RejectReason::LineTooLong { found, cap: self.limits.line_cap };
        self.outlet.reject(number, reason, &start)
    }

    /// Reads the document that the window begins with and delivers what it holds.
    fn document(&mut self) -> Result<(), Halt> {
        let position = self.window.position();
        if let Some(fault) = self.known_fault(position) {
            return self.refuse(fault);
        }
        let cap = self.limits.document_cap;
        let mut balance = Balance::new();
        let end = loop {
            let bytes = self.window.bytes();
            let fault = match balance.scan(&bytes[..bytes.len().min(cap)]) {
                Scan::Closed(end) => break end,
                Scan::Fault(fault) => fault,
                Scan::More if bytes.len() > cap => JsonFault::TooLarge { cap },
                Scan::More if self.window.more()? => continue,
                Scan::More => JsonFault::NeverClosed { open: balance.open_brackets().count() },
            };
            let positions = balance.open_brackets().map(|offset| position + offset as u64).collect();
            self.hopeless = Some(Hopeless { fault, positions });
            return self.refuse(fault);
        };
        let document = &self.window.bytes()[..end];
        match utf8(document) {
            Ok(json) => self.documents.deliver(json, self.number, &mut self.outlet)?,
            Err(error) => {
                let reason = EnvelopeError::not_utf8(error).into();
                self.outlet.reject(self.number, reason, excerpt_of(document))?;
            }
        }
        self.number += memchr_iter(b'\n', document).count() as u64;
        self.window.consume(end);
        self.behind_document = true;
        self.skip_separators()
    }

    /// The fault of a document that is known not to close.
    fn known_fault(&self, position: u64) -> Option<JsonFault> {
        let hopeless = self.hopeless.as_ref()?;
        hopeless.positions.contains(&position).then_some(hopeless.fault)
    }

    /// Rejects the document that the window begins with, and goes on at the next line.
    fn refuse(&mut self, fault: JsonFault) -> Result<(), Halt> {
        let number = self.number;
        let start = self.line_start()?;
        self.outlet.reject(number, RejectReason::Malformed(fault), &start)?;
        self.skip_line()?;
        Ok(())
    }

    /// Steps over what may stand between documents on one line.
    fn skip_separators(&mut self) -> Result<(), Halt> {
        loop {
            let bytes = self.window.bytes();
            let separators =
                bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b',')).count();
            let more = separators == bytes.len();
            self.window.consume(separators);
            if !more || !self.window.more()? {
                return Ok(());
            }
        }
    }

    /// A copy of how the current line begins, the same however the input is cut into reads.
    fn line_start(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let start = excerpt_of(self.window.bytes());
            let length = memchr(b'\n', start).unwrap_or(start.len());
            if length < start.len() || start.len() < self.window.bytes().len() || !self.window.more()? {
                return Ok(excerpt_of(self.window.bytes())[..length].to_vec());
            }
        }
    }

    /// Steps over the rest of the line without holding it; returns its length without the line end.
    fn skip_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        let mut last = None;
        loop {
            let bytes = self.window.bytes();
            let newline = memchr(b'\n', bytes);
            let length = newline.unwrap_or(bytes.len());
            skipped += length as u64;
            last = bytes[..length].last().copied().or(last);
            self.window.consume(length + usize::from(newline.is_some()));
            if newline.is_some() {
                self.number += 1;
                self.behind_document = false;
            }
            if newline.is_some() || !self.window.more()? {
                return Ok(skipped - u64::from(last == Some(b'\r')));
            }
        }
    }
}

#[cfg(test)]
mod tests;
