//! A few lines to show: always the same ones, however the records came.

/// The most sample lines that a finding shows.
pub const MAX_SAMPLES: usize = 5;

/// The most bytes kept of a line: twice what a record of all fields has.
const MAX_LINE: usize = 2000;

/// The earliest lines, by time and then by text, each cut to what is worth keeping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Samples(Vec<(u64, Box<str>)>);

/// What is worth keeping of a line.
fn cut(line: &str) -> &str {
    &line[..line.floor_char_boundary(MAX_LINE)]
}

impl Samples {
    /// Keeps `line` if it is among the earliest; allocates only then.
    pub(crate) fn add(&mut self, time: u64, line: &str) {
        let line = cut(line);
        let place = self.0.partition_point(|(other, text)| (*other, &**text) < (time, line));
        let is_known = self.0.get(place).is_some_and(|(other, text)| (*other, &**text) == (time, line));
        if place < MAX_SAMPLES && !is_known {
            self.0.truncate(MAX_SAMPLES - 1);
            self.0.insert(place, (time, line.into()));
        }
    }

    pub(crate) fn merge(&mut self, other: &Samples) {
        other.0.iter().for_each(|(time, line)| self.add(*time, line));
    }

    /// The earliest line, from which [`of`](Self::of) makes what is kept of these.
    pub(crate) fn earliest(&self) -> Option<&str> {
        self.lines().next()
    }

    /// A single line.
    pub(crate) fn of(time: u64, line: &str) -> Self {
        Samples(vec![(time, cut(line).into())])
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, line)| &**line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(lines: &[(u64, String)]) -> Samples {
        let mut samples = Samples::default();
        lines.iter().for_each(|(time, line)| samples.add(*time, line));
        samples
    }

    proptest! {
        #[test]
        fn the_earliest_distinct_lines((lines, shuffled) in prop::collection::vec((0_u64..9, "[ab]{1,2}"), 0..20)
            .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())), cut in 0_usize..20)
        {
            let mut expected = lines.clone();
            expected.sort();
            expected.dedup();
            expected.truncate(MAX_SAMPLES);
            let expected: Vec<_> = expected.iter().map(|(_, line)| line.as_str()).collect();
            let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
            let mut merged = of(left);
            merged.merge(&of(right));
            prop_assert_eq!(merged.lines().collect::<Vec<_>>(), expected);
        }
    }
}
