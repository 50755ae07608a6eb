//! Which of a few known texts a text is, mostly told by its first byte and its length.

/// Texts, sorted, none twice.
#[derive(Debug)]
pub(super) struct KnownTexts {
    texts: Box<[KnownText]>,
    /// For each [`trait_of`] a text: the only one that has it is at one place less than this; [`NONE`], [`MANY`].
    by_trait: Box<[u8; 256]>,
}

/// A text, and what is compared first.
#[derive(Debug)]
struct KnownText {
    text: Box<str>,
    mark: u64,
}

/// No text has this trait.
const NONE: u8 = 0;

/// Several do, or one that is too far behind to be noted.
const MANY: u8 = u8::MAX;

/// Texts no longer than this and equally long differ in their marks if they differ.
const MARKED: usize = 8;

impl KnownTexts {
    pub(super) fn new(mut texts: Vec<Box<str>>) -> Self {
        texts.sort_unstable();
        texts.dedup();
        let mut by_trait = Box::new([NONE; 256]);
        for (place, text) in texts.iter().enumerate() {
            let noted = &mut by_trait[trait_of(text)];
            *noted = if *noted == NONE { u8::try_from(place + 1).unwrap_or(MANY) } else { MANY };
        }
        let texts = texts.into_iter().map(|text| KnownText { mark: mark(&text), text }).collect();
        KnownTexts { texts, by_trait }
    }

    /// In their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|known| &*known.text)
    }

    /// Where `text` is among them.
    #[inline(always)]
    pub(super) fn place(&self, text: &str) -> Option<usize> {
        match self.by_trait[trait_of(text)] {
            NONE => None,
            MANY => self.search(text),
            noted => {
                let place = usize::from(noted - 1);
                self.texts.get(place)?.is(text).then_some(place)
            }
        }
    }

    #[cold]
    fn search(&self, text: &str) -> Option<usize> {
        self.texts.iter().position(|known| known.is(text))
    }
}

impl KnownText {
    #[inline]
    fn is(&self, text: &str) -> bool {
        self.text.len() == text.len()
            && self.mark == mark(text)
            && (text.len() <= MARKED || *self.text == *text)
    }
}

/// What texts of few kinds seldom share: the first byte, moved by the length.
#[inline]
fn trait_of(text: &str) -> usize {
    let first = text.as_bytes().first().map_or(0, |first| usize::from(*first));
    (first + text.len() * 37) % 256
}

/// The first and the last bytes of a text.
#[inline]
fn mark(text: &str) -> u64 {
    let bytes = text.as_bytes();
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
            assert_eq!(known.place(text), Some(place), "{text}");
        }
        for other in ["B", "REJECTS", "ACCEPX", "ACCEPTEY-TWICE", "a", "ê"] {
            assert_eq!(known.place(other), None, "{other}");
        }
        assert_eq!(KnownTexts::new(Vec::new()).place(""), None);
    }
}
