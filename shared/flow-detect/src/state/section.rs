//! The groups of one rule as bytes.

use std::net::IpAddr;

use flow_query::KeyPart;

use crate::context::{Common, Context};
use crate::groups::{GroupId, Groups};
use crate::pane::{PaneState, Panes};
use crate::rule::Rule;
use crate::samples::Samples;
use crate::state::aggregates;
use crate::state::bytes::{Read, Reader, Writer};
use crate::state::table::{Table, TableWriter};

/// What a section says instead of a value's place.
const UNSEEN: u64 = 0;
const SEVERAL: u64 = 1;
const PLACES: u64 = 2;

/// The section of these groups of `rule`, which are in order.
pub(crate) fn write(rule: &Rule, groups: &[(&GroupId, &Panes)]) -> Vec<u8> {
    let newest = groups.iter().filter_map(|(_, panes)| panes.newest()).max().unwrap_or(0);
    let base = newest / rule.windowing.pane;
    let (mut table, mut body) = (TableWriter::default(), Writer::default());
    for (id, panes) in groups {
        body.number(table.scope(&id.scope));
        for part in id.group.parts() {
            body.number(table.value(part));
        }
        body.count(panes.len());
        let mut next = base;
        for (start, state) in panes.iter().rev() {
            let pane = start / rule.windowing.pane;
            body.number(next - pane);
            write_pane(start, state, &mut table, &mut body);
            next = pane.saturating_sub(1);
        }
    }
    let mut section = Writer::default();
    table.write(&mut section);
    section.number(base);
    section.count(groups.len());
    section.raw(&body.into_bytes());
    section.into_bytes()
}

fn write_pane(start: u64, state: &PaneState, table: &mut TableWriter, to: &mut Writer) {
    let PaneState { aggregates, first_seen, last_seen, context, samples } = state;
    aggregates.iter().for_each(|aggregate| aggregates::write(aggregate, to));
    to.number(first_seen.saturating_sub(start));
    to.number(last_seen.saturating_sub(*first_seen));
    let address = |address: &IpAddr| KeyPart::Address(*address);
    write_common(&context.src_addr, address, table, to);
    write_common(&context.dst_addr, address, table, to);
    for text in [&context.interface, &context.log_group] {
        write_common(text, |text| KeyPart::Text(text.clone()), table, to);
    }
    // Its time needs no place: the earliest line is that of the first record.
    to.sized(samples.earliest().unwrap_or_default().as_bytes());
}

fn write_common<T>(
    common: &Common<T>,
    value: impl Fn(&T) -> KeyPart,
    table: &mut TableWriter,
    to: &mut Writer,
) {
    to.number(match common {
        Common::Unseen => UNSEEN,
        Common::Several => SEVERAL,
        Common::One(one) => PLACES + table.value(&value(one)),
    });
}

/// Adds the groups of a section to `groups`; `place` is that of `rule` in its set.
pub(crate) fn read(place: usize, rule: &Rule, from: &mut Reader<'_>, groups: &mut Groups) -> Read<()> {
    let table = Table::read(from)?;
    let base: u64 = from.number("the newest pane")?;
    for _ in 0..from.count(2, "the number of groups")? {
        let scope = table.scope(from)?;
        let names = rule.query.group_names().iter();
        let group = names.map(|_| table.value(from).cloned()).collect::<Read<_>>()?;
        let id = GroupId { rule: place, scope, group };
        let panes = read_panes(base, rule, &table, from)?;
        let is_new = panes.is_empty() || groups.insert(id, panes);
        from.some(is_new.then_some(()), "each group once")?;
    }
    from.end()
}

fn read_panes(base: u64, rule: &Rule, table: &Table, from: &mut Reader<'_>) -> Read<Panes> {
    const PANE: &str = "a pane older than the one before";
    let mut panes = Panes::default();
    let mut next = Some(base);
    for _ in 0..from.count(7, "the number of panes")? {
        let gap: u64 = from.number(PANE)?;
        let pane = from.some(next.and_then(|next| next.checked_sub(gap)), PANE)?;
        let start = from.time(pane.checked_mul(rule.windowing.pane), "a pane's time")?;
        panes.merge(start, read_pane(start, rule, table, from)?);
        next = pane.checked_sub(1);
    }
    Ok(panes)
}

fn read_pane(start: u64, rule: &Rule, table: &Table, from: &mut Reader<'_>) -> Read<PaneState> {
    let functions = rule.query.aggregate_functions();
    let aggregates = functions.map(|function| aggregates::read(function, from)).collect::<Read<_>>()?;
    let first_seen = from.time_after(start, "a first record's time")?;
    let last_seen = from.time_after(first_seen, "a last record's time")?;
    let address = |value: &KeyPart| match value {
        KeyPart::Address(address) => Some(*address),
        _ => None,
    };
    let text = |value: &KeyPart| match value {
        KeyPart::Text(text) => Some(text.clone()),
        _ => None,
    };
    let context = Context {
        src_addr: read_common(address, table, from)?,
        dst_addr: read_common(address, table, from)?,
        interface: read_common(text, table, from)?,
        log_group: read_common(text, table, from)?,
    };
    let line = from.text("a line")?;
    let samples = if line.is_empty() { Samples::default() } else { Samples::of(first_seen, line) };
    Ok(PaneState { aggregates, first_seen, last_seen, context, samples })
}

fn read_common<T>(
    value: impl Fn(&KeyPart) -> Option<T>,
    table: &Table,
    from: &mut Reader<'_>,
) -> Read<Common<T>> {
    Ok(match from.number("a value's place")? {
        UNSEEN => Common::Unseen,
        SEVERAL => Common::Several,
        place => {
            let place = usize::try_from(place - PLACES).ok();
            let found = table.value_at(from.some(place, "a value's place")?, from)?;
            Common::One(from.some(value(found), "a value of the right kind")?)
        }
    })
}
