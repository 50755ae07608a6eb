//! Which of many detections a record may match, by a few of its values alone: most match none, and are passed over at once.
//!
//! The filters of all detections are asked beforehand, for all values that they tell apart, whether they can still hold if
//! those are all that is known. What is left for a record is a bit for each detection, and a few look-ups.

#![expect(clippy::inline_always, reason = "each table's look-up is code of its own only where it is inlined")]

use std::cell::OnceCell;
use std::collections::BTreeMap;

use flow_enrich::{EnrichedFlow, Enrichment, Externals};
use flow_record::Field;

use crate::condition::Condition;
use crate::continuous::ContinuousQuery;
use crate::names::Source;
use crate::operand::Operand;
use crate::row::Row;
use crate::value::{Type, Value};

mod known_texts;

use known_texts::KnownTexts;

/// The names looked at: some together, since filters join them by `or`; first what is cheap and rules out most.
const SOURCES: [&[Source]; TABLES] = [
    &[
        Source::Field(Field::Action),
        Source::Field(Field::Protocol),
        Source::Field(Field::Packets),
        Source::Enrichment(Enrichment::Carried),
    ],
    &[Source::Field(Field::DstPort), Source::Field(Field::SrcPort), Source::Enrichment(Enrichment::Side)],
    &[Source::Field(Field::Bytes)],
    &[Source::Enrichment(Enrichment::Duration)],
    &[
        Source::Enrichment(Enrichment::Side),
        Source::Enrichment(Enrichment::Direction),
        Source::Enrichment(Enrichment::SrcExternal),
        Source::Enrichment(Enrichment::DstExternal),
    ],
];

const TABLES: usize = 5;

/// The most detections of one sieve.
pub const MAX_SIEVED: usize = 64;

/// Numbers below this have a kind each in a table; above it the place among the known ones is searched.
const DIRECT: usize = 1 << 16;

/// No text that a rule names is this one.
const OTHER: &str = "\u{0}";

/// The most combinations of kinds in a table.
const MOST_COMBINATIONS: usize = 1 << 16;

/// See the module.
#[derive(Debug)]
pub struct Sieve {
    /// A bit for each detection.
    all: u64,
    /// Those that may match a record while no network has a name.
    without_networks: u64,
    /// Those that may match a record of a flow: not those that ask for `NODATA` or `SKIPDATA` alone.
    of_flows: u64,
    /// Of [`SOURCES`], in their order.
    tables: [Table; TABLES],
}

/// What the values of some names rule out together; the default rules out nothing.
#[derive(Debug, Default)]
struct Table {
    axes: Vec<Axis>,
    /// The detections that some values rule out.
    decides: u64,
    /// The detections that may match a record, by its kinds of values: the first name's kind counts least.
    may_match: Box<[u64]>,
}

/// The values of one name, in kinds that no filter tells apart.
#[derive(Debug)]
struct Axis {
    source: Source,
    classes: Classes,
    /// The kind of each class.
    kinds: Box<[u8]>,
    /// That of what has no value.
    absent: u8,
    /// How many combinations of kinds the axes before have.
    before: usize,
    /// A value of each kind.
    examples: Vec<Value<'static>>,
}

/// How values become classes: 2n + 1 for the n-th known value, 2n for what lies before it.
#[derive(Debug)]
enum Classes {
    Numbers {
        known: Box<[i64]>,
        /// The kinds of the numbers from 0 to the first that is larger than all known ones, if that is not too many.
        direct: Box<[u8]>,
    },
    /// 2n + 1 for the n-th known text, 0 for any other.
    Texts(KnownTexts),
}

