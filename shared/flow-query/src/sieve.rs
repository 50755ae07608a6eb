//! Which of many detections a record may match, by a few of its values alone: most match none, and are passed over at once.
//!
//! The filters of all detections are asked beforehand, for all values that they tell apart, whether they can still hold if
//! those are all that is known. What is left for a record is a bit for each detection, and a few look-ups.

#![expect(clippy::inline_always, reason = "each table's look-up is code of its own only where it is inlined")]

use std::array;
use std::cell::OnceCell;
use std::slice;

use flow_enrich::{Carried, EnrichedFlow, Enrichment, Externals, Side};
use flow_record::Field;

use crate::condition::Condition;
use crate::continuous::ContinuousQuery;
use crate::names::Source;
use crate::operand::Operand;
use crate::value::Value;

mod kinds;
mod known_texts;
mod layers;
mod places;
mod told;

use kinds::{Axis, Kinds};
use layers::Layers;
use told::{Examples, HOLDS, told};

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
        Source::Field(Field::Protocol),
        Source::Enrichment(Enrichment::Carried),
        Source::Enrichment(Enrichment::Side),
        Source::Enrichment(Enrichment::Direction),
    ],
    &[
        Source::Enrichment(Enrichment::Side),
        Source::Enrichment(Enrichment::Direction),
        Source::Enrichment(Enrichment::SrcExternal),
        Source::Enrichment(Enrichment::DstExternal),
    ],
    &[Source::Field(Field::DstPort), Source::Enrichment(Enrichment::DstExternal)],
];

const TABLES: usize = 7;

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
    /// What of the filters the tables do not decide: each condition once, with a bit for every detection that has it.
    rests: Vec<(u64, Condition)>,
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
        let kinds = kinds_of(&filters);
        let mut parts: Vec<Vec<Part<'_>>> = filters.iter().map(|filter| Part::all(filter, &kinds)).collect();
        let tables = SOURCES.map(|sources| Table::new(sources, &kinds, all, &mut parts).unwrap_or_default());
        let rests = rests_of(&parts);
        let those = |may: &dyn Fn(&Condition) -> bool| {
            let may = filters.iter().enumerate().filter(|(_, filter)| may(filter));
            may.fold(0, |may, (place, _)| may | 1 << place)
        };
        let without_networks = those(&may_match_without_networks);
        let of_flows = those(&may_match_a_flow);
        Sieve { all, without_networks, of_flows, tables, rests }
    }

    /// A bit for each detection of `asked` that `flow` matches, the first the lowest.
    #[inline]
    pub fn matching(&self, asked: u64, flow: &EnrichedFlow<'_>) -> u64 {
        let mut left = self.candidates(asked, flow);
        if left != 0 {
            for (those, condition) in &self.rests {
                if left & those != 0 && !condition.holds(flow) {
                    left &= !those;
                }
            }
        }
        left
    }

    /// Those that the tables leave.
    #[inline]
    fn candidates(&self, asked: u64, flow: &EnrichedFlow<'_>) -> u64 {
        let has_networks = !flow.tables.networks.is_empty();
        let left = asked & if has_networks { self.all } else { self.without_networks };
        let left = left & if flow.record.is_flow() { self.of_flows } else { self.all };
        let flow = &Looked::of(flow);
        let left = self.look_at::<1>(self.look_at::<0>(left, flow), flow);
        let left = self.look_at::<3>(self.look_at::<2>(left, flow), flow);
        let left = self.look_at::<5>(self.look_at::<4>(left, flow), flow);
        self.look_at::<6>(left, flow)
    }

    /// What the names at `N` leave of `left`. Each place is code of its own, which knows what it reads.
    #[inline(always)]
    fn look_at<const N: usize>(&self, left: u64, flow: &Looked<'_, '_>) -> u64 {
        let table = &self.tables[N];
        // What is worked out from a record is worked out only if it matters.
        if left & table.decides == 0 { left } else { left & table.may_match::<N>(flow) }
    }
}

