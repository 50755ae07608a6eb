//! Keys of one or more values, each kept once as a few bytes.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::group::bounded;
use crate::value::Value;

/// What a value's bytes begin with. Whole numbers take as few bytes as hold them.
const ABSENT: u8 = 0;
const INTEGER_8: u8 = 1;
const INTEGER_16: u8 = 2;
const INTEGER_32: u8 = 3;
const INTEGER_64: u8 = 4;
const FLOAT: u8 = 5;
const V4: u8 = 6;
const V6: u8 = 7;
const TEXT: u8 = 8;

/// What a kept key begins with that does not fit into its word: a place among the long ones follows.
const LONG: u8 = u8::MAX;

/// How many bytes a word holds.
const WORD: usize = 16;

/// The key of a group while it is made. Up to 16 bytes, as most keys have, are one number, compared and hashed at once. Behind them are
/// zeros, which read as absent values: keys of one table have equally many values, so none is another's beginning.
#[derive(Debug, Default)]
pub struct Key {
    word: u128,
    length: usize,
    /// All bytes, once they are more than a word holds.
    long: Vec<u8>,
}

impl Key {
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.word = 0;
        self.length = 0;
        self.long.clear();
    }

    /// The whole key, where a word holds it.
    #[inline]
    pub(crate) fn word(&self) -> Option<u128> {
        self.long.is_empty().then_some(self.word)
    }

    /// Appends the lowest bytes of `bits`, the rest of which is 0.
    #[inline]
    fn push_bits(&mut self, bits: u128, bytes: usize) {
        if self.length + bytes <= WORD {
            self.word |= bits << (8 * self.length);
            self.length += bytes;
        } else {
            self.push_bytes(&bits.to_le_bytes()[..bytes]);
        }
    }

    #[inline(never)]
    fn push_bytes(&mut self, bytes: &[u8]) {
        if self.long.is_empty() {
            self.long.extend_from_slice(&self.word.to_le_bytes()[..self.length]);
            // No room is left, so all that follows is long too.
            self.length = WORD;
        }
        self.long.extend_from_slice(bytes);
    }

    /// Appends an address.
    #[inline]
    pub fn push_address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => {
                self.push_bits(u128::from(V4) | u128::from(u32::from_le_bytes(address.octets())) << 8, 5);
            }
            IpAddr::V6(address) => {
                self.push_bytes(&[V6]);
                self.push_bytes(&address.octets());
            }
        }
    }

    /// Appends a whole number.
    #[inline]
    pub fn push_integer(&mut self, number: i64) {
        let (kind, bytes) = match number {
            0..=0xff => (INTEGER_8, 1),
            0x100..=0xffff => (INTEGER_16, 2),
            0x1_0000..=0xffff_ffff => (INTEGER_32, 4),
            _ => (INTEGER_64, 8),
        };
        self.push_bits(u128::from(kind) | u128::from(number.cast_unsigned()) << 8, 1 + bytes);
    }

    /// Appends a value; a text only as long as is kept of one.
    #[inline]
    pub fn push(&mut self, value: &Value<'_>) {
        match value {
            Value::Absent => self.push_bits(ABSENT.into(), 1),
            Value::Integer(number) => self.push_integer(*number),
            Value::Float(number) => self.push_bits(u128::from(FLOAT) | u128::from(number.to_bits()) << 8, 9),
            Value::Address(address) => self.push_address(*address),
            Value::Text(text) => self.push_text(text),
        }
    }

    #[inline]
    fn push_text(&mut self, text: &str) {
        let text = bounded(text.into());
        // What is kept of a text is far shorter than this.
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        self.push_bits(u128::from(TEXT) | u128::from(length) << 8, 3);
        let (halves, rest) = text.as_bytes().as_chunks::<8>();
        halves.iter().for_each(|half| self.push_bits(u64::from_le_bytes(*half).into(), 8));
        rest.iter().for_each(|byte| self.push_bits((*byte).into(), 1));
    }
}

/// Both halves multiplied, each with bits of its own, and the halves of the product put together: as in wyhash.
#[inline]
fn hash_word(word: u128) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "halves")]
    let (low, high) = (word as u64, (word >> 64) as u64);
    let product = u128::from(low ^ 0x9e37_79b9_7f4a_7c15) * u128::from(high ^ 0xa076_1d64_78bd_642f);
    #[expect(clippy::cast_possible_truncation, reason = "halves")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

/// The first `count` values of a key.
fn decode(mut bytes: &[u8], count: usize) -> impl Iterator<Item = Value<'_>> {
    (0..count).map(move |_| decode_one(&mut bytes).unwrap_or(Value::Absent))
}

