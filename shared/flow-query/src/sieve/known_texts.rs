//! Which of a few known texts a text is, mostly told by its length, its first and its last bytes.

/// Texts, sorted, none twice.
#[derive(Debug, Clone)]
pub(super) struct KnownTexts(Box<[KnownText]>);

/// A text, and what is compared first.
#[derive(Debug, Clone)]
struct KnownText {
    text: Box<str>,
    mark: u64,
}

/// Texts no longer than this and equally long differ in their marks if they differ.
const MARKED: usize = 8;

impl KnownTexts {
    pub(super) fn new(mut texts: Vec<Box<str>>) -> Self {
        texts.sort_unstable();
        texts.dedup();
        KnownTexts(texts.into_iter().map(|text| KnownText { mark: mark(text.as_bytes()), text }).collect())
    }

    /// In their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|known| &*known.text)
    }

    /// Where `text` is among them.
    #[inline]
    pub(super) fn place(&self, text: &[u8]) -> Option<usize> {
        let mark = mark(text);
        self.0.iter().position(|known| known.is(text, mark))
    }
}

impl KnownText {
    #[inline]
    fn is(&self, text: &[u8], mark: u64) -> bool {
        self.mark == mark
            && self.text.len() == text.len()
            && (text.len() <= MARKED || self.text.as_bytes() == text)
    }
}

/// The first and the last bytes of a text.
#[inline]
fn mark(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => bytes.iter().fold(0, |mark, byte| mark << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_at_its_place_and_no_other() {
        let texts = ["", "A", "ACCEPT", "ACCEPTED-TWICE", "ACCEPTEX-TWICE", "AT", "é", "REJECT"];
        let known = KnownTexts::new(texts.iter().rev().chain(&texts).map(|text| (*text).into()).collect());
        let sorted: Vec<_> = known.iter().collect();
        assert_eq!(sorted.len(), texts.len());
        for (place, text) in sorted.iter().enumerate() {
            assert_eq!(known.place(text.as_bytes()), Some(place), "{text}");
        }
        for other in ["B", "REJECTS", "ACCEPX", "ACCEPTEY-TWICE", "a", "ê"] {
            assert_eq!(known.place(other.as_bytes()), None, "{other}");
        }
        assert_eq!(KnownTexts::new(Vec::new()).place(b""), None);
    }
}
