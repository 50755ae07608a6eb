//! Keys of one or more values, each kept once as a few bytes.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::value::Value;

const ABSENT: u8 = 0;
const INTEGER: u8 = 1;
const FLOAT: u8 = 2;
const V4: u8 = 3;
const V6: u8 = 4;
const TEXT: u8 = 5;

/// Appends a value to a key; a text only as long as is kept of one.
#[inline]
pub(crate) fn encode(value: &Value<'_>, key: &mut Vec<u8>) {
    match value {
        Value::Address(IpAddr::V4(address)) => {
            let [a, b, c, d] = address.octets();
            key.extend_from_slice(&[V4, a, b, c, d]);
        }
        Value::Integer(number) => {
            key.push(INTEGER);
            key.extend_from_slice(&number.to_le_bytes());
        }
        Value::Absent => key.push(ABSENT),
        other => encode_long(other, key),
    }
}

fn encode_long(value: &Value<'_>, key: &mut Vec<u8>) {
    match value.bounded() {
        Value::Text(text) => {
            key.push(TEXT);
            // What is kept of a text is far shorter.
            key.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
            key.extend_from_slice(text.as_bytes());
        }
        Value::Address(IpAddr::V6(address)) => {
            key.push(V6);
            key.extend_from_slice(&address.octets());
        }
        Value::Float(number) => {
            key.push(FLOAT);
            key.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        short => encode(&short, key),
    }
}

/// The values of a key.
pub(crate) fn decode(mut key: &[u8]) -> impl Iterator<Item = Value<'_>> {
    std::iter::from_fn(move || {
        let (kind, rest) = key.split_first()?;
        let value;
        (value, key) = match *kind {
            INTEGER => {
                let (number, rest) = rest.split_first_chunk()?;
                (Value::Integer(i64::from_le_bytes(*number)), rest)
            }
            FLOAT => {
                let (bits, rest) = rest.split_first_chunk()?;
                (Value::Float(f64::from_bits(u64::from_le_bytes(*bits))), rest)
            }
            V4 => {
                let (octets, rest) = rest.split_first_chunk::<4>()?;
                (Value::Address(Ipv4Addr::from(*octets).into()), rest)
            }
            V6 => {
                let (octets, rest) = rest.split_first_chunk::<16>()?;
                (Value::Address(Ipv6Addr::from(*octets).into()), rest)
            }
            TEXT => {
                let (length, rest) = rest.split_first_chunk()?;
                let (text, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
                (Value::Text(str::from_utf8(text).ok()?.into()), rest)
            }
            _ => (Value::Absent, rest),
        };
        Some(value)
    })
}

/// Keys, each with a place: 0, 1, 2... in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    places: HashTable<u32>,
    bytes: Vec<u8>,
    /// Where each key ends.
    ends: Vec<u32>,
}

impl KeyTable {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The place of `key`, and whether it is new; none if it is one more than `max`, or all keys together are more than
    /// 4 GiB.
    #[inline]
    pub(crate) fn place(&mut self, key: &[u8], max: usize) -> Option<(usize, bool)> {
        let hash = xxh3_64(key);
        let is_same = |place: &u32| self.key(*place as usize) == key;
        if let Some(place) = self.places.find(hash, is_same) {
            return Some((*place as usize, false));
        }
        self.insert(hash, key, max).map(|place| (place, true))
    }

    fn insert(&mut self, hash: u64, key: &[u8], max: usize) -> Option<usize> {
        let place = self.len();
        let end = u32::try_from(self.bytes.len() + key.len()).ok()?;
        if place >= max {
            return None;
        }
        self.bytes.extend_from_slice(key);
        self.ends.push(end);
        let KeyTable { places, bytes, ends } = self;
        let hash_of = |place: &u32| xxh3_64(slice(bytes, ends, *place as usize));
        places.insert_unique(hash, u32::try_from(place).ok()?, hash_of);
        Some(place)
    }

    /// The key at `place`.
    #[inline]
    pub(crate) fn key(&self, place: usize) -> &[u8] {
        slice(&self.bytes, &self.ends, place)
    }

    /// All places in the order of the keys' values.
    pub(crate) fn in_order(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.len()).collect();
        let compare = |left: &usize, right: &usize| compare(self.key(*left), self.key(*right));
        places.sort_unstable_by(compare);
        places
    }
}

#[inline]
fn slice<'b>(bytes: &'b [u8], ends: &[u32], place: usize) -> &'b [u8] {
    let start = place.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start as usize..ends[place] as usize]
}

fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let orders = decode(left).zip(decode(right)).map(|(left, right)| left.total_order(&right));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            Just(Value::Absent),
            any::<i64>().prop_map(Value::Integer),
            (-1e9..1e9).prop_map(Value::Float),
            ".{0,9}".prop_map(|text| Value::Text(text.into())),
            any::<IpAddr>().prop_map(Value::Address),
        ]
    }

    fn key(values: &[Value<'_>]) -> Vec<u8> {
        let mut key = Vec::new();
        values.iter().for_each(|value| encode(value, &mut key));
        key
    }

    #[test]
    fn what_is_too_much_has_no_place() {
        let mut table = KeyTable::default();
        assert_eq!(table.place(b"a", 2), Some((0, true)));
        assert_eq!(table.place(b"b", 2), Some((1, true)));
        assert_eq!((table.place(b"c", 2), table.place(b"a", 2)), (None, Some((0, false))));
    }

    proptest! {
        #[test]
        fn keys_are_their_values(left in prop::collection::vec(values(), 0..4), right in prop::collection::vec(values(), 0..4)) {
            let (one, other) = (key(&left), key(&right));
            prop_assert_eq!(decode(&one).collect::<Vec<_>>(), left.clone());
            prop_assert_eq!(one == other, left == right);
            let mut table = KeyTable::default();
            prop_assert_eq!(table.place(&one, 9), Some((0, true)));
            prop_assert_eq!(table.place(&other, 9), Some((usize::from(one != other), one != other)));
            prop_assert_eq!(table.key(0), one.as_slice());
        }
    }
}
