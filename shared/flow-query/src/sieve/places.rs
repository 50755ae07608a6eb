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
    /// Of runs of codes, each from its first to the next one's; the first begins at 0, the last has all higher ones.
    pub(super) fn new(runs: &[(usize, u16)], absent: u16) -> Self {
        let mut places = Places::default();
        let mut page = [0; PAGE];
        let ends = runs.iter().skip(1).map(|(start, _)| *start).chain([CODES]);
        for ((start, value), end) in runs.iter().zip(ends) {
            page[start % PAGE..].fill(*value);
            if start / PAGE == end / PAGE {
                continue;
            }
            places.pages[start / PAGE] = places.page(page);
            page.fill(*value);
            let whole = start / PAGE + 1..end / PAGE;
            if !whole.is_empty() {
                let number = places.page(page);
                places.pages[whole].fill(number);
            }
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
        let starts = [1, 2, 63, 64, 65, 127, 128, 130, 131, 1000, 4096, 65_471, 65_472, 65_535];
        for taken in 0..=starts.len() {
            for first in 0..=taken {
                let starts = [0].into_iter().chain(starts[first..taken].iter().copied());
                let runs: Vec<_> = starts.zip([7_u16, 0, 4711, 7, 8].into_iter().cycle()).collect();
                let places = Places::new(&runs, 42);
                for code in 0..CODES {
                    let run = runs.iter().rfind(|(start, _)| *start <= code);
                    assert_eq!(places.of(code), usize::from(run.unwrap().1), "{code} of {runs:?}");
                }
                assert_eq!(places.of(ABSENT), 42);
            }
        }
    }
}
