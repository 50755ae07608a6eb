//! Items as bytes.

use std::collections::BTreeMap;

use crate::groups::{GroupId, Groups};
use crate::pane::Panes;
use crate::rule_set::RuleSet;
use crate::state::bounds::MAX_ITEM_BYTES;
use crate::state::bytes::{Read, Reader, Writer};
use crate::state::deflate::{deflate, inflate};
use crate::state::error::StateError;
use crate::state::fingerprints::Fingerprints;
use crate::state::item::{Carried, REDELIVERED_WITHIN, StateItem};
use crate::state::section;

/// The version of the format that is written, and the only one that is read.
pub const STATE_VERSION: u8 = 4;

const MAGIC: &[u8] = b"FG";
const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;

/// The most that is read, inflated or not. Twice what is written, so that the bound may change without a new version.
const MAX_READ: usize = 2 * MAX_ITEM_BYTES;

pub(crate) fn write(item: &StateItem, rules: &RuleSet) -> Vec<u8> {
    let content = content(item, rules);
    let mut bytes = Writer::default();
    bytes.raw(MAGIC);
    match deflate(&content) {
        Some(deflated) => {
            bytes.raw(&[STATE_VERSION, DEFLATED]);
            bytes.count(content.len());
            bytes.raw(&deflated);
        }
        None => {
            bytes.raw(&[STATE_VERSION, PLAIN]);
            bytes.raw(&content);
        }
    }
    bytes.into_bytes()
}

pub(crate) fn content(item: &StateItem, rules: &RuleSet) -> Vec<u8> {
    let mut content = Writer::default();
    content.number(item.newest);
    content.number(item.newest - item.watermark);
    content.number(item.judged);
    content.number(item.delay);
    item.counted.write(item.watermark, &mut content);
    let sections = sections(item, rules);
    content.count(sections.len());
    for (id, Carried { until, section }) in sections {
        content.fixed(id);
        content.number(until);
        content.sized(&section);
    }
    content.into_bytes()
}

/// The sections of known rules and those carried through, by id.
fn sections(item: &StateItem, rules: &RuleSet) -> BTreeMap<u64, Carried> {
    let mut sections = item.carried.clone();
    for (place, groups) in by_rule(&item.groups) {
        let (rule, id) = (rules.rule(place), rules.state_id(place));
        let newest = groups.iter().filter_map(|(_, panes)| panes.newest()).max();
        let counts_until = newest.map_or(0, |newest| rule.windowing.counts_until(newest));
        let written = item.written.get(&id).copied().unwrap_or_default();
        let until = counts_until.max(written).max(item.clock);
        let section = section::write(rule, &groups).into();
        sections.insert(id, Carried { until, section });
    }
    sections
}

/// The groups of each rule, in order.
pub(crate) fn by_rule(groups: &Groups) -> BTreeMap<usize, Vec<(&GroupId, &Panes)>> {
    let mut by_rule = BTreeMap::<usize, Vec<_>>::new();
    for (id, panes) in groups.iter() {
        by_rule.entry(id.rule).or_default().push((id, panes));
    }
    by_rule.values_mut().for_each(|groups| groups.sort_unstable_by_key(|(id, _)| *id));
    by_rule
}

pub(crate) fn read(bytes: &[u8], rules: &RuleSet) -> Result<StateItem, StateError> {
    let not_state = || StateError::NotState { found: bytes[..bytes.len().min(MAGIC.len())].to_vec() };
    let versioned = bytes.strip_prefix(MAGIC).ok_or_else(not_state)?;
    let mut reader = Reader::new(versioned);
    match reader.byte("a version")? {
        STATE_VERSION => {}
        found => return Err(StateError::UnknownVersion { found, supported: STATE_VERSION }),
    }
    let form = reader.byte("a form")?;
    let length = if form == DEFLATED { reader.number("a length")? } else { bytes.len() };
    if length.max(bytes.len()) > MAX_READ {
        return Err(StateError::TooLong { limit: MAX_READ, found: length.max(bytes.len()) });
    }
    match form {
        PLAIN => read_content(&mut Reader::new(reader.remaining()), rules),
        DEFLATED => read_content(&mut Reader::new(&inflate(reader.remaining(), length)?), rules),
        _ => Err(reader.error("a form, 0 or 1")),
    }
}

fn read_content(from: &mut Reader<'_>, rules: &RuleSet) -> Read<StateItem> {
    let newest = from.time_after(0, "the newest record's time")?;
    let lag = from.number("the watermark")?;
    let watermark = from.some(newest.checked_sub(lag), "a watermark not before 1970")?;
    let judged = from.time_after(0, "until when windows were looked at")?;
    let delay: u64 = from.number("how long the newest record was under way")?;
    let counted = Fingerprints::read(watermark, from)?;
    let mut item = StateItem {
        counted,
        newest,
        watermark,
        judged,
        delay: delay.min(REDELIVERED_WITHIN),
        ..StateItem::default()
    };
    let mut last = None;
    for _ in 0..from.count(10, "the number of sections")? {
        let id = from.fixed("a section's rule")?;
        let ascends = last.replace(id).is_none_or(|last| last < id);
        from.some(ascends.then_some(()), "sections in order, each once")?;
        let until = from.time_after(0, "until when a section counts")?;
        let length = from.count(1, "a section's length")?;
        match rules.place_of_state(id) {
            Some(place) => {
                item.written.insert(id, until);
                let mut section = from.part(length, "a section")?;
                section::read(place, rules.rule(place), &mut section, &mut item.groups)?;
            }
            None => {
                let section = from.take(length, "a section")?.into();
                item.carried.insert(id, Carried { until, section });
            }
        }
    }
    from.end()?;
    Ok(item)
}
