//! Gunzip with a bound: the only module that inflates anything.
//!
//! [`gunzip_capped`] is for payloads that sit in memory, and never lets them grow past a cap.
//! [`Gunzip`] is for files of any size: it has no cap, because it holds no more than the caller's buffer.
//! Both accept several members in a row (RFC 1952, section 2.2), which Firehose writes to S3, and zero
//! padding after a member; both check every checksum and length.
//! flate2's own gzip readers stay banned, here too: none of them tells "not gzip" from "cut short".

mod member;
mod stream;

use std::fmt;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use member::{HeaderParser, MAGIC, Trailer};
pub use stream::Gunzip;

/// How far one Lambda event may grow when decompressed unless a caller says otherwise: 64 MiB.
///
/// Lambda invokes a subscription target with at most 1 MiB; flow logs inflate about six times and JSON of
/// nothing but repetition a thousand times, so this is generous to honest data and small to a function.
pub const DEFAULT_DECOMPRESSED_CAP: usize = 64 << 20;

/// The most that DEFLATE can grow one byte of input; no claim above it is believed.
const MOST_EXPANSION: usize = 1032;

/// Room beyond the last byte, so that inflate can report the end of a member that exactly fits.
const SLACK: usize = 64;

/// Why bytes could not be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GunzipError {
    /// The data does not begin as gzip does.
    #[error("not gzip: expected 1f 8b, found {found}")]
    NotGzip {
        /// What it begins with.
        found: FirstBytes,
    },
    /// The data ends inside a member.
    #[error("truncated gzip: the data ends inside a member")]
    Truncated,
    /// The data begins as gzip and then contradicts itself.
    #[error("corrupt gzip: {0}")]
    Corrupt(CorruptGzip),
    /// The data would decompress to more than the caller allows.
    #[error("decompressed data exceeds the cap of {cap} bytes")]
    TooLarge {
        /// The cap, in bytes.
        cap: usize,
    },
}

/// What in a gzip stream is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CorruptGzip {
    /// The header names a compression method other than DEFLATE (8), the only one that exists.
    #[error("expected compression method 8, found {found}")]
    Method {
        /// The method byte.
        found: u8,
    },
    /// The header sets flag bits that RFC 1952 reserves.
    #[error("reserved header flags are set: {found:#04x}")]
    Flags {
        /// The flag byte.
        found: u8,
    },
    /// The compressed data is no valid DEFLATE stream.
    #[error("invalid deflate data")]
    Deflate,
    /// The CRC-32 at the end of a member does not match its content.
    #[error("expected checksum {expected:08x}, found {found:08x}")]
    Checksum {
        /// What the member says.
        expected: u32,
        /// What its content gives.
        found: u32,
    },
    /// The length at the end of a member does not match its content (both modulo 2^32).
    #[error("expected {expected} bytes, found {found}")]
    Length {
        /// What the member says.
        expected: u32,
        /// What its content gives.
        found: u32,
    },
    /// Something other than another member or zero padding follows a member.
    #[error("expected another member or the end, found {found}")]
    TrailingBytes {
        /// What follows.
        found: FirstBytes,
    },
}

/// The first bytes of something, at most four, for an error to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstBytes {
    bytes: [u8; 4],
    length: u8,
}

impl FirstBytes {
    /// Keeps the first bytes of `data`.
    pub fn of(data: &[u8]) -> Self {
        let mut first = Self { bytes: [0; 4], length: 0 };
        for (kept, byte) in first.bytes.iter_mut().zip(data) {
            *kept = *byte;
            first.length += 1;
        }
        first
    }

    /// The bytes kept.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Whether they are a zlib header: compression method 8, and a 16-bit header divisible by 31 (RFC 1950).
    fn is_zlib(self) -> bool {
        let [first, second, ..] = self.bytes;
        self.length >= 2 && first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31)
    }
}

impl fmt::Display for FirstBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.length == 0 {
            return f.write_str("nothing");
        }
        for (index, byte) in self.as_bytes().iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{byte:02x}")?;
        }
        if self.is_zlib() { f.write_str(" (zlib)") } else { Ok(()) }
    }
}

/// Whether `data` begins as gzip does (1f 8b).
pub fn is_gzip(data: &[u8]) -> bool {
    data.starts_with(&MAGIC)
}

/// Decompresses all members of `compressed` into `into`, in place of what it holds; it can be reused.
///
/// The result is at most `cap` bytes. The length that the data claims for itself only sizes the first
/// allocation, and only below the cap and below what DEFLATE could possibly produce.
/// After an error `into` holds whatever had been decompressed.
pub fn gunzip_capped(compressed: &[u8], cap: usize, into: &mut Vec<u8>) -> Result<(), GunzipError> {
    gunzip_behind(0, &mut Decompress::new(false), compressed, cap, into)
}

