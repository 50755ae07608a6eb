//! Which detections the values of a table's names rule out, apart by which of the names a condition reads: most read one or
//! two, and of those alone there are few combinations.

use super::told::{Examples, HOLDS, UNKNOWN, combinations, told};
use crate::condition::Condition;

/// What conditions rule out, by the values of the names that they read.
pub(super) struct Layers<'k> {
    /// Each with a bit of its own.
    axes: Vec<(u16, &'k Examples)>,
    /// A bit for each detection.
    all: u64,
    apart: Vec<Layer>,
}

/// What is ruled out by conditions that read the same axes.
struct Layer {
    /// The bits of these axes.
    reads: u16,
    /// The detections that each combination of their values leaves, the first one's changing fastest.
    may_match: Vec<u64>,
}

impl<'k> Layers<'k> {
    pub(super) fn new(axes: Vec<(u16, &'k Examples)>, all: u64) -> Self {
        Layers { axes, all, apart: Vec::new() }
    }

    /// How many there are of all axes.
    pub(super) fn combinations(&self) -> usize {
        combinations(&self.of(u16::MAX))
    }

    /// Rules out the detection of a `bit` where a condition fails that it needs. `alternatives` are the axes, and maybe others,
    /// that its parts read of which any may hold. Whether the axes decide that everywhere.
    pub(super) fn add(&mut self, bit: usize, condition: &Condition, alternatives: &[u16]) -> bool {
        let own = self.axes.iter().fold(0, |all, (axis, _)| all | axis);
        // An alternative that reads no axis may always hold.
        if alternatives.iter().any(|reads| reads & own == 0) {
            return false;
        }
        let reads = alternatives.iter().fold(0, |all, reads| all | reads & own);
        let Some(told) = told(condition, &self.of(reads)) else { return false };
        let place = self.apart.iter().position(|layer| layer.reads == reads).unwrap_or_else(|| {
            self.apart.push(Layer { reads, may_match: vec![self.all; told.len()] });
            self.apart.len() - 1
        });
        for (may, told) in self.apart[place].may_match.iter_mut().zip(&told) {
            *may &= !(u64::from(told & HOLDS == 0) << bit);
        }
        !told.contains(&UNKNOWN)
    }

    /// The detections that each combination of all axes leaves, the first one's value changing fastest.
    pub(super) fn join(&self) -> Vec<u64> {
        let mut joined = vec![self.all; self.combinations()];
        let Some(((first, examples), others)) = self.axes.split_first() else { return joined };
        for layer in &self.apart {
            let reads_first = layer.reads & first != 0;
            let starts = layer.starts(if reads_first { examples.values.len() } else { 1 }, others);
            for (joined, start) in joined.chunks_exact_mut(examples.values.len()).zip(starts) {
                if reads_first {
                    joined.iter_mut().zip(&layer.may_match[start..]).for_each(|(joined, may)| *joined &= may);
                } else {
                    joined.iter_mut().for_each(|joined| *joined &= layer.may_match[start]);
                }
            }
        }
        joined
    }

    /// Those of these bits.
    fn of(&self, reads: u16) -> Vec<&'k Examples> {
        self.axes.iter().filter(|(axis, _)| axis & reads != 0).map(|(_, examples)| *examples).collect()
    }
}

impl Layer {
    /// Where it has what each combination of the `others` leaves, all axes but the first, which has so many values here.
    fn starts(&self, first: usize, others: &[(u16, &Examples)]) -> Vec<usize> {
        let all = others.iter().map(|(_, examples)| examples.values.len()).product();
        let (mut starts, mut step) = (Vec::with_capacity(all), first);
        starts.push(0);
        for (axis, examples) in others {
            let (before, values) = (starts.len(), examples.values.len());
            let is_read = self.reads & axis != 0;
            for value in 1..values {
                let more = if is_read { value * step } else { 0 };
                (0..before).for_each(|place| starts.push(starts[place] + more));
            }
            step *= if is_read { values } else { 1 };
        }
        starts
    }
}

#[cfg(test)]
mod tests {
    use flow_record::Field;

    use super::*;
    use crate::ast::Comparison;
    use crate::names::Source;
    use crate::value::Value;

    /// The same as of each condition all combinations of all axes tell.
    #[test]
    fn layers_join_to_what_all_axes_tell() {
        let fields = [(Field::Protocol, 3), (Field::Packets, 4), (Field::Bytes, 2), (Field::Version, 2)];
        let examples = fields.map(|(field, values)| Examples {
            source: Source::Field(field),
            values: (0..values).map(Value::Integer).collect(),
        });
        let is =
            |field, value| Condition::Integer { source: Source::Field(field), op: Comparison::Equal, value };
        let (protocol, packets, bytes) = (is(Field::Protocol, 2), is(Field::Packets, 3), is(Field::Bytes, 1));
        let unread = is(Field::SrcPort, 22);
        let any = |parts: &[&Condition]| Condition::Any(parts.iter().copied().cloned().collect());
        let not = |condition: &Condition| Condition::Not(Box::new(condition.clone()));
        let cases = [
            (protocol.clone(), vec![0b1]),
            (not(&packets), vec![0b10]),
            (any(&[&protocol, &bytes]), vec![0b1, 0b100]),
            (any(&[&packets, &not(&bytes)]), vec![0b10, 0b100]),
            (any(&[&bytes, &packets, &protocol]), vec![0b100, 0b10, 0b1]),
            (any(&[&bytes, &unread]), vec![0b100, 0b1_0000]),
            (unread.clone(), vec![0b1_0000]),
        ];
        let axes: Vec<&Examples> = examples.iter().collect();
        let mut layers =
            Layers::new(axes.iter().enumerate().map(|(axis, of)| (1 << axis, *of)).collect(), 0x7f);
        let mut expected = vec![0x7f; 48];
        for (bit, (condition, reads)) in cases.iter().enumerate() {
            let told = told(condition, &axes);
            let decides = layers.add(bit, condition, reads);
            assert_eq!(decides, told.as_ref().is_some_and(|told| !told.contains(&UNKNOWN)), "{condition:?}");
            for (expected, told) in expected.iter_mut().zip(told.into_iter().flatten()) {
                *expected &= !(u64::from(told & HOLDS == 0) << bit);
            }
        }
        assert_eq!(layers.join(), expected);
        assert!(layers.apart.len() > 3 && layers.apart.iter().all(|layer| layer.may_match.len() < 48));
    }
}
