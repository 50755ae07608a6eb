//! The values of one name, in kinds that no filter tells apart.

use std::collections::BTreeMap;
use std::slice;

use flow_enrich::{Carried, Enrichment, Side};

use super::known_texts::KnownTexts;
use super::places::{ABSENT, CODES, Places};
use super::told::{Examples, One};
use super::{Looked, OTHER, texts};
use crate::condition::Condition;
use crate::names::Source;
use crate::value::{Type, Value};

/// The values of one name in kinds, with an example of each.
#[derive(Debug)]
pub(super) struct Kinds {
    /// One of each kind.
    pub(super) examples: Examples,
    codes: Codes,
    /// Runs of codes of one kind, each from its first on; the last one has all higher ones.
    of_codes: Vec<(usize, u8)>,
    absent: u8,
}

/// What a table looks up of one name; the default is that of none.
#[derive(Debug, Default)]
pub(super) struct Axis {
    codes: Codes,
    places: Places,
}

/// How a value becomes a small number.
#[derive(Debug, Default, Clone)]
enum Codes {
    /// A number is its own code, a [word](words) is its place among them.
    #[default]
    Own,
    /// The place of a number among runs that begin at 0 and at each of these.
    Runs(Box<[u64]>),
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
    /// As far as `leaves` tell them apart, which read nothing else; none if there are too many.
    pub(super) fn new(source: Source, leaves: Vec<&Condition>) -> Option<Self> {
        let examples = Examples { source, values: Vec::new() };
        let mut told = Told { leaves, kinds: BTreeMap::new(), examples };
        let (codes, of_codes) = match shape(source) {
            Shape::Word => (Codes::Own, told.each(words(source))?),
            Shape::Text => told.texts()?,
            Shape::Number => told.numbers()?,
        };
        let absent = told.kind(Value::Absent)?;
        Some(Kinds { examples: told.examples, codes, of_codes, absent })
    }

    /// Behind axes with so many combinations of kinds; with this one, a table has at most 65,536.
    pub(super) fn behind(&self, before: usize) -> Axis {
        let place = |kind: u8| u16::try_from(usize::from(kind) * before).unwrap_or_default();
        let runs: Vec<_> = self.of_codes.iter().map(|(start, kind)| (*start, place(*kind))).collect();
        Axis { codes: self.codes.clone(), places: Places::new(&runs, place(self.absent)) }
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
            Codes::Runs(starts) => starts.partition_point(|start| *start <= number),
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
    leaves: Vec<&'c Condition>,
    /// The kinds, by what each leaf says of them.
    kinds: BTreeMap<Vec<bool>, usize>,
    examples: Examples,
}

impl Told<'_> {
    /// The kind of a value, of which each leaf is asked.
    fn kind(&mut self, value: Value<'static>) -> Option<u8> {
        let told: Vec<bool> = self.leaves.iter().map(|leaf| self.says(leaf, &value)).collect();
        self.kind_of(&told, value)
    }

    fn says(&self, leaf: &Condition, value: &Value<'static>) -> bool {
        leaf.holds(&One(self.examples.source, value))
    }

    /// The kind of a value of which the leaves say this.
    fn kind_of(&mut self, told: &[bool], value: Value<'static>) -> Option<u8> {
        let kind = self.kinds.get(told).copied().unwrap_or_else(|| {
            self.examples.values.push(value);
            self.kinds.insert(told.to_vec(), self.kinds.len());
            self.kinds.len() - 1
        });
        u8::try_from(kind).ok()
    }

    /// Each text's code is its place.
    fn each<T: Into<String>>(&mut self, texts: impl IntoIterator<Item = T>) -> Option<Vec<(usize, u8)>> {
        let kind = |(code, text): (usize, T)| Some((code, self.kind(Value::Text(text.into().into()))?));
        texts.into_iter().enumerate().map(kind).collect()
    }

    fn texts(&mut self) -> Option<(Codes, Vec<(usize, u8)>)> {
        let known = KnownTexts::new(texts(&self.leaves));
        let kinds = self.each([OTHER].into_iter().chain(known.iter()))?;
        Some((Codes::Texts(known), kinds))
    }

    /// What a leaf says changes only where a number that it names begins or ends: it is asked there and nowhere else.
    fn numbers(&mut self) -> Option<(Codes, Vec<(usize, u8)>)> {
        let mut told: Vec<bool> =
            self.leaves.iter().map(|leaf| self.says(leaf, &Value::Integer(0))).collect();
        let mut changes = Vec::new();
        for ((place, leaf), first) in self.leaves.iter().enumerate().zip(&told) {
            let ends = named(leaf).iter().flat_map(|number| [*number, number.saturating_add(1)]);
            let mut ends: Vec<i64> = ends.filter(|number| *number > 0).collect();
            ends.sort_unstable();
            let mut last = *first;
            for number in ends {
                let now = self.says(leaf, &Value::Integer(number));
                if now != last {
                    changes.push((number, place));
                }
                last = now;
            }
        }
        changes.sort_unstable();
        let mut runs = vec![(0, self.kind_of(&told, Value::Integer(0))?)];
        for changes in changes.chunk_by(|one, other| one.0 == other.0) {
            changes.iter().for_each(|(_, leaf)| told[*leaf] = !told[*leaf]);
            let start = changes[0].0;
            runs.push((start.cast_unsigned(), self.kind_of(&told, Value::Integer(start))?));
        }
        coded(&runs)
    }
}

/// Codes for the kinds of runs of numbers, each from its first to the next one's. None if there are too many.
fn coded(runs: &[(u64, u8)]) -> Option<(Codes, Vec<(usize, u8)>)> {
    let own = |(start, kind): &(u64, u8)| {
        Some((usize::try_from(*start).ok().filter(|start| *start < CODES)?, *kind))
    };
    if let Some(own) = runs.iter().map(own).collect() {
        return Some((Codes::Own, own));
    }
    let starts = runs.iter().skip(1).map(|(start, _)| *start).collect();
    let places = runs.iter().enumerate().map(|(place, (_, kind))| (place, *kind)).collect();
    (runs.len() <= CODES).then_some((Codes::Runs(starts), places))
}

/// The numbers that a leaf compares with.
fn named(leaf: &Condition) -> &[i64] {
    match leaf {
        Condition::Integer { value, .. } => slice::from_ref(value),
        Condition::IntegerIn { values, .. } => values,
        _ => &[],
    }
}
