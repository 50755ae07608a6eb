//! Rows that are kept: the first so many in order, one of each kind, or all.

use std::cmp::Ordering;

use crate::key_table::{Key, KeyTable};
use crate::plan::RowsPlan;
use crate::program::{AnswerRow, LimitError};
use crate::row::Row;
use crate::value::Value;

/// The rows so far.
#[derive(Debug, Default)]
pub(crate) struct KeptRows {
    /// Rows that nothing was left out for; those of a `dedup` lack one of its values.
    rows: Vec<AnswerRow>,
    /// Of a `limit`: a row behind which none needs to be kept.
    last: Option<AnswerRow>,
    /// Of a `dedup`: the keys of what must differ, and the best row of each.
    keys: KeyTable,
    best: Vec<AnswerRow>,
}

impl RowsPlan {
    /// The order of two rows: that asked for, then that of all their values, so that only what looks equal is equal.
    fn compare(&self, left: &[Value<'_>], right: &[Value<'_>]) -> Ordering {
        let asked = self.order.iter().map(|(column, descending)| {
            let order = left[*column].natural_order(&right[*column]);
            if *descending { order.reverse() } else { order }
        });
        let others = left.iter().zip(right).map(|(left, right)| left.total_order(right));
        asked.chain(others).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn is_ordered(&self) -> bool {
        !self.order.is_empty() || self.dedup.is_some()
    }
}

impl KeptRows {
    pub(crate) fn add(
        &mut self,
        plan: &RowsPlan,
        row: &(impl Row + ?Sized),
        max: usize,
    ) -> Result<(), LimitError> {
        if self.is_full(plan) || self.is_behind(plan, row) {
            return Ok(());
        }
        let row: Vec<Value<'_>> = plan.carried.iter().map(|operand| operand.value(row)).collect();
        self.keep(plan, &row, max)
    }

    /// Whether `row` sorts behind the last one that is needed, as far as what is asked for tells. Most rows do: only what
    /// they are sorted by is looked at.
    fn is_behind(&self, plan: &RowsPlan, row: &(impl Row + ?Sized)) -> bool {
        let Some(last) = &self.last else { return false };
        let asked = plan.order.iter().map(|(column, descending)| {
            let order = plan.carried[*column].value(row).natural_order(&last[*column]);
            if *descending { order.reverse() } else { order }
        });
        asked.into_iter().find(|order| order.is_ne()).is_some_and(Ordering::is_gt)
    }

    /// Whether no further row can be kept.
    pub(crate) fn is_full(&self, plan: &RowsPlan) -> bool {
        !plan.is_ordered() && plan.limit.is_some_and(|limit| self.rows.len() >= limit)
    }

    fn keep(&mut self, plan: &RowsPlan, row: &[Value<'_>], max: usize) -> Result<(), LimitError> {
        if let Some(columns) = &plan.dedup {
            return self.keep_best(plan, columns, row, max);
        }
        if self.last.as_ref().is_some_and(|last| plan.compare(row, last).is_ge()) || self.is_full(plan) {
            return Ok(());
        }
        self.rows.push(owned(row));
        let kept = plan.limit.unwrap_or(usize::MAX);
        if plan.is_ordered() && self.rows.len() >= kept.saturating_mul(2).max(64).min(max) {
            self.cut(plan, kept);
        }
        self.check(max)
    }

    /// Keeps the first `kept` rows in order.
    fn cut(&mut self, plan: &RowsPlan, kept: usize) {
        if kept > 0 && kept < self.rows.len() {
            self.rows.select_nth_unstable_by(kept - 1, |left, right| plan.compare(left, right));
            self.rows.truncate(kept);
            self.last = self.rows.last().cloned();
        }
    }

    fn keep_best(
        &mut self,
        plan: &RowsPlan,
        columns: &[usize],
        row: &[Value<'_>],
        max: usize,
    ) -> Result<(), LimitError> {
        if self.last.as_ref().is_some_and(|last| plan.compare(row, last).is_ge()) {
            return Ok(());
        }
        // What is absent is never a duplicate.
        if columns.iter().any(|column| matches!(row[*column], Value::Absent)) {
            self.rows.push(owned(row));
        } else {
            let (place, is_new) =
                self.keys.place(&key_of(columns, row), max).ok_or(LimitError::Rows { max })?;
            if is_new {
                self.best.push(owned(row));
            } else if plan.compare(row, &self.best[place]).is_lt() {
                self.best[place] = owned(row);
            }
        }
        let kept = plan.limit.unwrap_or(usize::MAX);
        if self.rows.len() + self.best.len() >= kept.saturating_mul(2).max(64).min(max) {
            self.cut_best(plan, columns, kept);
        }
        self.check(max)
    }

    /// Keeps the first `kept` rows in order, no two of one kind. A kind that is left out comes back with a better row.
    fn cut_best(&mut self, plan: &RowsPlan, columns: &[usize], kept: usize) {
        let all = self.rows.drain(..).chain(self.best.drain(..));
        let mut all: Vec<AnswerRow> = all.collect();
        if kept > 0 && kept < all.len() {
            all.select_nth_unstable_by(kept - 1, |left, right| plan.compare(left, right));
            all.truncate(kept);
            self.last = all.last().cloned();
        }
        self.keys = KeyTable::default();
        for row in all {
            let is_keyed = !columns.iter().any(|column| matches!(row[*column], Value::Absent));
            if is_keyed && self.keys.place(&key_of(columns, &row), usize::MAX).is_some() {
                self.best.push(row);
            } else {
                self.rows.push(row);
            }
        }
    }

    fn check(&self, max: usize) -> Result<(), LimitError> {
        if self.rows.len() + self.best.len() > max { Err(LimitError::Rows { max }) } else { Ok(()) }
    }

    /// Adds all rows of `other`, which is of the same plan and came after.
    pub(crate) fn merge(&mut self, plan: &RowsPlan, other: KeptRows, max: usize) -> Result<(), LimitError> {
        other.rows.into_iter().chain(other.best).try_for_each(|row| self.keep(plan, &row, max))
    }

    /// The rows in order.
    pub(crate) fn into_rows(self, plan: &RowsPlan) -> Vec<AnswerRow> {
        let mut rows = self.rows;
        rows.extend(self.best);
        if plan.is_ordered() {
            rows.sort_unstable_by(|left, right| plan.compare(left, right));
        }
        rows.truncate(plan.limit.unwrap_or(usize::MAX));
        rows
    }
}

fn key_of(columns: &[usize], row: &[Value<'_>]) -> Key {
    let mut key = Key::default();
    columns.iter().for_each(|column| key.push(&row[*column]));
    key
}

fn owned(row: &[Value<'_>]) -> AnswerRow {
    row.iter().map(|value| value.borrowed().into_owned()).collect()
}