impl Sieve {
    /// Of the first [`MAX_SIEVED`] of these detections.
    pub fn new<'q>(queries: impl IntoIterator<Item = &'q ContinuousQuery>) -> Self {
        let filters: Vec<&Condition> =
            queries.into_iter().take(MAX_SIEVED).map(ContinuousQuery::filter).collect();
        let all = filters.iter().enumerate().fold(0, |all, (place, _)| all | 1 << place);
        let tables = SOURCES.map(|sources| Table::new(sources, &filters, all).unwrap_or_default());
        let those = |may: &dyn Fn(&Condition) -> bool| {
            let may = filters.iter().enumerate().filter(|(_, filter)| may(filter));
            may.fold(0, |may, (place, _)| may | 1 << place)
        };
        let nameless = [Enrichment::SrcNetwork, Enrichment::DstNetwork];
        let nameless = Known(nameless.map(|name| (Source::Enrichment(name), Value::Absent)).into());
        let without_networks = those(&|filter| possible(filter, &nameless) != Some(false));
        let of_flows = those(&may_match_a_flow);
        Sieve { all, without_networks, of_flows, tables }
    }

    /// A bit for each detection of `asked` that `flow` may match, the first the lowest.
    #[inline]
    pub fn candidates(&self, asked: u64, flow: &EnrichedFlow<'_>) -> u64 {
        let has_networks = !flow.tables.networks.is_empty();
        let left = asked & if has_networks { self.all } else { self.without_networks };
        let left = left & if flow.record.is_flow() { self.of_flows } else { self.all };
        let flow = &Looked { flow, side: OnceCell::new(), externals: OnceCell::new() };
        let left = self.look_at::<1>(self.look_at::<0>(left, flow), flow);
        let left = self.look_at::<3>(self.look_at::<2>(left, flow), flow);
        self.look_at::<4>(left, flow)
    }

    /// What the names at `N` leave of `left`. Each place is code of its own, which knows what it reads.
    #[inline(always)]
    fn look_at<const N: usize>(&self, left: u64, flow: &Looked<'_, '_>) -> u64 {
        let table = &self.tables[N];
        // What is worked out from a record is worked out only if it matters.
        if left & table.decides == 0 { left } else { left & table.may_match::<N>(flow) }
    }
}

impl Table {
    /// None if no values of `sources` rule out anything, or if there are too many to tell apart.
    fn new(sources: &[Source], filters: &[&Condition], all: u64) -> Option<Self> {
        let mut combinations = 1;
        let mut axes = Vec::with_capacity(sources.len());
        for source in sources {
            let next = Axis::new(*source, filters, combinations)?;
            combinations *= next.examples.len();
            if combinations > MOST_COMBINATIONS {
                return None;
            }
            axes.push(next);
        }
        let mut may_match = vec![all; combinations];
        for (bit, filter) in filters.iter().enumerate() {
            rule_out(&mut may_match, 1 << bit, filter, &axes);
        }
        let may_match = may_match.into_boxed_slice();
        let decides = may_match.iter().fold(all, |both, may| both & may) ^ all;
        (decides != 0).then_some(Table { axes, decides, may_match })
    }

    #[inline(always)]
    fn may_match<const N: usize>(&self, flow: &Looked<'_, '_>) -> u64 {
        let first = self.place_at::<N, 0>(flow) + self.place_at::<N, 1>(flow);
        let place = first + self.place_at::<N, 2>(flow) + self.place_at::<N, 3>(flow);
        self.may_match.get(place).copied().unwrap_or(u64::MAX)
    }

    /// Of the record on the `A`-th axis of the `N`-th table, if there is one.
    #[inline(always)]
    fn place_at<const N: usize, const A: usize>(&self, flow: &Looked<'_, '_>) -> usize {
        match (SOURCES[N].get(A), self.axes.get(A)) {
            (Some(source), Some(axis)) => axis.place(*source, flow),
            _ => 0,
        }
    }
}

/// Whether a filter may hold for a line whose `log-status` is neither of those without a flow, whatever else it is.
fn may_match_a_flow(filter: &Condition) -> bool {
    const STATUS: Source = Source::Field(Field::LogStatus);
    let mut named = Vec::new();
    texts(filter, STATUS, &mut named);
    named.retain(|text| !matches!(&**text, "NODATA" | "SKIPDATA"));
    let named = named.iter().map(|text| Value::Text((&**text).into()));
    let mut all = named.chain([Value::Text(OTHER.into()), Value::Absent]);
    all.any(|value| possible(filter, &Known(vec![(STATUS, value.into_owned())])) != Some(false))
}

fn reads(filter: &Condition, source: Source) -> bool {
    let mut found = false;
    filter.sources(&mut |read| found |= read == source);
    found
}

/// Takes `bit` away wherever `filter` can't hold. It is asked once for all kinds of values that it does not look at.
fn rule_out(may_match: &mut [u64], bit: u64, filter: &Condition, axes: &[Axis]) {
    let own: Vec<&Axis> = axes.iter().filter(|axis| reads(filter, axis.source)).collect();
    let combinations = own.iter().map(|axis| axis.examples.len()).product();
    let may: Vec<bool> =
        (0..combinations).map(|place| possible(filter, &known_at(place, &own)) != Some(false)).collect();
    if may.iter().all(|may| *may) {
        return;
    }
    // How many kinds each axis has, and how many places they are apart among those that the filter reads.
    let mut apart = 1;
    let steps: Vec<(usize, usize)> = axes
        .iter()
        .map(|axis| {
            let kinds = axis.examples.len();
            let step = if reads(filter, axis.source) { apart } else { 0 };
            apart *= if step == 0 { 1 } else { kinds };
            (kinds, step)
        })
        .collect();
    for (place, left) in may_match.iter_mut().enumerate() {
        let (mut rest, mut own_place) = (place, 0);
        for (kinds, step) in &steps {
            own_place += rest % kinds * step;
            rest /= kinds;
        }
        if may.get(own_place) == Some(&false) {
            *left &= !bit;
        }
    }
}