/// As [`gunzip_capped`], behind the first `start` bytes of `into`; the cap is on what is added. `inflate` may have served
/// before. What `into` holds from `start` on is room for what comes: it need not be made zeros once more.
pub(crate) fn gunzip_behind(
    start: usize,
    inflate: &mut Decompress,
    compressed: &[u8],
    cap: usize,
    into: &mut Vec<u8>,
) -> Result<(), GunzipError> {
    if !is_gzip(compressed) {
        into.truncate(start);
        return Err(match compressed {
            [0x1f] => GunzipError::Truncated,
            _ => GunzipError::NotGzip { found: FirstBytes::of(compressed) },
        });
    }
    let mut output = Output { into, start, end: start, cap };
    let all = output.members(inflate, compressed);
    let end = output.end;
    into.truncate(end);
    all
}

/// The length the last member claims (ISIZE), no more than its compressed size could become.
fn claimed_length(compressed: &[u8]) -> usize {
    let claimed = compressed.last_chunk().map_or(0, |isize_field| u32::from_le_bytes(*isize_field));
    usize::try_from(claimed).unwrap_or(usize::MAX).min(compressed.len().saturating_mul(MOST_EXPANSION))
}

/// Steps over one member's header, behind its magic bytes.
fn skip_header(member: &[u8]) -> Result<&[u8], GunzipError> {
    let mut header = HeaderParser::default();
    for (index, byte) in member.iter().enumerate() {
        if header.push(*byte)? {
            return Ok(&member[index + 1..]);
        }
    }
    Err(GunzipError::Truncated)
}

/// The buffer being filled, from `start` on and with no more than `cap` bytes.
struct Output<'a> {
    /// What is filled, and behind it what may be filled.
    into: &'a mut Vec<u8>,
    start: usize,
    /// Where what is filled ends.
    end: usize,
    cap: usize,
}

