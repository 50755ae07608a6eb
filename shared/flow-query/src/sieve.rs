//! Which of many detections a record may match, by a few of its values alone: most match none, and are passed over at once.
//!
//! The filters of all detections are asked beforehand, for all values that they tell apart, whether they can still hold if
//! those are all that is known. What is left for a record is a bit for each detection, and a few look-ups.

#![expect(clippy::inline_always, reason = "each table's look-up is code of its own only where it is inlined")]

use std::cell::OnceCell;

use flow_enrich::{EnrichedFlow, Enrichment, Externals, Side};
use flow_record::Field;

use crate::condition::Condition;
use crate::continuous::ContinuousQuery;
use crate::names::Source;
use crate::operand::Operand;
use crate::row::Row;
use crate::value::Value;

mod kinds;
mod known_texts;

use kinds::{Axis, Kinds};

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

/// The most names of one table.
const MOST_AXES: usize = 4;

/// The most detections of one sieve.
pub const MAX_SIEVED: usize = 64;

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
    axes: [Axis; MOST_AXES],
    /// The detections that some values rule out.
    decides: u64,
    /// The detections that may match a record, by its kinds of values: the first name's kind counts least.
    may_match: Box<[u64]>,
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
        let kinds: Vec<Kinds> =
            sources.iter().map(|source| Kinds::new(*source, filters)).collect::<Option<_>>()?;
        let combinations = kinds.iter().map(|kinds| kinds.examples.len()).product();
        if combinations > MOST_COMBINATIONS {
            return None;
        }
        let mut may_match = vec![all; combinations];
        for (bit, filter) in filters.iter().enumerate() {
            rule_out(&mut may_match, 1 << bit, filter, &kinds);
        }
        let decides = may_match.iter().fold(all, |both, may| both & may) ^ all;
        let mut axes = <[Axis; MOST_AXES]>::default();
        let mut before = 1;
        for (axis, kinds) in axes.iter_mut().zip(kinds) {
            let behind = before * kinds.examples.len();
            *axis = kinds.behind(before);
            before = behind;
        }
        (decides != 0).then_some(Table { axes, decides, may_match: may_match.into_boxed_slice() })
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
        SOURCES[N].get(A).map_or(0, |source| self.axes[A].place(*source, flow))
    }
}

/// Whether a filter may hold for a line whose `log-status` is neither of those without a flow, whatever else it is.
fn may_match_a_flow(filter: &Condition) -> bool {
    const STATUS: Source = Source::Field(Field::LogStatus);
    let mut named = Vec::new();
    leaves(filter, STATUS, &mut |leaf| named.push(leaf));
    let mut named = texts(&named);
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
fn rule_out(may_match: &mut [u64], bit: u64, filter: &Condition, axes: &[Kinds]) {
    let own: Vec<&Kinds> = axes.iter().filter(|axis| reads(filter, axis.source)).collect();
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
fn known_at(mut place: usize, axes: &[&Kinds]) -> Known {
    let mut known = Known(Vec::with_capacity(axes.len()));
    for axis in axes {
        known.0.push((axis.source, axis.examples[place % axis.examples.len()].clone()));
        place /= axis.examples.len();
    }
    known
}

/// A record, and what was worked out of it for one table and is wanted by another.
struct Looked<'r, 'f> {
    flow: &'r EnrichedFlow<'f>,
    side: OnceCell<Option<Side>>,
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

    /// The place, among the words that it may be, of what is looked at.
    #[inline(always)]
    fn word(&self, source: Source) -> Option<usize> {
        match source {
            Source::Enrichment(Enrichment::Side) => {
                self.side.get_or_init(|| self.flow.side()).map(|side| side as usize)
            }
            Source::Enrichment(Enrichment::Carried) => self.flow.carried().map(|carried| carried as usize),
            _ => None,
        }
    }

    /// The text of what is looked at.
    #[inline(always)]
    fn text(&self, source: Source) -> Option<&'f str> {
        match source {
            Source::Field(field) => self.flow.record.text(field),
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

/// The texts that these compare with.
fn texts(leaves: &[&Condition]) -> Vec<Box<str>> {
    let text = |leaf: &&Condition| match leaf {
        Condition::TextIs { text, .. } => Some(text.clone()),
        _ => None,
    };
    leaves.iter().filter_map(text).collect()
}
