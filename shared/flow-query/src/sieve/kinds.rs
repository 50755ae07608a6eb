//! The values of one name, in kinds that no filter tells apart.

use std::collections::BTreeMap;

use flow_enrich::{Carried, Enrichment, Side};

use super::known_texts::KnownTexts;
use super::places::{ABSENT, CODES, Places};
use super::{Known, Looked, OTHER, leaves, texts};
use crate::condition::Condition;
use crate::names::Source;
use crate::value::{Type, Value};

/// The values of one name in kinds, with an example of each.
#[derive(Debug)]
pub(super) struct Kinds {
    pub(super) source: Source,
    pub(super) examples: Vec<Value<'static>>,
    codes: Codes,
    /// The kind of each code; the last one is that of all higher ones.
    of_codes: Vec<u8>,
    absent: u8,
}

/// What a table looks up of one name; the default is that of none.
#[derive(Debug, Default)]
pub(super) struct Axis {
    codes: Codes,
    places: Places,
}

/// How a value becomes a small number.
#[derive(Debug, Default)]
enum Codes {
    /// A number is its own code, a [word](words) is its place among them.
    #[default]
    Own,
    /// Numbers by class: 2n + 1 for the n-th known one, 2n for what lies before it.
    Classes(Box<[i64]>),
    /// Texts: 0 for what is not known, then the known ones.
    Texts(KnownTexts),
}

/// Whether the values of a name are numbers, [words] or other texts.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Number,
    Word,
    Text,
}

#[inline(always)]
fn shape(source: Source) -> Shape {
    match source {
        Source::Enrichment(Enrichment::Side | Enrichment::Carried) => Shape::Word,
        source if source.value_type() == Type::Text => Shape::Text,
        _ => Shape::Number,
    }
}

/// All values of a name that has only some, in their order.
fn words(source: Source) -> Vec<&'static str> {
    match source {
        Source::Enrichment(Enrichment::Side) => Side::ALL.map(Side::name).into(),
        Source::Enrichment(Enrichment::Carried) => Carried::ALL.map(Carried::name).into(),
        _ => Vec::new(),
    }
}

impl Kinds {
    /// None if there are too many to tell apart.
    pub(super) fn new(source: Source, filters: &[&Condition]) -> Option<Self> {
        let mut told = Told::new(source, filters);
        let (codes, of_codes) = match shape(source) {
            Shape::Word => (Codes::Own, told.words(&words(source))?),
            Shape::Text => told.texts()?,
            Shape::Number => told.numbers()?,
        };
        let absent = told.kind(Value::Absent)?;
        Some(Kinds { source, examples: told.examples, codes, of_codes, absent })
    }

    /// Behind axes with so many combinations of kinds; with this one, a table has at most 65,536.
    pub(super) fn behind(self, before: usize) -> Axis {
        let place = |kind: u8| u16::try_from(usize::from(kind) * before).unwrap_or_default();
        let of_codes: Vec<u16> = self.of_codes.iter().map(|kind| place(*kind)).collect();
        Axis { codes: self.codes, places: Places::new(&of_codes, place(self.absent)) }
    }
}

impl Axis {
    /// What the kind of a record's value adds to its place in the table.
    #[inline(always)]
    pub(super) fn place(&self, source: Source, flow: &Looked<'_, '_>) -> usize {
        let code = match shape(source) {
            Shape::Number => flow.number(source).map(|number| self.codes.of_number(number)),
            Shape::Word => flow.word(source),
            Shape::Text => flow.text(source).map(|text| self.codes.of_text(text)),
        };
        self.places.of(code.map_or(ABSENT, |code| code.min(CODES - 1)))
    }
}

impl Codes {
    #[inline(always)]
    fn of_number(&self, number: u64) -> usize {
        match self {
            Codes::Classes(known) => class_of(known, number.cast_signed()),
            _ => usize::try_from(number).unwrap_or(usize::MAX),
        }
    }

    #[inline(always)]
    fn of_text(&self, text: &[u8]) -> usize {
        match self {
            Codes::Texts(known) => known.place(text).map_or(0, |place| place + 1),
            _ => 0,
        }
    }
}

/// What the filters tell apart among the values of one name.
struct Told<'c> {
    source: Source,
    leaves: Vec<&'c Condition>,
    /// The kinds, by what each leaf says of them.
    kinds: BTreeMap<Vec<bool>, usize>,
    examples: Vec<Value<'static>>,
}

impl<'c> Told<'c> {
    fn new(source: Source, filters: &[&'c Condition]) -> Self {
        let mut all = Vec::new();
        filters.iter().for_each(|filter| leaves(filter, source, &mut |leaf| all.push(leaf)));
        Told { source, leaves: all, kinds: BTreeMap::new(), examples: Vec::new() }
    }

    fn kind(&mut self, value: Value<'_>) -> Option<u8> {
        let row = Known(vec![(self.source, value.borrowed())]);
        let told = self.leaves.iter().map(|leaf| leaf.holds(&row)).collect();
        let kind = *self.kinds.entry(told).or_insert_with(|| {
            self.examples.push(value.into_owned());
            self.examples.len() - 1
        });
        u8::try_from(kind).ok()
    }

    fn words(&mut self, words: &[&'static str]) -> Option<Vec<u8>> {
        words.iter().map(|word| self.kind(Value::Text((*word).into()))).collect()
    }

    fn texts(&mut self) -> Option<(Codes, Vec<u8>)> {
        let known = KnownTexts::new(texts(&self.leaves));
        let all = [OTHER].into_iter().chain(known.iter());
        let kinds = all.map(|text| self.kind(Value::Text(text.into()))).collect::<Option<_>>()?;
        Some((Codes::Texts(known), kinds))
    }

    fn numbers(&mut self) -> Option<(Codes, Vec<u8>)> {
        let mut known = Vec::new();
        for leaf in &self.leaves {
            match leaf {
                Condition::Integer { value, .. } => known.push(*value),
                Condition::IntegerIn { values, .. } => known.extend(values),
                _ => {}
            }
        }
        known.sort_unstable();
        known.dedup();
        let classes = known.iter().flat_map(|number| [number.saturating_sub(1), *number]);
        let above = known.last().map_or(0, |last| last.saturating_add(1));
        let kinds = classes.chain([above]).map(|example| self.kind(Value::Integer(example)));
        let kinds: Vec<u8> = kinds.collect::<Option<_>>()?;
        let largest = known.last().map_or(Some(0), |last| usize::try_from(*last).ok());
        Some(match largest.filter(|largest| largest + 1 < CODES) {
            Some(largest) => {
                (Codes::Own, (0..).take(largest + 2).map(|number| kinds[class_of(&known, number)]).collect())
            }
            None => (Codes::Classes(known.into()), kinds),
        })
    }
}

fn class_of(known: &[i64], number: i64) -> usize {
    match known.binary_search(&number) {
        Ok(place) => 2 * place + 1,
        Err(place) => 2 * place,
    }
}