impl Output<'_> {
    /// Inflates all members.
    fn members(&mut self, inflate: &mut Decompress, compressed: &[u8]) -> Result<(), GunzipError> {
        self.make_room(claimed_length(compressed));
        let mut rest = compressed;
        loop {
            inflate.reset(false);
            rest = self.member(inflate, skip_header(&rest[MAGIC.len()..])?)?;
            let padding = rest.iter().take_while(|byte| **byte == 0).count();
            rest = &rest[padding..];
            match rest {
                [] => return Ok(()),
                [0x1f] => return Err(GunzipError::Truncated),
                _ if is_gzip(rest) => {}
                _ => {
                    let found = FirstBytes::of(rest);
                    return Err(GunzipError::Corrupt(CorruptGzip::TrailingBytes { found }));
                }
            }
        }
    }

    /// Makes room for `more` bytes, never for more than the cap.
    fn make_room(&mut self, more: usize) {
        let left = self.cap.saturating_sub(self.end - self.start);
        let wanted = self.end + more.min(left).saturating_add(SLACK);
        if self.into.len() < wanted {
            self.into.resize(wanted, 0);
        }
    }

    /// Inflates one member's content, checks its trailer and returns what follows it.
    fn member<'i>(&mut self, inflate: &mut Decompress, body: &'i [u8]) -> Result<&'i [u8], GunzipError> {
        let start = self.end;
        let mut crc = Crc::new();
        let mut rest = body;
        loop {
            let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
            // `Finish` lets inflate skip its own window when everything fits, which is the usual case.
            let status = inflate
                .decompress(rest, &mut self.into[self.end..], FlushDecompress::Finish)
                .map_err(|_| GunzipError::Corrupt(CorruptGzip::Deflate))?;
            let consumed = usize::try_from(inflate.total_in() - before_in).unwrap_or(rest.len());
            let produced = usize::try_from(inflate.total_out() - before_out).unwrap_or_default();
            rest = &rest[consumed..];
            crc.update(&self.into[self.end..self.end + produced]);
            self.end += produced;
            if self.end - self.start > self.cap {
                return Err(GunzipError::TooLarge { cap: self.cap });
            }
            if status == Status::StreamEnd {
                break;
            }
            let is_full = self.end == self.into.len();
            if !is_full && consumed == 0 && produced == 0 {
                // With room left and no progress there is nothing to wait for: all the input is here.
                let error = if rest.is_empty() { None } else { Some(CorruptGzip::Deflate) };
                return Err(error.map_or(GunzipError::Truncated, GunzipError::Corrupt));
            }
            if is_full {
                self.make_room((self.end - start).max(64 << 10));
            }
        }
        let (trailer, after) = rest.split_first_chunk().ok_or(GunzipError::Truncated)?;
        Trailer::from(*trailer).check(&crc)?;
        Ok(after)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;
    use crate::encode::gzip;

    fn unpack(data: &[u8], cap: usize) -> Result<Vec<u8>, GunzipError> {
        let mut into = b"left over".to_vec();
        let whole = gunzip_capped(data, cap, &mut into).map(|()| into);
        // The streaming reader must agree on everything but the cap.
        let mut streamed = Vec::new();
        let mut reader = Gunzip::new(BufReader::with_capacity(3, data));
        let stream = reader.read_to_end(&mut streamed);
        match &whole {
            Ok(text) => assert!(stream.is_ok() && streamed == *text),
            Err(GunzipError::TooLarge { .. }) => {}
            Err(error) => assert_eq!(GunzipError::of(&stream.unwrap_err()), Some(*error)),
        }
        whole
    }

    fn members(parts: &[&str]) -> Vec<u8> {
        parts.iter().flat_map(|part| gzip(part.as_bytes())).collect()
    }

    #[test]
    fn reads_one_member_several_members_and_padding() {
        assert_eq!(unpack(&members(&["hello"]), 5), Ok(b"hello".to_vec()));
        assert_eq!(unpack(&members(&[""]), 0), Ok(Vec::new()));
        assert_eq!(unpack(&members(&["one\n", "", "two\n"]), 99), Ok(b"one\ntwo\n".to_vec()));
        let mut padded = members(&["one", "two"]);
        padded.extend([0; 700]);
        assert_eq!(unpack(&padded, 99), Ok(b"onetwo".to_vec()));
    }

    #[test]
    fn reads_every_optional_header_field() {
        let plain = gzip(b"text");
        let mut fancy = vec![0x1f, 0x8b, 8, 0b1_1111, 1, 2, 3, 4, 5, 6];
        fancy.extend([2, 0, 0xaa, 0xbb]);
        fancy.extend(b"name\0comment\0");
        fancy.extend([0x12, 0x34]);
        fancy.extend(&plain[10..]);
        assert_eq!(unpack(&fancy, 4), Ok(b"text".to_vec()));
        assert_eq!(unpack(&fancy[..20], 4), Err(GunzipError::Truncated));
    }

    #[test]
    fn tells_the_failures_apart() {
        let whole = members(&["some text that is long enough"]);
        for cut in 1..whole.len() {
            assert_eq!(unpack(&whole[..cut], 99), Err(GunzipError::Truncated), "cut at {cut}");
        }
        let not_gzip = |data: &[u8]| Err(GunzipError::NotGzip { found: FirstBytes::of(data) });
        assert_eq!(unpack(b"", 9), not_gzip(b""));
        assert_eq!(unpack(b"hello", 9), not_gzip(b"hell"));
        assert_eq!(
            unpack(&[0x78, 0x9c, 1, 2, 3], 9).unwrap_err().to_string(),
            "not gzip: expected 1f 8b, found 78 9c 01 02 (zlib)"
        );
        let corrupt = |error| Err(GunzipError::Corrupt(error));
        let damaged = |at: usize, value: u8| {
            let mut bytes = whole.clone();
            bytes[at] = value;
            bytes
        };
        assert_eq!(unpack(&damaged(2, 7), 99), corrupt(CorruptGzip::Method { found: 7 }));
        assert_eq!(unpack(&damaged(3, 0x80), 99), corrupt(CorruptGzip::Flags { found: 0x80 }));
        assert_eq!(unpack(&damaged(10, 0xff), 99), corrupt(CorruptGzip::Deflate));
        let length = corrupt(CorruptGzip::Length { expected: 30, found: 29 });
        assert_eq!(unpack(&damaged(whole.len() - 4, 30), 99), length);
        let checksum = unpack(&damaged(whole.len() - 8, 0), 99);
        assert!(matches!(checksum, Err(GunzipError::Corrupt(CorruptGzip::Checksum { .. }))));
        let trailing = [whole.as_slice(), b"\0\0junk!"].concat();
        let found = FirstBytes::of(b"junk");
        assert_eq!(unpack(&trailing, 99), corrupt(CorruptGzip::TrailingBytes { found }));
    }

    #[test]
    fn stops_at_the_cap_counting_all_members() {
        assert_eq!(unpack(&members(&["12345", "67890"]), 10), Ok(b"1234567890".to_vec()));
        assert_eq!(unpack(&members(&["12345", "67890"]), 9), Err(GunzipError::TooLarge { cap: 9 }));
        let zeros = gzip(&vec![0; 3 << 20]);
        let mut into = Vec::new();
        let error = gunzip_capped(&zeros, 1 << 20, &mut into).unwrap_err();
        assert_eq!(error, GunzipError::TooLarge { cap: 1 << 20 });
        assert!(into.capacity() <= (1 << 20) + 2 * SLACK, "capacity {}", into.capacity());
    }

    #[test]
    fn a_lying_length_allocates_no_more_than_deflate_could_fill() {
        let mut lying = gzip(b"short");
        let length = lying.len();
        lying[length - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        let mut into = Vec::new();
        assert!(gunzip_capped(&lying, usize::MAX, &mut into).is_err());
        assert!(into.capacity() < 64 << 10);
    }

    #[test]
    fn a_bomb_is_refused_quickly() {
        let bomb = gzip(&vec![0; 64 << 20]).repeat(16);
        assert!(bomb.len() < 2 << 20);
        let mut into = Vec::new();
        let error = gunzip_capped(&bomb, DEFAULT_DECOMPRESSED_CAP, &mut into).unwrap_err();
        assert_eq!(error, GunzipError::TooLarge { cap: DEFAULT_DECOMPRESSED_CAP });
    }
}
