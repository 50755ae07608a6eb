//! Gunzip as a reader: any size in, constant memory.

use std::io::{self, BufRead, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::member::{HeaderParser, MAGIC, Trailer};
use super::{CorruptGzip, FirstBytes, GunzipError};

/// Decompresses all members of a gzip stream while it is read.
///
/// Bad data is an [`io::Error`] that holds a [`GunzipError`] (see [`GunzipError::of`]), of kind
/// `UnexpectedEof` when the stream is cut short and `InvalidData` otherwise; whatever comes before the
/// damage has been read by then. Reading on after such an error gives the same error.
#[derive(Debug)]
pub struct Gunzip<R> {
    input: R,
    inflate: Decompress,
    crc: Crc,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Before a member, or before the end unless it is the first.
    Start {
        first: bool,
    },
    /// Behind the first byte of a member.
    Second {
        first: bool,
    },
    /// Inside a member's header, behind its first two bytes.
    Header(HeaderParser),
    /// Inside a member's compressed data.
    Body,
    /// Inside a member's trailer: the bytes so far and their number.
    Trailer([u8; 8], usize),
    Ended,
    Failed(GunzipError),
}

/// One step of the state machine: bytes for the caller, or none yet.
enum Step {
    Produced(usize),
    Continue,
    Ended,
}

/// A failure of the input, which may pass, or of the data, which stays.
enum Failure {
    Io(io::Error),
    Data(GunzipError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<GunzipError> for Failure {
    fn from(error: GunzipError) -> Self {
        Self::Data(error)
    }
}

impl GunzipError {
    /// The gzip error inside an [`io::Error`] that a [`Gunzip`] returned.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Self>().copied()
    }
}

impl From<GunzipError> for io::Error {
    fn from(error: GunzipError) -> Self {
        let kind = match error {
            GunzipError::Truncated => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

impl<R: BufRead> Gunzip<R> {
    /// Reads gzip from `input`.
    pub fn new(input: R) -> Self {
        Self { input, inflate: Decompress::new(false), crc: Crc::new(), state: State::Start { first: true } }
    }

    fn step(&mut self, into: &mut [u8]) -> Result<Step, Failure> {
        match &mut self.state {
            State::Start { first } => {
                let first = *first;
                self.start(first)
            }
            State::Second { first } => {
                let first = *first;
                self.second(first)
            }
            State::Header(_) => self.header(),
            State::Body => self.body(into),
            State::Trailer(..) => self.trailer(),
            State::Ended => Ok(Step::Ended),
            State::Failed(error) => Err(Failure::Data(*error)),
        }
    }

    fn header(&mut self) -> Result<Step, Failure> {
        let State::Header(parser) = &mut self.state else { return Ok(Step::Continue) };
        let available = self.input.fill_buf()?;
        if available.is_empty() {
            return Err(GunzipError::Truncated.into());
        }
        for (index, byte) in available.iter().enumerate() {
            if parser.push(*byte)? {
                self.input.consume(index + 1);
                self.inflate.reset(false);
                self.crc.reset();
                self.state = State::Body;
                return Ok(Step::Continue);
            }
        }
        let consumed = available.len();
        self.input.consume(consumed);
        Ok(Step::Continue)
    }

    fn body(&mut self, into: &mut [u8]) -> Result<Step, Failure> {
        let available = self.input.fill_buf()?;
        let at_end = available.is_empty();
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(available, into, FlushDecompress::None);
        let consumed = usize::try_from(self.inflate.total_in() - before_in).unwrap_or(available.len());
        let produced = usize::try_from(self.inflate.total_out() - before_out).unwrap_or(into.len());
        self.input.consume(consumed);
        self.crc.update(&into[..produced]);
        let corrupt = GunzipError::Corrupt(CorruptGzip::Deflate);
        match status {
            Ok(Status::StreamEnd) => self.state = State::Trailer([0; 8], 0),
            // What came out before the fault is delivered first.
            Err(_) if produced > 0 => self.state = State::Failed(corrupt),
            Err(_) => return Err(corrupt.into()),
            Ok(_) if consumed == 0 && produced == 0 => {
                return Err(if at_end { GunzipError::Truncated } else { corrupt }.into());
            }
            Ok(_) => {}
        }
        Ok(if produced == 0 { Step::Continue } else { Step::Produced(produced) })
    }

    fn trailer(&mut self) -> Result<Step, Failure> {
        let State::Trailer(bytes, seen) = &mut self.state else { return Ok(Step::Continue) };
        let available = self.input.fill_buf()?;
        if available.is_empty() {
            return Err(GunzipError::Truncated.into());
        }
        let taken = available.len().min(bytes.len() - *seen);
        bytes[*seen..*seen + taken].copy_from_slice(&available[..taken]);
        *seen += taken;
        let complete = (*seen == bytes.len()).then_some(*bytes);
        self.input.consume(taken);
        if let Some(bytes) = complete {
            Trailer::from(bytes).check(&self.crc)?;
            self.state = State::Start { first: false };
        }
        Ok(Step::Continue)
    }

    fn start(&mut self, first: bool) -> Result<Step, Failure> {
        let available = self.input.fill_buf()?;
        let padding = if first { 0 } else { available.iter().take_while(|byte| **byte == 0).count() };
        match available.get(padding) {
            None if padding > 0 => self.input.consume(padding),
            None if first => return Err(GunzipError::NotGzip { found: FirstBytes::of(&[]) }.into()),
            None => {
                self.state = State::Ended;
                return Ok(Step::Ended);
            }
            Some(byte) => {
                let magic = *byte == MAGIC[0];
                self.input.consume(padding + usize::from(magic));
                if !magic {
                    return Err(self.no_member(first, &[])?.into());
                }
                self.state = State::Second { first };
            }
        }
        Ok(Step::Continue)
    }

    fn second(&mut self, first: bool) -> Result<Step, Failure> {
        match self.input.fill_buf()?.first() {
            None => Err(GunzipError::Truncated.into()),
            Some(byte) if *byte == MAGIC[1] => {
                self.input.consume(1);
                self.state = State::Header(HeaderParser::default());
                Ok(Step::Continue)
            }
            Some(_) => Err(self.no_member(first, &MAGIC[..1])?.into()),
        }
    }

    /// The error for bytes that begin no member: `seen`, then what the input still has.
    fn no_member(&mut self, first: bool, seen: &[u8]) -> io::Result<GunzipError> {
        let mut bytes = seen.to_vec();
        (&mut self.input).take(4 - seen.len() as u64).read_to_end(&mut bytes)?;
        let found = FirstBytes::of(&bytes);
        Ok(if first {
            GunzipError::NotGzip { found }
        } else {
            GunzipError::Corrupt(CorruptGzip::TrailingBytes { found })
        })
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            match self.step(into) {
                Ok(Step::Produced(bytes)) => return Ok(bytes),
                Ok(Step::Continue) => {}
                Ok(Step::Ended) => return Ok(0),
                Err(Failure::Io(error)) => return Err(error),
                Err(Failure::Data(error)) => {
                    self.state = State::Failed(error);
                    return Err(error.into());
                }
            }
        }
    }
}
