//! A record on its way into a schema: what was given a place in it is not among the rest, so that all of it is written,
//! and once.

use std::net::IpAddr;

use flow_enrich::{EnrichedFlow, Enrichment};
use flow_record::{Field, FieldSet, Value};

use super::Marks;
use super::selection::{ContextKey, RecordKey, Selection};
use crate::json::Object;
use crate::scalar::Scalar;

/// What of a record has no place yet.
pub(super) struct Remaining<'r, 'a> {
    pub(super) flow: &'r EnrichedFlow<'a>,
    pub(super) marks: &'r Marks,
    selection: &'r Selection,
    placed: FieldSet,
    placed_beside: Vec<RecordKey>,
}

impl<'r, 'a> Remaining<'r, 'a> {
    pub(super) fn new(selection: &'r Selection, flow: &'r EnrichedFlow<'a>, marks: &'r Marks) -> Self {
        Remaining { flow, marks, selection, placed: FieldSet::EMPTY, placed_beside: Vec::new() }
    }

    /// A field's value, which is placed now.
    pub(super) fn take(&mut self, field: Field) -> Option<Value<'a>> {
        self.placed.insert(field);
        self.look(field)
    }

    /// Takes fields whose values were looked at.
    pub(super) fn place(&mut self, fields: &[Field]) {
        fields.iter().for_each(|field| self.placed.insert(*field));
    }

    /// A number.
    pub(super) fn integer(&mut self, field: Field) -> Option<u64> {
        if let Value::Integer(number) = self.take(field)? { Some(number) } else { None }
    }

    /// An address.
    pub(super) fn address(&mut self, field: Field) -> Option<IpAddr> {
        if let Value::Address(address) = self.take(field)? { Some(address) } else { None }
    }

    /// A text.
    pub(super) fn text(&mut self, field: Field) -> Option<&'a str> {
        if let Value::Text(text) = self.take(field)? { Some(text) } else { None }
    }

    /// A field's value, which stays among the rest.
    pub(super) fn look(&self, field: Field) -> Option<Value<'a>> {
        if self.selection.has(field) { self.flow.record.value(field) } else { None }
    }

    /// A text that stays among the rest.
    pub(super) fn look_text(&self, field: Field) -> Option<&'a str> {
        if let Value::Text(text) = self.look(field)? { Some(text) } else { None }
    }

    /// An address that stays among the rest.
    pub(super) fn look_address(&self, field: Field) -> Option<IpAddr> {
        if let Value::Address(address) = self.look(field)? { Some(address) } else { None }
    }

    /// A time in milliseconds, which stays among the rest.
    pub(super) fn look_time(&self, field: Field) -> Option<i64> {
        let Value::Integer(seconds) = self.look(field)? else { return None };
        i64::try_from(seconds).ok()?.checked_mul(1000)
    }

    /// What stands beside the record, if it is to be written; placed now.
    pub(super) fn beside(&mut self, key: RecordKey) -> Scalar<'a> {
        self.placed_beside.push(key);
        if self.selection.beside().contains(&key) { key.value(self.flow, self.marks) } else { Scalar::Absent }
    }

    /// An enrichment, if it is to be written; placed now.
    pub(super) fn enrichment(&mut self, enrichment: Enrichment) -> Scalar<'a> {
        self.beside(RecordKey::Enrichment(enrichment))
    }

    /// Where the record came from, if it is to be written; placed now.
    pub(super) fn context(&mut self, key: ContextKey) -> Scalar<'a> {
        self.beside(RecordKey::Context(key))
    }

    /// A mark, which is written unasked; placed now.
    pub(super) fn mark(&mut self, key: ContextKey) -> Scalar<'a> {
        self.placed_beside.push(RecordKey::Context(key));
        key.value(self.flow, self.marks)
    }

    /// Writes the fields that have no place, each under the name that `name` gives it. Columns that are no known field
    /// stand in an object of their own: their names are anyone's.
    pub(super) fn write_fields(&self, object: &mut Object<'_>, name: impl Fn(Field) -> &'static str) {
        let record = self.flow.record;
        let columns = || record.format().columns().iter().enumerate();
        for (index, column) in columns() {
            if let Some(field) = column.field()
                && self.selection.has(field)
                && !self.placed.contains(field)
            {
                object.value(name(field), record.column(index));
            }
        }
        if self.selection.has_unknown_columns() {
            object.object("other", |other| {
                for (index, column) in columns().filter(|(_, column)| column.field().is_none()) {
                    other.value(&column.name().replace('-', "_"), record.column(index));
                }
            });
        }
    }

    /// Writes what stands beside the record and has no place.
    pub(super) fn write_beside(&self, object: &mut Object<'_>) {
        for key in self.selection.beside().iter().filter(|key| !self.placed_beside.contains(key)) {
            object.value(key.json_key(), key.value(self.flow, self.marks));
        }
    }
}
