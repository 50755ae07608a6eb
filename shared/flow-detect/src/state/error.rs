//! Why bytes are not a state item.

/// Why bytes can't be read as a state item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// They do not begin like one.
    #[error("not a state item: expected the bytes 46 47, found {found:02x?}")]
    NotState {
        /// The first bytes, at most two.
        found: Vec<u8>,
    },
    /// A later program wrote them.
    #[error("a state item in version {found} of the format, and only version {supported} can be read")]
    UnknownVersion {
        /// The version they say they are.
        found: u8,
        /// The version that this program reads and writes.
        supported: u8,
    },
    /// They are more than any state item has.
    #[error("a state item of {found} bytes, expected at most {limit}")]
    TooLong {
        /// The most that is read.
        limit: usize,
        /// How many they are, or say they become when inflated.
        found: usize,
    },
    /// They are compressed, and can't be inflated to what they should be.
    #[error("a state item that can't be inflated to {expected} bytes")]
    NotDeflate {
        /// How many bytes they say they become.
        expected: usize,
    },
    /// Something else should stand at one place.
    #[error("a damaged state item: expected {expected} at byte {offset}")]
    Damaged {
        /// The place in the inflated content.
        offset: usize,
        /// What should be there.
        expected: &'static str,
    },
}