/// The conditions that no table decides, of each detection's parts: what several have in common is asked once.
fn rests_of(parts: &[Vec<Part<'_>>]) -> Vec<(u64, Condition)> {
    let mut rests: Vec<(u64, Condition)> = Vec::new();
    for (bit, parts) in parts.iter().enumerate() {
        for part in parts.iter().filter(|part| !part.is_decided) {
            match rests.iter_mut().find(|(_, known)| known == part.condition) {
                Some((those, _)) => *those |= 1 << bit,
                None => rests.push((1 << bit, part.condition.clone())),
            }
        }
    }
    rests
}

impl Table {
    /// None if no values of `sources` rule out anything, or if there are too many to tell apart. Marks the `parts` of each
    /// filter that are decided here.
    fn new(sources: &[Source], kinds: &[Kinds], all: u64, parts: &mut [Vec<Part<'_>>]) -> Option<Self> {
        let of = |source: &Source| kinds.iter().position(|kinds| kinds.examples.source == *source);
        let places: Vec<usize> = sources.iter().map(of).collect::<Option<_>>()?;
        let mut layers =
            Layers::new(places.iter().map(|place| (1 << place, &kinds[*place].examples)).collect(), all);
        if layers.combinations() > MOST_COMBINATIONS {
            return None;
        }
        for (bit, parts) in parts.iter_mut().enumerate() {
            // What a table before this one decides rules out nothing more.
            for part in parts.iter_mut().filter(|part| !part.is_decided) {
                part.is_decided = layers.add(bit, part.condition, &part.reads);
            }
        }
        let may_match = layers.join();
        let decides = may_match.iter().fold(all, |both, may| both & may) ^ all;
        if decides == 0 {
            return None;
        }
        let (mut places, mut before) = (places.into_iter(), 1);
        let axes = array::from_fn(|_| {
            let Some(place) = places.next() else { return Axis::default() };
            let axis = kinds[place].behind(before);
            before *= kinds[place].examples.values.len();
            axis
        });
        Some(Table { axes, decides, may_match: may_match.into_boxed_slice() })
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

/// Of all that is looked at, but for what has too many kinds to tell apart.
fn kinds_of(filters: &[&Condition]) -> Vec<Kinds> {
    let mut sources: Vec<Source> = Vec::new();
    for source in SOURCES.concat() {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let mut all = Vec::new();
    filters.iter().for_each(|filter| leaves(filter, &mut |source, leaf| all.push((source, leaf))));
    let kinds = |source| {
        let mut own: Vec<&Condition> = Vec::new();
        for (_, leaf) in all.iter().filter(|(read, _)| *read == source) {
            if !own.iter().any(|known| is_same(known, leaf)) {
                own.push(leaf);
            }
        }
        Kinds::new(source, own)
    };
    sources.into_iter().filter_map(kinds).collect()
}

/// A condition that must hold for a filter to hold.
struct Part<'c> {
    condition: &'c Condition,
    /// What each of the conditions reads that it joins by `or`, itself if it joins none: a bit for each of the
    /// [kinds](kinds_of) of names.
    reads: Vec<u16>,
    /// Whether a table tells if it holds.
    is_decided: bool,
}

impl<'c> Part<'c> {
    fn all(filter: &'c Condition, kinds: &[Kinds]) -> Vec<Self> {
        let reads = |condition: &Condition| {
            let mut reads = 0;
            condition.sources(&mut |source| {
                let place = kinds.iter().position(|kinds| kinds.examples.source == source);
                reads |= place.map_or(0, |place| 1 << place);
            });
            reads
        };
        let mut parts = Vec::new();
        filter.conjuncts(&mut |condition| {
            let alternatives =
                if let Condition::Any(any) = condition { any } else { slice::from_ref(condition) };
            let reads = alternatives.iter().map(reads).collect();
            parts.push(Part { condition, reads, is_decided: false });
        });
        parts
    }
}

/// Whether a filter may hold for a record while no network has a name.
fn may_match_without_networks(filter: &Condition) -> bool {
    let nameless = [Enrichment::SrcNetwork, Enrichment::DstNetwork];
    let nameless =
        nameless.map(|name| Examples { source: Source::Enrichment(name), values: vec![Value::Absent] });
    may_match(filter, &nameless.each_ref())
}

/// Whether a filter may hold for a line whose `log-status` is neither of those without a flow, whatever else it is.
fn may_match_a_flow(filter: &Condition) -> bool {
    const STATUS: Source = Source::Field(Field::LogStatus);
    let mut named = Vec::new();
    leaves(filter, &mut |source, leaf| named.extend((source == STATUS).then_some(leaf)));
    let mut named = texts(&named);
    named.retain(|text| !matches!(&**text, "NODATA" | "SKIPDATA"));
    let named = named.into_iter().map(|text| Value::Text(text.into_string().into()));
    let values = named.chain([Value::Text(OTHER.into()), Value::Absent]).collect();
    may_match(filter, &[&Examples { source: STATUS, values }])
}

/// Whether a filter may hold for some of these values.
fn may_match(filter: &Condition, examples: &[&Examples]) -> bool {
    told(filter, examples).is_none_or(|told| told.iter().any(|told| told & HOLDS != 0))
}

/// A record, and what was worked out of it for one table and is wanted by another.
struct Looked<'r, 'f> {
    flow: &'r EnrichedFlow<'f>,
    side: Option<Side>,
    carried: Option<Carried>,
    direction: OnceCell<Option<&'f str>>,
    externals: OnceCell<Externals>,
}

impl<'r, 'f> Looked<'r, 'f> {
    #[inline]
    fn of(flow: &'r EnrichedFlow<'f>) -> Self {
        let (direction, externals) = (OnceCell::new(), OnceCell::new());
        Looked { flow, side: flow.side(), carried: flow.carried(), direction, externals }
    }

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
            Source::Enrichment(Enrichment::Side) => self.side.map(|side| side as usize),
            Source::Enrichment(Enrichment::Carried) => self.carried.map(|carried| carried as usize),
            _ => None,
        }
    }

    /// The text of what is looked at, as bytes.
    #[inline(always)]
    fn text(&self, source: Source) -> Option<&'f [u8]> {
        match source {
            Source::Field(field) => self.flow.record.bytes(field),
            Source::Enrichment(Enrichment::Direction) => {
                self.direction.get_or_init(|| self.flow.direction(|| self.externals())).map(str::as_bytes)
            }
            Source::Enrichment(enrichment) => self.flow.enrichment_text(enrichment).map(str::as_bytes),
            _ => None,
        }
    }

    #[inline]
    fn externals(&self) -> Externals {
        *self.externals.get_or_init(|| self.flow.externals())
    }
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

/// Whether two conditions on one name surely tell apart the same of its values.
fn is_same(one: &Condition, other: &Condition) -> bool {
    match (one, other) {
        (Condition::Integer { op, value, .. }, Condition::Integer { op: other_op, value: other, .. }) => {
            op == other_op && value == other
        }
        (Condition::IntegerIn { values, .. }, Condition::IntegerIn { values: other, .. }) => values == other,
        (Condition::TextIs { text, .. }, Condition::TextIs { text: other, .. }) => text == other,
        (Condition::Present(_), Condition::Present(_)) => true,
        _ => false,
    }
}

/// Visits what tells apart only values of one name, with the name.
fn leaves<'c>(condition: &'c Condition, visit: &mut dyn FnMut(Source, &'c Condition)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| leaves(part, visit));
        }
        Condition::Not(inner) => leaves(inner, visit),
        leaf => source_of(leaf).into_iter().for_each(|source| visit(source, leaf)),
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
