//! What each code of a value adds to a record's place in a table, small enough to stay near the processor.

/// Values have codes below this; higher ones count as the highest.
pub(super) const CODES: usize = 1 << 16;

/// The code of what has no value.
pub(super) const ABSENT: usize = CODES;

/// Codes are kept by pages of this many.
const PAGE: usize = 64;

/// How many pages all codes take, and what is absent.
const PAGES: usize = CODES / PAGE + 1;

/// A number for each code, in pages of which equal ones are kept once: most ports mean nothing to any filter.
#[derive(Debug)]
pub(super) struct Places {
    /// Which of the pages has a run of codes.
    pages: Box<[u16; PAGES]>,
    of_page: Vec<[u16; PAGE]>,
}

impl Default for Places {
    fn default() -> Self {
        Places { pages: Box::new([0; PAGES]), of_page: Vec::new() }
    }
}

impl Places {
    /// Of the codes from 0 on; the last one is that of all higher ones.
    pub(super) fn new(of_codes: &[u16], absent: u16) -> Self {
        let rest = of_codes.last().copied().unwrap_or_default();
        let mut padded = of_codes.to_vec();
        padded.resize(of_codes.len().next_multiple_of(PAGE), rest);
        let mut places = Places::default();
        *places.pages = [places.page([rest; PAGE]); PAGES];
        for (place, page) in padded.as_chunks::<PAGE>().0.iter().enumerate() {
            places.pages[place] = places.page(*page);
        }
        places.pages[ABSENT / PAGE] = places.page([absent; PAGE]);
        places
    }

    /// The number of a page with these.
    fn page(&mut self, page: [u16; PAGE]) -> u16 {
        let place = self.of_page.iter().position(|known| *known == page).unwrap_or_else(|| {
            self.of_page.push(page);
            self.of_page.len() - 1
        });
        u16::try_from(place).unwrap_or_default()
    }

    /// Of a code up to [`ABSENT`].
    #[inline(always)]
    pub(super) fn of(&self, code: usize) -> usize {
        let page = self.pages[code / PAGE];
        self.of_page.get(usize::from(page)).map_or(0, |page| page[code % PAGE].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_own_number() {
        for length in [1, 2, 63, 64, 65, 1000, CODES] {
            let of_codes: Vec<u16> =
                (0..length).map(|code| u16::try_from(code % 7 * (code / 100)).unwrap_or(7)).collect();
            let places = Places::new(&of_codes, 4711);
            for code in 0..CODES {
                assert_eq!(
                    places.of(code),
                    usize::from(of_codes[code.min(length - 1)]),
                    "{code} of {length}"
                );
            }
            assert_eq!(places.of(ABSENT), 4711);
        }
    }
}