/// Values of the kinds at `place`.
fn known_at(mut place: usize, axes: &[&Axis]) -> Known {
    let mut known = Known(Vec::with_capacity(axes.len()));
    for axis in axes {
        known.0.push((axis.source, axis.examples[place % axis.examples.len()].clone()));
        place /= axis.examples.len();
    }
    known
}

impl Axis {
    /// Behind axes with so many combinations of kinds; none if there are too many values to tell apart.
    fn new(source: Source, filters: &[&Condition], before: usize) -> Option<Self> {
        let classes = Classes::of(source, filters);
        let mut all = Vec::new();
        filters.iter().for_each(|filter| leaves(filter, source, &mut |leaf| all.push(leaf)));
        let mut known = BTreeMap::<Vec<bool>, usize>::new();
        let mut examples = Vec::new();
        let mut kind = |value: Value<'_>| {
            let value = value.into_owned();
            let row = Known(vec![(source, value.clone())]);
            let told = all.iter().map(|leaf| leaf.holds(&row)).collect();
            *known.entry(told).or_insert_with(|| {
                examples.push(value);
                examples.len() - 1
            })
        };
        let mut place = |value| u8::try_from(kind(value)).ok();
        let kinds: Box<[u8]> = classes.examples().into_iter().map(&mut place).collect::<Option<_>>()?;
        let absent = place(Value::Absent)?;
        let classes = classes.with_direct(&kinds);
        Some(Axis { source, classes, kinds, absent, before, examples })
    }

    #[inline(always)]
    fn place(&self, source: Source, flow: &Looked<'_, '_>) -> usize {
        usize::from(self.kind(source, flow).unwrap_or(self.absent)) * self.before
    }

    /// None for what has no value.
    #[inline(always)]
    fn kind(&self, source: Source, flow: &Looked<'_, '_>) -> Option<u8> {
        match &self.classes {
            Classes::Numbers { known, direct } => {
                let number = flow.number(source)?;
                // The last one in the table is that of all larger numbers too.
                let place = usize::try_from(number).unwrap_or(usize::MAX);
                match direct.get(place.min(direct.len().wrapping_sub(1))) {
                    Some(kind) => Some(*kind),
                    None => self.kinds.get(class_of(known, number.cast_signed())).copied(),
                }
            }
            Classes::Texts(known) => {
                let class = known.place(flow.text(source)?).map_or(0, |place| 2 * place + 1);
                self.kinds.get(class).copied()
            }
        }
    }
}

/// A record, and what was worked out of it for one table and is wanted by another.
struct Looked<'r, 'f> {
    flow: &'r EnrichedFlow<'f>,
    side: OnceCell<Option<&'f str>>,
    externals: OnceCell<Externals>,
}

impl<'f> Looked<'_, 'f> {
    /// The number of what is [looked at](SOURCES), as a row has it.
    #[inline(always)]
    fn number(&self, source: Source) -> Option<u64> {
        match source {
            Source::Field(field) => self.flow.record.integer(field),
            Source::Enrichment(Enrichment::SrcExternal) => self.externals().source.map(u64::from),
            Source::Enrichment(Enrichment::DstExternal) => self.externals().destination.map(u64::from),
            Source::Enrichment(enrichment) => self.flow.enrichment_number(enrichment),
            _ => None,
        }
    }

    /// The text of what is looked at.
    #[inline(always)]
    fn text(&self, source: Source) -> Option<&'f str> {
        match source {
            Source::Field(field) => self.flow.record.text(field),
            Source::Enrichment(Enrichment::Side) => {
                *self.side.get_or_init(|| self.flow.enrichment_text(Enrichment::Side))
            }
            Source::Enrichment(Enrichment::Direction) => self.flow.direction(|| self.externals()),
            Source::Enrichment(enrichment) => self.flow.enrichment_text(enrichment),
            _ => None,
        }
    }

    #[inline]
    fn externals(&self) -> Externals {
        *self.externals.get_or_init(|| self.flow.externals())
    }
}

