//! How the lines of a format are read: its columns by what they hold, so that all of a kind are read by one loop.

use crate::field::{Field, FieldKind};

/// A column of a known field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its place in the line, from 0.
    pub(crate) column: u8,
    pub(crate) field: Field,
    /// The field's place among the values of its kind.
    pub(crate) slot: u8,
}

/// The columns of a format's known fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Plan {
    /// Each with the largest number that fits.
    pub(crate) integers: Box<[(Place, u64)]>,
    pub(crate) addresses: Box<[Place]>,
    /// How many are text. Nothing is done for it until somebody asks.
    texts: usize,
}

impl Plan {
    /// How many columns it reads.
    #[inline]
    pub(crate) fn columns(&self) -> usize {
        self.integers.len() + self.addresses.len() + self.texts
    }

    /// The plan for columns of these fields, the unknown ones among them.
    pub(crate) fn of(columns: impl Iterator<Item = Option<Field>>) -> Self {
        let (mut integers, mut addresses, mut texts) = (Vec::new(), Vec::new(), 0);
        for (column, field) in (0..).zip(columns) {
            let Some(field) = field else { continue };
            let place = Place { column, field, slot: field.slot() };
            match field.kind() {
                FieldKind::Integer { max } => integers.push((place, max)),
                FieldKind::Address => addresses.push(place),
                FieldKind::Text => texts += 1,
            }
        }
        Plan { integers: integers.into(), addresses: addresses.into(), texts }
    }
}
