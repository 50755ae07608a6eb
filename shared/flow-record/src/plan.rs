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
    /// Each with the one read before it that mostly has the same text: a packet's own address is the interface's unless
    /// something stands in between.
    pub(crate) addresses: Box<[(Place, Option<Place>)]>,
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
                FieldKind::Address => {
                    let like = interface_address_of(field);
                    let before = addresses.iter().map(|(before, _)| before);
                    let alike = before.copied().find(|before: &Place| Some(before.field) == like);
                    addresses.push((place, alike));
                }
                FieldKind::Text => texts += 1,
            }
        }
        Plan { integers: integers.into(), addresses: addresses.into(), texts }
    }
}

/// The field of the interface's address, if `field` is that of the packet's own.
fn interface_address_of(field: Field) -> Option<Field> {
    match field {
        Field::PktSrcAddr => Some(Field::SrcAddr),
        Field::PktDstAddr => Some(Field::DstAddr),
        _ => None,
    }
}
