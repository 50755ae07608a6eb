//! What a pattern means for the lines of a format: where its items land, and what is probably not meant.

use std::net::IpAddr;
use std::ops::Range;

use flow_record::{Column, Field, FieldKind, RecordFormat};

use super::delimited::{Delimited, Item};
use super::field_name::field_meant;
use super::test::{Test, Wanted};
use super::{FilterPattern, Kind};
use crate::ast::Comparison;

/// What a pattern means for the lines of one format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternMeaning {
    /// The items of a space-delimited pattern in their order, its ellipsis included; none of other patterns.
    pub items: Vec<ItemMeaning>,
    /// What is probably not meant.
    pub warnings: Vec<PatternWarning>,
}

/// Where one item of a space-delimited pattern lands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemMeaning {
    /// The item as patterns are printed: `dstport = 22`, or `...`.
    pub item: String,
    /// The columns that it stands for, all of them as one text; none when lines have no more.
    pub columns: Vec<String>,
}

/// What is probably not meant by a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternWarning {
    /// The last item takes what is left of a line.
    #[error(
        "{items} items, {columns} fields: the last item `{item}` {} everything from `{first}` to `{last}` \
         ({taken} fields); {}",
        if *is_compared { "is compared with" } else { "stands for" },
        if *is_compared { format!("write `{item}, ...]` unless that is meant") } else { "write `...` after it unless that is meant".to_owned() }
    )]
    TakesRest {
        /// The name of the last item.
        item: String,
        /// How many items there are.
        items: usize,
        /// How many columns a line has.
        columns: usize,
        /// The first column that it takes.
        first: String,
        /// The last.
        last: String,
        /// How many it takes.
        taken: usize,
        /// It has a condition, which hardly anything fulfils.
        is_compared: bool,
    },
    /// A line has too few columns for the items.
    #[error("{items} items, {columns} fields: no line of this format matches")]
    TooManyItems {
        /// How many items there are.
        items: usize,
        /// How many columns a line has.
        columns: usize,
    },
    /// An item with a condition is named like another field than the one that it is compared with.
    #[error("`{item}` is compared with the field `{column}`, not with `{named}`{}", place.map_or_else(
        || ", which lines of this format do not have".to_owned(),
        |place| format!(", which is field {place}"),
    ))]
    OtherField {
        /// The item's name.
        item: String,
        /// The column that it lands on.
        column: String,
        /// The field that it is named like.
        named: Field,
        /// That field's place in a line from 1, if it has one.
        place: Option<usize>,
    },
    /// A comparison that is false for every value of the column, or for `!=` true.
    #[error("`{comparison}` {} holds: `{column}` is {}", if *always { "always" } else { "never" }, kind_of(*kind))]
    Decided {
        /// The comparison.
        comparison: String,
        /// The column.
        column: String,
        /// What its values are.
        kind: FieldKind,
        /// It always holds.
        always: bool,
    },
    /// An order over a column of text.
    #[error("`{comparison}` holds only where `{column}` is a number, and it is text")]
    OrderOfText {
        /// The comparison.
        comparison: String,
        /// The column.
        column: String,
    },
    /// Optional terms beside others.
    #[error("{} ignored: terms with `?` count only when no others are there", one_or_more(terms))]
    IgnoredTerms {
        /// The terms.
        terms: Vec<String>,
    },
    /// A JSON pattern over flow logs.
    #[error("no flow log line matches a JSON pattern: they are not JSON")]
    NotJson,
}

fn kind_of(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Integer { .. } => "a whole number",
        FieldKind::Address => "an address",
        FieldKind::Text => "text",
    }
}

fn one_or_more(terms: &[String]) -> String {
    let is_are = if terms.len() == 1 { "is" } else { "are" };
    format!("`{}` {is_are}", terms.join(" "))
}

impl FilterPattern {
    /// What the pattern means for lines of `format`.
    pub fn meaning(&self, format: &RecordFormat) -> PatternMeaning {
        let none = |warnings| PatternMeaning { items: Vec::new(), warnings };
        match &self.0 {
            Kind::Terms(terms) => none(match terms.ignored() {
                ignored if ignored.is_empty() => Vec::new(),
                terms => vec![PatternWarning::IgnoredTerms { terms }],
            }),
            Kind::Json(_) => none(vec![PatternWarning::NotJson]),
            Kind::Delimited(delimited) => delimited_meaning(delimited, format),
        }
    }
}

