//! Where an evaluated expression gets its values: a record, or the columns that `stats` made.

use std::borrow::Cow;

use flow_enrich::{EnrichedFlow, EnrichedValue};
use flow_record as record;

use crate::key_table::Key;
use crate::names::{Source, SystemField};
use crate::value::{Number, Value};

/// Something with values.
pub trait Row {
    /// The value of `source`, absent when this row has none.
    fn value(&self, source: Source) -> Value<'_>;

    /// The value of `source` as text.
    fn text(&self, source: Source) -> Option<Cow<'_, str>> {
        self.value(source).into_text()
    }

    /// The value of `source` as a number, if it is one.
    #[inline]
    fn number(&self, source: Source) -> Option<Number> {
        self.value(source).number()
    }

    /// Appends the value of `source` to a key.
    #[inline]
    fn add_to_key(&self, source: Source, key: &mut Key) {
        key.push(&self.value(source));
    }
}

impl Row for EnrichedFlow<'_> {
    #[inline]
    fn value(&self, source: Source) -> Value<'_> {
        match source {
            Source::Field(field) => match self.record.value(field) {
                Some(record::Value::Integer(number)) => integer(number),
                Some(record::Value::Address(address)) => Value::Address(address),
                Some(record::Value::Text(text)) => Value::Text(text.into()),
                None => Value::Absent,
            },
            Source::Enrichment(enrichment) => match self.enrichment(enrichment) {
                Some(EnrichedValue::Integer(number)) => integer(number),
                Some(EnrichedValue::Address(address)) => Value::Address(address),
                Some(EnrichedValue::Text(text)) => Value::Text(text),
                None => Value::Absent,
            },
            Source::System(field) => system(self, field),
            Source::Column(_) => Value::Absent,
        }
    }

    /// A field's text is the line's own: nothing is allocated for it.
    #[inline]
    fn text(&self, source: Source) -> Option<Cow<'_, str>> {
        match source {
            Source::Field(field) => self.record.text(field).map(Cow::Borrowed),
            Source::Enrichment(enrichment) => match self.enrichment_text(enrichment) {
                Some(text) => Some(Cow::Borrowed(text)),
                None if enrichment.is_borrowed() => None,
                None => self.value(source).into_text(),
            },
            other => self.value(other).into_text(),
        }
    }

    /// A field's number is the record's own.
    #[inline]
    fn number(&self, source: Source) -> Option<Number> {
        if let Source::Field(field) = source
            && let Some(number) = self.record.integer(field)
        {
            return Some(Number::Integer(number.cast_signed()));
        }
        self.value(source).number()
    }

    /// A field's address or number goes straight into the key.
    #[inline]
    fn add_to_key(&self, source: Source, key: &mut Key) {
        let Source::Field(field) = source else { return key.push(&self.value(source)) };
        if let Some(address) = self.record.address(field) {
            key.push_address(address);
        } else if let Some(number) = self.record.integer(field) {
            key.push_integer(number.cast_signed());
        } else {
            key.push(&self.value(source));
        }
    }
}

fn system<'r>(flow: &'r EnrichedFlow<'_>, field: SystemField) -> Value<'r> {
    let text = |text: Option<&'r str>| text.map_or(Value::Absent, |text| Value::Text(text.into()));
    match field {
        SystemField::Timestamp => flow.timestamp().map_or(Value::Absent, Value::Integer),
        SystemField::Message => text(Some(flow.record.line())),
        SystemField::LogStream => text(flow.origin.log_stream),
        SystemField::Account => text(flow.origin.account),
        SystemField::Region => text(flow.origin.region),
        SystemField::Log => match (flow.origin.account, flow.origin.log_group) {
            (Some(account), Some(group)) => Value::Text(format!("{account}:{group}").into()),
            (None, group) => text(group),
            (Some(_), None) => Value::Absent,
        },
    }
}

fn integer(number: u64) -> Value<'static> {
    // Every field's largest value fits: the largest are INT_64.
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A row and, behind its columns, the values that earlier commands made of it: aliases of `fields`, parts of `parse`.
pub(crate) struct Made<'r, R: ?Sized> {
    pub(crate) row: &'r R,
    /// How many columns the row has itself.
    pub(crate) columns: usize,
    pub(crate) values: &'r [Value<'r>],
}

impl<R: ?Sized> Made<'_, R> {
    fn place(&self, source: Source) -> Option<Source> {
        match source {
            Source::Column(index) => index.checked_sub(self.columns).map(Source::Column),
            _ => None,
        }
    }
}

impl<R: Row + ?Sized> Row for Made<'_, R> {
    fn value(&self, source: Source) -> Value<'_> {
        self.place(source).map_or_else(|| self.row.value(source), |made| self.values.value(made))
    }

    fn text(&self, source: Source) -> Option<Cow<'_, str>> {
        self.place(source).map_or_else(|| self.row.text(source), |made| self.values.text(made))
    }
}

/// The columns that `stats` made, in their order: first those grouped by, then the aggregates.
impl Row for [Value<'_>] {
    fn value(&self, source: Source) -> Value<'_> {
        match source {
            Source::Column(index) => self.get(index).map_or(Value::Absent, Value::borrowed),
            _ => Value::Absent,
        }
    }
}
