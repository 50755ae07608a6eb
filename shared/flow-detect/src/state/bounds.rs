//! How large an item may become, and what goes when it is too large.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use flow_query::{Aggregate, Exact, KeyPart, Number, Sum};

use crate::context::{Common, Context};
use crate::groups::{GroupId, Groups};
use crate::pane::{PaneState, Panes};
use crate::state::item::StateItem;

/// The most groups of one item, all rules together: many times what one interface usually has in an hour.
pub const MAX_GROUPS: usize = 200;

/// The most bytes of an item. A store is paid by the kilobyte, and `DynamoDB` takes 400 of them; a scanner that is
/// counted by two sketches in each of 16 panes has 70.
pub const MAX_ITEM_BYTES: usize = 128 * 1024;

/// What was given up to stay within the bounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Evicted {
    pub(crate) groups: u64,
    pub(crate) panes: u64,
    pub(crate) sections: u64,
}

/// Brings an item within its bounds.
///
/// Too many groups: the rule with the most gives up its weakest. Too many bytes: the rule with the most gives up its
/// weakest group, or the oldest pane of its only one; what is carried through for an unknown rule goes as a whole. So
/// one rule's flood does not drown another's groups.
pub(crate) fn make_room(item: &mut StateItem) -> Evicted {
    let mut evicted = Evicted::default();
    let batches = 100 + item.counted.len() * 19;
    let bytes: usize = item.groups.iter().map(|(id, panes)| id_bytes(id) + panes_bytes(panes)).sum();
    if item.groups.len() <= MAX_GROUPS && batches + carried_bytes(item) + bytes <= MAX_ITEM_BYTES {
        return evicted;
    }
    let mut sections = Section::all(&item.groups);
    while sections.iter().map(|section| section.groups.len()).sum::<usize>() > MAX_GROUPS {
        let Some(most) = sections.iter_mut().max_by_key(|section| section.groups.len()) else { break };
        most.drop_weakest(&mut evicted);
    }
    while batches + carried_bytes(item) + sections.iter().map(Section::bytes).sum::<usize>() > MAX_ITEM_BYTES
    {
        let largest = sections.iter_mut().max_by_key(|section| section.bytes());
        let carried = item.carried.iter().map(|(id, carried)| (carried.section.len(), *id)).max();
        match (largest, carried) {
            (Some(section), None) => section.shrink(&mut evicted),
            (Some(section), Some((bytes, _))) if section.bytes() > bytes => section.shrink(&mut evicted),
            (_, Some((_, id))) => {
                item.carried.remove(&id);
                evicted.sections += 1;
            }
            (None, None) => break,
        }
    }
    let kept: BTreeMap<GroupId, u64> = sections.into_iter().flat_map(Section::into_kept).collect();
    item.groups.retain(|id, pane| kept.get(id).is_some_and(|oldest| *oldest <= pane));
    evicted
}

fn carried_bytes(item: &StateItem) -> usize {
    item.carried.values().map(|carried| 30 + carried.section.len()).sum()
}

/// The groups of one rule, from strongest to weakest.
struct Section {
    groups: Vec<Weighed>,
}

struct Weighed {
    id: GroupId,
    strength: Strength,
    id_bytes: usize,
    /// Start and bytes of each, from new to old.
    panes: Vec<(u64, usize)>,
}

/// The first aggregate over all panes, the newest pane, and a hash, so that what is equally strong does not go by its
/// name.
type Strength = (Option<Number>, Option<u64>, u64);

fn strength(id: &GroupId, panes: &Panes) -> Strength {
    let mut firsts = panes.iter().filter_map(|(_, pane)| pane.aggregates.first());
    let total = firsts.next().cloned().map(|mut total| {
        firsts.for_each(|first| total.merge(first));
        total
    });
    (total.and_then(|total| total.value().number()), panes.newest(), id.group.stable_hash(0))
}

fn compare(left: &Strength, right: &Strength) -> Ordering {
    let first = match (left.0, right.0) {
        (Some(left), Some(right)) => left.compare(right),
        (left, right) => left.is_some().cmp(&right.is_some()),
    };
    first.then((left.1, left.2).cmp(&(right.1, right.2)))
}

impl Section {
    fn all(groups: &Groups) -> Vec<Section> {
        let mut sections = BTreeMap::<usize, Section>::new();
        for (id, panes) in groups.iter() {
            let weighed = Weighed {
                id: id.clone(),
                strength: strength(id, panes),
                id_bytes: id_bytes(id),
                panes: weighed(panes).collect(),
            };
            sections.entry(id.rule).or_insert_with(|| Section { groups: Vec::new() }).groups.push(weighed);
        }
        let mut sections: Vec<Section> = sections.into_values().collect();
        for section in &mut sections {
            let order = |left: &Weighed, right: &Weighed| compare(&right.strength, &left.strength);
            section.groups.sort_by(|left, right| order(left, right).then_with(|| left.id.cmp(&right.id)));
        }
        sections
    }