fn decode_one<'k>(bytes: &mut &'k [u8]) -> Option<Value<'k>> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(match *kind {
        INTEGER_8 => Value::Integer(u8::from_le_bytes(take(bytes)?).into()),
        INTEGER_16 => Value::Integer(u16::from_le_bytes(take(bytes)?).into()),
        INTEGER_32 => Value::Integer(u32::from_le_bytes(take(bytes)?).into()),
        INTEGER_64 => Value::Integer(i64::from_le_bytes(take(bytes)?)),
        FLOAT => Value::Float(f64::from_bits(u64::from_le_bytes(take(bytes)?))),
        V4 => Value::Address(Ipv4Addr::from(take(bytes)?).into()),
        V6 => Value::Address(Ipv6Addr::from(take::<16>(bytes)?).into()),
        TEXT => {
            let length = u16::from_le_bytes(take(bytes)?);
            let (text, rest) = bytes.split_at_checked(length.into())?;
            *bytes = rest;
            Value::Text(str::from_utf8(text).ok()?.into())
        }
        _ => Value::Absent,
    })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

/// Keys of equally many values, each with a place: 0, 1, 2... in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    /// How many values a key has.
    values: usize,
    places: HashTable<u32>,
    /// Each key, or where among the long ones it is.
    words: Vec<u128>,
    long: Vec<u8>,
}

