//! The piece of the input that is in memory.

use std::io::{self, Read};

/// How much is asked of the input at once.
pub(super) const BLOCK: usize = 256 << 10;

/// A buffer over the input: what has been read and not yet consumed.
#[derive(Debug)]
pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where in the input the window begins.
    position: u64,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), start: 0, end: 0, position: 0 }
    }

    /// What is in memory.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Where in the input [`bytes`](Self::bytes) begins, in bytes.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Lets go of the first `count` bytes.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.position += count as u64;
    }

    /// Reads more behind what is there, once; false at the end of the input.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        if self.start > 0 {
            // After each move everything before the end has been gone through, so moves add up to no more
            // than the input.
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < BLOCK / 2 {
            // Half as much again: few copies for a large document, little waste.
            let room = BLOCK.max(self.end / 2);
            self.buffer.reserve_exact(self.end + room - self.buffer.len());
            self.buffer.resize(self.end + room, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    // A reader that claims more than it was given room for is broken; believe the room.
                    self.end = (self.end + count).min(self.buffer.len());
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
