//! The frame around one gzip member's DEFLATE data: header and trailer (RFC 1952, section 2.3).

use flate2::Crc;

use super::{CorruptGzip, GunzipError};

/// The two bytes every member begins with.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// Recognises a member header behind its magic bytes, byte by byte, so that it may be cut anywhere;
/// keeps nothing of it.
#[derive(Debug, Default)]
pub(super) struct HeaderParser {
    part: Part,
    flags: u8,
}

/// The part of the header that the next byte belongs to.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// The ten bytes every header has; the number already seen, the magic included.
    Fixed(u8),
    ExtraLengthLow,
    ExtraLengthHigh(u8),
    /// The optional data, with the number of bytes still to come.
    Extra(u16),
    Name,
    Comment,
    /// The optional header checksum, with the number of bytes still to come.
    HeaderCrc(u8),
}

impl Default for Part {
    fn default() -> Self {
        Self::Fixed(2)
    }
}

impl HeaderParser {
    /// Takes the next byte; true when it was the header's last.
    pub(super) fn push(&mut self, byte: u8) -> Result<bool, GunzipError> {
        let next = match self.part {
            Part::Fixed(seen) => {
                self.check_fixed(seen, byte)?;
                if seen < 9 { Some(Part::Fixed(seen + 1)) } else { self.optional_after(0) }
            }
            Part::ExtraLengthLow => Some(Part::ExtraLengthHigh(byte)),
            Part::ExtraLengthHigh(low) => match u16::from_le_bytes([low, byte]) {
                0 => self.optional_after(EXTRA),
                length => Some(Part::Extra(length)),
            },
            Part::Extra(1) => self.optional_after(EXTRA),
            Part::Extra(length) => Some(Part::Extra(length - 1)),
            Part::Name if byte == 0 => self.optional_after(NAME),
            Part::Comment if byte == 0 => self.optional_after(COMMENT),
            Part::HeaderCrc(1) => None,
            Part::HeaderCrc(length) => Some(Part::HeaderCrc(length - 1)),
            Part::Name | Part::Comment => Some(self.part),
        };
        match next {
            Some(part) => {
                self.part = part;
                Ok(false)
            }
            None => Ok(true),
        }
    }

    fn check_fixed(&mut self, index: u8, byte: u8) -> Result<(), GunzipError> {
        match index {
            2 if byte != 8 => Err(GunzipError::Corrupt(CorruptGzip::Method { found: byte })),
            3 if byte & RESERVED != 0 => Err(GunzipError::Corrupt(CorruptGzip::Flags { found: byte })),
            3 => {
                self.flags = byte;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The first optional part behind the one whose flag is `done`; they stand in the order of this list.
    fn optional_after(&self, done: u8) -> Option<Part> {
        let parts = [
            (EXTRA, Part::ExtraLengthLow),
            (NAME, Part::Name),
            (COMMENT, Part::Comment),
            (HEADER_CRC, Part::HeaderCrc(2)),
        ];
        let behind = parts.iter().position(|(flag, _)| *flag == done).map_or(0, |index| index + 1);
        parts[behind..].iter().find(|(flag, _)| self.flags & flag != 0).map(|(_, part)| *part)
    }
}

/// The eight bytes a member ends with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trailer {
    checksum: u32,
    length: u32,
}

impl From<[u8; 8]> for Trailer {
    fn from(bytes: [u8; 8]) -> Self {
        let [checksum @ .., _, _, _, _] = bytes;
        let [_, _, _, _, length @ ..] = bytes;
        Self { checksum: u32::from_le_bytes(checksum), length: u32::from_le_bytes(length) }
    }
}

impl Trailer {
    /// Compares with the content that was inflated.
    pub(super) fn check(self, content: &Crc) -> Result<(), GunzipError> {
        let (checksum, length) = (content.sum(), content.amount());
        if self.checksum != checksum {
            return Err(GunzipError::Corrupt(CorruptGzip::Checksum {
                expected: self.checksum,
                found: checksum,
            }));
        }
        if self.length != length {
            return Err(GunzipError::Corrupt(CorruptGzip::Length { expected: self.length, found: length }));
        }
        Ok(())
    }
}