fn delimited_meaning(pattern: &Delimited, format: &RecordFormat) -> PatternMeaning {
    let (items, columns) = (&pattern.items, format.columns());
    let places = places(pattern, columns.len());
    let mut meanings: Vec<ItemMeaning> = items
        .iter()
        .zip(&places)
        .map(|(item, place)| ItemMeaning { item: item.to_string(), columns: names(&columns[place.clone()]) })
        .collect();
    if let Some(place) = pattern.ellipsis {
        let start = places[..place].last().map_or(0, |before| before.end);
        let end = places.get(place).map_or(columns.len(), |after| after.start.max(start));
        let between = names(&columns[start..end]);
        meanings.insert(place, ItemMeaning { item: "...".to_owned(), columns: between });
    }
    let mut warnings = Vec::new();
    if items.len() > columns.len() {
        warnings.push(PatternWarning::TooManyItems { items: items.len(), columns: columns.len() });
    }
    for (item, place) in items.iter().zip(places) {
        match &columns[place] {
            [] => {}
            [column] => warnings.extend(warnings_of(item, column, format)),
            [first, .., last] => warnings.push(PatternWarning::TakesRest {
                item: if item.condition.is_some() { item.to_string() } else { item.name.clone() },
                items: items.len(),
                columns: columns.len(),
                first: first.name().to_owned(),
                last: last.name().to_owned(),
                taken: columns.len() + 1 - items.len(),
                is_compared: item.condition.is_some(),
            }),
        }
    }
    PatternMeaning { items: meanings, warnings }
}

fn names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| column.name().to_owned()).collect()
}

/// The columns that each item stands for, in a line of `columns`; empty beyond the last.
fn places(pattern: &Delimited, columns: usize) -> Vec<Range<usize>> {
    let count = pattern.items.len();
    let is_right = |index| pattern.ellipsis.is_some_and(|place| index >= place);
    let place = |index: usize| match columns.checked_sub(count) {
        None => index.min(columns)..(index + 1).min(columns),
        Some(more) if is_right(index) => index + more..index + more + 1,
        Some(_) if pattern.ellipsis.is_none() && index + 1 == count => index..columns,
        Some(_) => index..index + 1,
    };
    (0..count).map(place).collect()
}

/// What is doubtful about an item that stands for one column.
fn warnings_of(item: &Item, column: &Column, format: &RecordFormat) -> Vec<PatternWarning> {
    if item.condition.is_none() {
        return Vec::new();
    }
    if let Some(named) = field_meant(&item.name).filter(|meant| column.field() != Some(*meant)) {
        let (item, column) = (item.name.clone(), column.name().to_owned());
        let place = format.place(named).map(|place| place + 1);
        return vec![PatternWarning::OtherField { item, column, named, place }];
    }
    let Some(kind) = column.field().map(Field::kind) else { return Vec::new() };
    let warning = |test: &Test| {
        let (comparison, column) = (format!("{} {test}", item.name), column.name().to_owned());
        let is_order = !matches!(test.op, Comparison::Equal | Comparison::NotEqual);
        match kind {
            FieldKind::Text if is_order => Some(PatternWarning::OrderOfText { comparison, column }),
            _ if can_be(kind, &test.wanted) && !(is_order && kind == FieldKind::Address) => None,
            _ => {
                let always = test.op == Comparison::NotEqual;
                Some(PatternWarning::Decided { comparison, column, kind, always })
            }
        }
    };
    item.tests().filter_map(warning).collect()
}

/// Whether a value of this kind, or `-`, can be what is wanted.
fn can_be(kind: FieldKind, wanted: &Wanted) -> bool {
    let (Wanted::Text(text) | Wanted::Number(_, text)) = wanted else { return true };
    let has_only = |fits: fn(char) -> bool| text.chars().all(|c| c == '*' || fits(c));
    match (kind, wanted) {
        (FieldKind::Integer { .. }, Wanted::Number(..)) | (FieldKind::Text, _) => true,
        _ if matches!(&**text, "-" | "*") => true,
        (FieldKind::Integer { .. }, _) => !text.is_empty() && has_only(|c| c.is_ascii_digit()),
        (FieldKind::Address, _) if text.contains('*') => {
            has_only(|c| c.is_ascii_hexdigit() || matches!(c, '.' | ':'))
        }
        (FieldKind::Address, _) => text.parse::<IpAddr>().is_ok(),
    }
}