impl KeyTable {
    pub(crate) fn new(values: usize) -> Self {
        KeyTable { values, ..KeyTable::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// The place of `key`, and whether it is new; none if it is one more than `max`, or there are more than 2^32.
    #[inline]
    pub(crate) fn place(&mut self, key: &Key, max: usize) -> Option<(usize, bool)> {
        if key.long.is_empty() {
            return self.place_of_word(key.word, max);
        }
        let hash = xxh3_64(&key.long);
        match self.places.find(hash, |place| long(&self.long, self.words[*place as usize]) == Some(&key.long))
        {
            Some(place) => Some((*place as usize, false)),
            None => {
                let (start, length) = (self.long.len() as u64, u32::try_from(key.long.len()).ok()?);
                let word = u128::from(LONG) | u128::from(length) << 32 | u128::from(start) << 64;
                reserve(&mut self.long, key.long.len());
                self.long.extend_from_slice(&key.long);
                self.insert(hash, word, max).map(|place| (place, true))
            }
        }
    }

    /// [`place`](Self::place) of a key that is no more than this word.
    #[inline]
    pub(crate) fn place_of_word(&mut self, word: u128, max: usize) -> Option<(usize, bool)> {
        let hash = hash_word(word);
        match self.places.find(hash, |place| self.words[*place as usize] == word) {
            Some(place) => Some((*place as usize, false)),
            None => self.insert(hash, word, max).map(|place| (place, true)),
        }
    }

    #[cold]
    fn insert(&mut self, hash: u64, word: u128, max: usize) -> Option<usize> {
        let place = u32::try_from(self.len()).ok().filter(|_| self.len() < max)?;
        reserve(&mut self.words, 1);
        self.words.push(word);
        let KeyTable { places, words, long, .. } = self;
        places.insert_unique(hash, place, |place| hash_kept(long, words[*place as usize]));
        Some(place as usize)
    }

    /// The key at `place`, into `key`.
    pub(crate) fn copy_key(&self, place: usize, key: &mut Key) {
        key.clear();
        match long(&self.long, self.words[place]) {
            Some(bytes) => key.push_bytes(bytes),
            None => key.word = self.words[place],
        }
    }

    /// Calls `read` with the values of the key at `place`.
    pub(crate) fn with_values<T>(
        &self,
        place: usize,
        read: impl FnOnce(&mut dyn Iterator<Item = Value<'_>>) -> T,
    ) -> T {
        let word = self.words[place];
        let bytes = word.to_le_bytes();
        read(&mut decode(long(&self.long, word).unwrap_or(&bytes), self.values))
    }

    /// All places in the order of the keys' values.
    pub(crate) fn in_order(&self) -> Vec<u32> {
        let beginning =
            |word: &u128| beginning(long(&self.long, *word).unwrap_or(&word.to_le_bytes()), self.values);
        let mut places: Vec<(u128, u32)> = self.words.iter().map(beginning).zip(0..).collect();
        places.sort_unstable_by(|(one, left), (other, right)| {
            one.cmp(other).then_with(|| {
                let (left, right) = (self.words[*left as usize], self.words[*right as usize]);
                let (one, other) = (left.to_le_bytes(), right.to_le_bytes());
                let bytes = long(&self.long, left).unwrap_or(&one);
                compare(bytes, long(&self.long, right).unwrap_or(&other), self.values)
            })
        });
        places.into_iter().map(|(_, place)| place).collect()
    }
}

/// A number that is smaller for a key only if it comes before the other: the addresses and absent values that a key begins
/// with, which are often all of it.
#[inline]
fn beginning(key: &[u8], values: usize) -> u128 {
    let mut end = 0;
    for _ in 0..values {
        end += match key.get(end) {
            Some(&ABSENT) => 1,
            Some(&V4) => 5,
            Some(&V6) => 17,
            _ => break,
        };
    }
    // What is neither comes behind both.
    let mut beginning = [u8::MAX; WORD];
    let bytes = &key[..end.min(WORD).min(key.len())];
    beginning[..bytes.len()].copy_from_slice(bytes);
    u128::from_be_bytes(beginning)
}

/// The order of two keys of so many values: value by value, addresses before all that is not absent and by their octets,
/// as which they are kept.
#[inline]
fn compare(mut left: &[u8], mut right: &[u8], values: usize) -> Ordering {
    for _ in 0..values {
        let order = match (address(left), address(right)) {
            (Some((one, more)), Some((other, others))) => {
                (left, right) = (more, others);
                one.cmp(other)
            }
            _ => {
                let one = decode_one(&mut left).unwrap_or(Value::Absent);
                let other = decode_one(&mut right).unwrap_or(Value::Absent);
                let is_behind = |value: &Value<'_>| !matches!(value, Value::Absent | Value::Address(_));
                is_behind(&one).cmp(&is_behind(&other)).then_with(|| one.total_order(&other))
            }
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// The address that a key begins with, with its kind, and what follows it.
#[inline]
fn address(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match *key.first()? {
        V4 => 5,
        V6 => 17,
        _ => return None,
    };
    key.split_at_checked(length)
}

/// Makes room for `more` by a quarter of what there is: twice as much would be a lot of room for nothing in a large table.
fn reserve<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact((list.len() / 4).max(more).max(64));
    }
}

/// The bytes of a kept key that is long.
#[inline]
fn long(all: &[u8], word: u128) -> Option<&[u8]> {
    if word & 0xff != LONG.into() {
        return None;
    }
    let start = usize::try_from(word >> 64).ok()?;
    let length = usize::try_from(word >> 32 & u128::from(u32::MAX)).ok()?;
    all.get(start..start + length)
}

fn hash_kept(all: &[u8], word: u128) -> u64 {
    long(all, word).map_or_else(|| hash_word(word), xxh3_64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            Just(Value::Absent),
            any::<i64>().prop_map(Value::Integer),
            (-2..70_000_i64).prop_map(Value::Integer),
            (-1e9..1e9).prop_map(Value::Float),
            ".{0,9}".prop_map(|text| Value::Text(text.into())),
            any::<IpAddr>().prop_map(Value::Address),
            any::<u8>().prop_map(|last| Value::Address(Ipv4Addr::new(10, 0, 0, last).into())),
        ]
    }

    fn key(values: &[Value<'_>]) -> Key {
        let mut key = Key::default();
        values.iter().for_each(|value| key.push(value));
        key
    }

    fn read(table: &KeyTable, place: usize) -> Vec<Value<'static>> {
        table.with_values(place, |values| values.map(Value::into_owned).collect())
    }

    #[test]
    fn what_is_too_much_has_no_place() {
        let mut table = KeyTable::new(1);
        let keys = [1, 2, 3].map(|number| key(&[Value::Integer(number)]));
        let places = [0, 1, 2, 0].map(|index: usize| table.place(&keys[index], 2));
        assert_eq!(places, [Some((0, true)), Some((1, true)), None, Some((0, false))]);
    }

    #[test]
    fn most_keys_are_a_word() {
        let address = Value::Address(Ipv4Addr::new(10, 0, 0, 5).into());
        let flow = [address.clone(), address.clone(), Value::Integer(443), Value::Integer(6)];
        assert!(key(&flow).long.is_empty());
        assert!(!key(&[address.clone(), address.clone(), address.clone(), address]).long.is_empty());
    }

    proptest! {
        #[test]
        fn keys_are_their_values((left, right) in (0..5_usize).prop_flat_map(|count| {
            (prop::collection::vec(values(), count), prop::collection::vec(values(), count))
        })) {
            let mut table = KeyTable::new(left.len());
            let is_new = left != right;
            prop_assert_eq!(table.place(&key(&left), 9), Some((0, true)));
            prop_assert_eq!(table.place(&key(&right), 9), Some((usize::from(is_new), is_new)));
            prop_assert_eq!(table.place(&key(&left), 9), Some((0, false)));
            prop_assert_eq!(read(&table, 0), left);
            prop_assert_eq!(read(&table, usize::from(is_new)), right);
            let mut copy = Key::default();
            table.copy_key(0, &mut copy);
            prop_assert_eq!(table.place(&copy, 9), Some((0, false)));
        }

        #[test]
        fn keys_come_in_the_order_of_their_values(rows in prop::collection::vec([values(), values()], 0..9)) {
            let mut table = KeyTable::new(2);
            rows.iter().for_each(|row| { table.place(&key(row), 99); });
            let found: Vec<_> = table.in_order().into_iter().map(|place| read(&table, place as usize)).collect();
            let kind = |value: &Value<'_>| match value {
                Value::Absent => (0, None),
                Value::Address(address) => (1, Some(*address)),
                _ => (2, None),
            };
            let order = |one: &Value<'_>, other: &Value<'_>| {
                kind(one).cmp(&kind(other)).then_with(|| one.total_order(other))
            };
            let mut expected: Vec<_> = rows.into_iter().map(Vec::from).collect();
            expected.sort_by(|one, other| order(&one[0], &other[0]).then_with(|| order(&one[1], &other[1])));
            expected.dedup();
            prop_assert_eq!(found, expected);
        }
    }
}