impl Classes {
    fn of(source: Source, filters: &[&Condition]) -> Self {
        if source.value_type() == Type::Text {
            let mut known = Vec::new();
            filters.iter().for_each(|filter| texts(filter, source, &mut known));
            return Classes::Texts(KnownTexts::new(known));
        }
        let mut known = Vec::new();
        filters.iter().for_each(|filter| numbers(filter, source, &mut known));
        known.sort_unstable();
        known.dedup();
        Classes::Numbers { known: known.into(), direct: Box::default() }
    }

    /// With the kinds of numbers that have one each in a table, of the `kinds` of all classes.
    fn with_direct(self, kinds: &[u8]) -> Self {
        let Classes::Numbers { known, .. } = self else { return self };
        let largest = known.last().and_then(|last| usize::try_from(*last).ok()).unwrap_or(DIRECT);
        let length = if largest < DIRECT { largest + 2 } else { 0 };
        let direct = (0..).take(length).map(|number| kinds[class_of(&known, number)]).collect();
        Classes::Numbers { known, direct }
    }

    /// A value of each class.
    fn examples(&self) -> Vec<Value<'_>> {
        match self {
            Classes::Numbers { known, .. } => {
                let mut examples: Vec<Value<'_>> = Vec::new();
                for number in known {
                    examples.push(Value::Integer(number.saturating_sub(1)));
                    examples.push(Value::Integer(*number));
                }
                examples.push(Value::Integer(known.last().map_or(0, |last| last.saturating_add(1))));
                examples
            }
            Classes::Texts(known) => {
                let other = Value::Text(OTHER.into());
                let mut examples = vec![other.clone()];
                for text in known.iter() {
                    examples.push(Value::Text(text.into()));
                    examples.push(other.clone());
                }
                examples
            }
        }
    }
}

fn class_of(known: &[i64], number: i64) -> usize {
    match known.binary_search(&number) {
        Ok(place) => 2 * place + 1,
        Err(place) => 2 * place,
    }
}

/// A row of which some values are known.
struct Known(Vec<(Source, Value<'static>)>);

impl Row for Known {
    fn value(&self, source: Source) -> Value<'_> {
        self.0.iter().find(|(known, _)| *known == source).map_or(Value::Absent, |(_, value)| value.borrowed())
    }
}

/// Whether a condition holds, as far as the known values tell.
fn possible(condition: &Condition, known: &Known) -> Option<bool> {
    match condition {
        Condition::All(parts) => kleene(parts, known, false),
        Condition::Any(parts) => kleene(parts, known, true),
        Condition::Not(inner) => possible(inner, known).map(|holds| !holds),
        leaf => {
            // What is absent is absent, whatever a condition does with it; other values stand for all of their kind.
            let mut is_known = true;
            leaf.sources(&mut |source| {
                let value = known.0.iter().find(|(known, _)| *known == source).map(|(_, value)| value);
                is_known &= match value {
                    Some(Value::Absent) => true,
                    Some(_) => source_of(leaf) == Some(source),
                    None => false,
                };
            });
            is_known.then(|| leaf.holds(known))
        }
    }
}

/// Conditions joined by `or`, for which one that holds decides, or by `and`, for which one that does not.
fn kleene(parts: &[Condition], known: &Known, decisive: bool) -> Option<bool> {
    let mut all = Some(!decisive);
    for part in parts {
        match possible(part, known) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => all = None,
        }
    }
    all
}

/// The one name that a condition reads which tells apart only values that it names.
fn source_of(leaf: &Condition) -> Option<Source> {
    match leaf {
        Condition::Integer { source, .. }
        | Condition::IntegerIn { source, .. }
        | Condition::TextIs { source, .. }
        | Condition::Present(Operand::Source(source)) => Some(*source),
        _ => None,
    }
}

fn leaves<'c>(condition: &'c Condition, source: Source, visit: &mut dyn FnMut(&'c Condition)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| leaves(part, source, visit));
        }
        Condition::Not(inner) => leaves(inner, source, visit),
        leaf if source_of(leaf) == Some(source) => visit(leaf),
        _ => {}
    }
}

fn numbers(condition: &Condition, source: Source, known: &mut Vec<i64>) {
    leaves(condition, source, &mut |leaf| match leaf {
        Condition::Integer { value, .. } => known.push(*value),
        Condition::IntegerIn { values, .. } => known.extend(values),
        _ => {}
    });
}

fn texts(condition: &Condition, source: Source, known: &mut Vec<Box<str>>) {
    leaves(condition, source, &mut |leaf| {
        if let Condition::TextIs { text, .. } = leaf {
            known.push(text.clone());
        }
    });
}
