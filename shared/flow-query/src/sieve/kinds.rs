//! The values of one name, in kinds that no filter tells apart.

use std::collections::BTreeMap;

use flow_enrich::{Carried, Enrichment, Side};

use super::known_texts::KnownTexts;
use super::{Known, Looked, OTHER, leaves, texts};
use crate::condition::Condition;
use crate::names::Source;
use crate::value::{Type, Value};

/// Numbers below this have a kind each in a table; above it the place among the known ones is searched.
const DIRECT: usize = 1 << 16;

/// The values of one name in kinds, with an example of each.
#[derive(Debug)]
pub(super) struct Kinds {
    pub(super) source: Source,
    pub(super) examples: Vec<Value<'static>>,
    lookup: Lookup,
    absent: u8,
}

/// What a table looks up of one name; the default is that of none.
#[derive(Debug, Default)]
pub(super) struct Axis {
    lookup: Lookup,
    /// The kind of what has no value.
    absent: u8,
    /// How many combinations of kinds the axes before have.
    before: usize,
}

/// The kind of each value.
#[derive(Debug, Default)]
enum Lookup {
    #[default]
    None,
    /// Of the numbers from 0 on; the last one is that of all larger ones.
    Small(Box<[u8]>),
    /// Of numbers by class: 2n + 1 for the n-th known one, 2n for what lies before it.
    Large { known: Box<[i64]>, kinds: Box<[u8]> },
    /// Of the [`words`] of a name that has no other values.
    Words(Box<[u8]>),
    /// Of texts: first those that are not known.
    Texts { known: KnownTexts, kinds: Box<[u8]> },
}

/// All values of a name that has only some, in their order.
fn words(source: Source) -> Option<Vec<&'static str>> {
    match source {
        Source::Enrichment(Enrichment::Side) => Some(Side::ALL.map(Side::name).into()),
        Source::Enrichment(Enrichment::Carried) => Some(Carried::ALL.map(Carried::name).into()),
        _ => None,
    }
}

impl Kinds {
    /// None if there are too many to tell apart.
    pub(super) fn new(source: Source, filters: &[&Condition]) -> Option<Self> {
        let mut told = Told::new(source, filters);
        let lookup = match words(source) {
            Some(words) => told.words(&words)?,
            None if source.value_type() == Type::Text => told.texts()?,
            None => told.numbers()?,
        };
        let absent = told.kind(Value::Absent)?;
        Some(Kinds { source, examples: told.examples, lookup, absent })
    }

    /// Behind axes with so many combinations of kinds.
    pub(super) fn behind(self, before: usize) -> Axis {
        Axis { lookup: self.lookup, absent: self.absent, before }
    }
}

impl Axis {
    /// What the kind of a record's value adds to its place in the table.
    #[inline(always)]
    pub(super) fn place(&self, source: Source, flow: &Looked<'_, '_>) -> usize {
        usize::from(self.kind(source, flow).unwrap_or(self.absent)) * self.before
    }

    /// None for what has no value.
    #[inline(always)]
    fn kind(&self, source: Source, flow: &Looked<'_, '_>) -> Option<u8> {
        match &self.lookup {
            Lookup::None => None,
            Lookup::Small(kinds) => {
                let number = usize::try_from(flow.number(source)?).unwrap_or(usize::MAX);
                kinds.get(number.min(kinds.len().wrapping_sub(1))).copied()
            }
            Lookup::Large { known, kinds } => {
                kinds.get(class_of(known, flow.number(source)?.cast_signed())).copied()
            }
            Lookup::Words(kinds) => kinds.get(flow.word(source)?).copied(),
            Lookup::Texts { known, kinds } => {
                kinds.get(known.place(flow.text(source)?).map_or(0, |place| place + 1)).copied()
            }
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
        let row = Known(vec![(self.source, value.into_owned())]);
        let told = self.leaves.iter().map(|leaf| leaf.holds(&row)).collect();
        let kind = *self.kinds.entry(told).or_insert_with(|| {
            self.examples.extend(row.0.into_iter().map(|(_, value)| value));
            self.examples.len() - 1
        });
        u8::try_from(kind).ok()
    }

    fn words(&mut self, words: &[&'static str]) -> Option<Lookup> {
        let kinds = words.iter().map(|word| self.kind(Value::Text((*word).into())));
        kinds.collect::<Option<_>>().map(Lookup::Words)
    }

    fn texts(&mut self) -> Option<Lookup> {
        let known = KnownTexts::new(texts(&self.leaves));
        let all = [OTHER].into_iter().chain(known.iter());
        let kinds = all.map(|text| self.kind(Value::Text(text.into()))).collect::<Option<_>>()?;
        Some(Lookup::Texts { known, kinds })
    }

    fn numbers(&mut self) -> Option<Lookup> {
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
        let kinds: Box<[u8]> = kinds.collect::<Option<_>>()?;
        let largest = known.last().and_then(|last| usize::try_from(*last).ok()).unwrap_or(DIRECT);
        Some(if largest < DIRECT {
            Lookup::Small((0..).take(largest + 2).map(|number| kinds[class_of(&known, number)]).collect())
        } else {
            Lookup::Large { known: known.into(), kinds }
        })
    }
}

fn class_of(known: &[i64], number: i64) -> usize {
    match known.binary_search(&number) {
        Ok(place) => 2 * place + 1,
        Err(place) => 2 * place,
    }
}
