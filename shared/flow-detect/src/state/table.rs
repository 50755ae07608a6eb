//! Values and scopes that occur again and again, written once and named by their place.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use flow_query::KeyPart;

use crate::scope::Scope;
use crate::state::bytes::{Read, Reader, Writer};

const ABSENT: u8 = 0;
const INTEGER: u8 = 1;
const FLOAT: u8 = 2;
const V4: u8 = 3;
const V6: u8 = 4;
const TEXT: u8 = 5;

/// The values of a section, in the order in which they were first used.
#[derive(Debug, Default)]
pub(crate) struct TableWriter {
    values: BTreeMap<KeyPart, u64>,
    written: Writer,
    scopes: BTreeMap<Arc<Scope>, u64>,
    written_scopes: Writer,
}

impl TableWriter {
    /// The place of `value`.
    pub(crate) fn value(&mut self, value: &KeyPart) -> u64 {
        if let Some(place) = self.values.get(value) {
            return *place;
        }
        let place = self.values.len() as u64;
        self.values.insert(value.clone(), place);
        write_value(value, &mut self.written);
        place
    }

    /// The place of `scope`.
    pub(crate) fn scope(&mut self, scope: &Arc<Scope>) -> u64 {
        if let Some(place) = self.scopes.get(scope) {
            return *place;
        }
        for part in scope.parts() {
            let value = part.map_or(KeyPart::Absent, |text| KeyPart::Text(text.into()));
            let place = self.value(&value);
            self.written_scopes.number(place);
        }
        let place = self.scopes.len() as u64;
        self.scopes.insert(Arc::clone(scope), place);
        place
    }

    /// The number of values, the values, the number of scopes, the scopes.
    pub(crate) fn write(self, to: &mut Writer) {
        to.count(self.values.len());
        to.raw(&self.written.into_bytes());
        to.count(self.scopes.len());
        to.raw(&self.written_scopes.into_bytes());
    }
}

/// A value: its kind and its bytes.
pub(crate) fn write_value(value: &KeyPart, to: &mut Writer) {
    match value {
        KeyPart::Absent => to.raw(&[ABSENT]),
        KeyPart::Integer(number) => {
            to.raw(&[INTEGER]);
            to.signed((*number).into());
        }
        KeyPart::Float(bits) => {
            to.raw(&[FLOAT]);
            to.fixed(*bits);
        }
        KeyPart::Address(IpAddr::V4(address)) => {
            to.raw(&[V4]);
            to.raw(&address.octets());
        }
        KeyPart::Address(IpAddr::V6(address)) => {
            to.raw(&[V6]);
            to.raw(&address.octets());
        }
        KeyPart::Text(text) => {
            to.raw(&[TEXT]);
            to.sized(text.as_bytes());
        }
    }
}

/// The table that a [`TableWriter`] wrote.
#[derive(Debug)]
pub(crate) struct Table {
    values: Vec<KeyPart>,
    scopes: Vec<Arc<Scope>>,
}

impl Table {
    pub(crate) fn read(from: &mut Reader<'_>) -> Read<Self> {
        let count = from.count(1, "the number of values")?;
        let values = (0..count).map(|_| read_value(from)).collect::<Read<_>>()?;
        let mut table = Table { values, scopes: Vec::new() };
        for _ in 0..from.count(4, "the number of scopes")? {
            let scope = Arc::new(table.read_scope(from)?);
            table.scopes.push(scope);
        }
        Ok(table)
    }

    fn read_scope(&self, from: &mut Reader<'_>) -> Read<Scope> {
        let mut parts = [const { None }; 4];
        for part in &mut parts {
            *part = match self.value(from)? {
                KeyPart::Absent => None,
                KeyPart::Text(text) => Some(text.clone()),
                _ => return Err(from.error("a part of a scope")),
            };
        }
        Ok(Scope::from_parts(parts))
    }

    /// The value whose place comes next.
    pub(crate) fn value(&self, from: &mut Reader<'_>) -> Read<&KeyPart> {
        let place: usize = from.number("a value's place")?;
        self.value_at(place, from)
    }

    pub(crate) fn value_at(&self, place: usize, from: &Reader<'_>) -> Read<&KeyPart> {
        from.some(self.values.get(place), "the place of a known value")
    }

    /// The scope whose place comes next.
    pub(crate) fn scope(&self, from: &mut Reader<'_>) -> Read<Arc<Scope>> {
        let place: usize = from.number("a scope's place")?;
        from.some(self.scopes.get(place).map(Arc::clone), "the place of a known scope")
    }
}

/// What [`write_value`] wrote.
pub(crate) fn read_value(from: &mut Reader<'_>) -> Read<KeyPart> {
    const ADDRESS: &str = "an address";
    Ok(match from.byte("a value")? {
        ABSENT => KeyPart::Absent,
        INTEGER => KeyPart::Integer(from.signed("a whole number")?),
        FLOAT => {
            let bits = from.fixed("a number")?;
            let is_finite = f64::from_bits(bits).is_finite();
            KeyPart::Float(from.some(is_finite.then_some(bits), "a finite number")?)
        }
        V4 => {
            let (octets, _) = from.take(4, ADDRESS)?.as_chunks::<4>();
            KeyPart::Address(IpAddr::from(from.some(octets.first().copied(), ADDRESS)?))
        }
        V6 => {
            let (octets, _) = from.take(16, ADDRESS)?.as_chunks::<16>();
            KeyPart::Address(IpAddr::from(from.some(octets.first().copied(), ADDRESS)?))
        }
        TEXT => KeyPart::Text(from.text("a text")?.into()),
        _ => return Err(from.error("a kind of value")),
    })
}