    fn bytes(&self) -> usize {
        let group =
            |group: &Weighed| group.id_bytes + group.panes.iter().map(|(_, bytes)| bytes).sum::<usize>();
        self.groups.iter().map(group).sum()
    }

    fn drop_weakest(&mut self, evicted: &mut Evicted) {
        if let Some(weakest) = self.groups.pop() {
            evicted.groups += 1;
            evicted.panes += weakest.panes.len() as u64;
        }
    }

    /// Gives up the oldest pane of its only group, else its weakest group.
    fn shrink(&mut self, evicted: &mut Evicted) {
        match self.groups.as_mut_slice() {
            [only] if only.panes.len() > 1 => {
                only.panes.pop();
                evicted.panes += 1;
            }
            _ => self.drop_weakest(evicted),
        }
    }

    /// The groups, each with its oldest pane.
    fn into_kept(self) -> impl Iterator<Item = (GroupId, u64)> {
        self.groups.into_iter().filter_map(|group| Some((group.id, group.panes.last()?.0)))
    }
}

fn panes_bytes(panes: &Panes) -> usize {
    weighed(panes).map(|(_, bytes)| bytes).sum()
}

/// The start of each pane and the most that it takes, from new to old. A log group counts with the newest of the panes
/// in a row that share it: it is written once, and older panes go first.
fn weighed(panes: &Panes) -> impl Iterator<Item = (u64, usize)> {
    let mut after = None;
    panes.iter().rev().map(move |(start, state)| {
        let log_group = state.context.log_group();
        let is_new = std::mem::replace(&mut after, log_group) != log_group;
        (start, pane_bytes(state) + log_group.filter(|_| is_new).map_or(0, text_bytes))
    })
}

/// The most that the place of a value, and a number that fits into 64 bits, take.
const PLACE: usize = 3;
const NUMBER: usize = 10;

/// The most that a group's scope and key take.
fn id_bytes(id: &GroupId) -> usize {
    let scope: usize = id.scope.parts().into_iter().flatten().map(|text| PLACE + text.len()).sum();
    let key: usize = id.group.parts().iter().map(|part| PLACE + value_bytes(part)).sum();
    4 * PLACE + scope + key + NUMBER
}

fn value_bytes(value: &KeyPart) -> usize {
    match value {
        KeyPart::Text(text) => text_bytes(text),
        _ => 17,
    }
}

fn text_bytes(text: &str) -> usize {
    1 + PLACE + text.len()
}

/// The most that a pane takes beside its log group's text, every other value counted where it occurs.
fn pane_bytes(state: &PaneState) -> usize {
    let Context { src_addr, dst_addr, interface, log_group: _ } = &state.context;
    let addresses =
        [src_addr, dst_addr].into_iter().filter(|common| matches!(common, Common::One(_))).count();
    let interface = if let Common::One(text) = interface { text_bytes(text) } else { 0 };
    let line = state.samples.earliest().unwrap_or_default().len();
    let aggregates: usize = state.aggregates.iter().map(aggregate_bytes).sum();
    3 * NUMBER + 4 * PLACE + 17 * addresses + interface + PLACE + line + aggregates
}

fn sum_bytes(sum: &Sum) -> usize {
    19 + sum.others.as_deref().map_or(0, exact_bytes)
}

fn exact_bytes(exact: &Exact) -> usize {
    2 * PLACE + 4 * exact.digits().1.len()
}

fn aggregate_bytes(aggregate: &Aggregate) -> usize {
    /// Half a byte for each of 4096 registers, a preamble of 40 bytes, and room for registers far above the least.
    const SKETCH: usize = 2048 + 40 + 112;
    match aggregate {
        Aggregate::Count(_) | Aggregate::Least(_) | Aggregate::Greatest(_) => 1 + NUMBER,
        Aggregate::Sum(sum) => sum_bytes(sum),
        Aggregate::Average(average) => sum_bytes(&average.0) + NUMBER,
        Aggregate::Quantile(_, quantiles) => {
            let values = quantiles.values().map_or(0, |values| 3 + (1 + NUMBER) * values.len());
            values
                + quantiles
                    .buckets()
                    .map_or(0, |buckets| 8 + 2 * NUMBER + (3 + NUMBER) * buckets.counts.len())
        }
        Aggregate::Deviation(kept) => NUMBER + exact_bytes(&kept.sum) + exact_bytes(&kept.squares),
        Aggregate::Earliest(kept) | Aggregate::Latest(kept) => {
            1 + kept.as_ref().map_or(0, |moment| NUMBER + value_bytes(&moment.value))
        }
        Aggregate::SortsFirst(kept) | Aggregate::SortsLast(kept) => {
            1 + kept.as_ref().map_or(0, |value| value_bytes(value))
        }
        Aggregate::Distinct(set) => 2 + set.hashes().map_or(SKETCH, |hashes| 8 * hashes.len()),
    }
}
