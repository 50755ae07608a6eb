//! A query over all records at once: every command turns a list of rows into another.

use std::cmp::Ordering;

use flow_query::{
    AggregateCall, AggregateFunction, CommandKind, Expr, ExprKind, Named, ParsePattern, Query, Value,
};
use regex::Regex;

use crate::expressions::{NaiveRow, condition, value};
use crate::values::{V, holds, natural, number, of_float, of_groups, of_number, text, total};

/// Rows, what of them is shown, and the order that was asked for and not yet made.
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<NaiveRow>,
    parsed: Vec<String>,
    order: Vec<(Expr, bool)>,
    limit: Option<usize>,
    dedup: Vec<Expr>,
}

pub(crate) fn evaluate(query: &Query, rows: Vec<NaiveRow>) -> Table {
    let mut table = Table {
        columns: Vec::new(),
        rows,
        parsed: Vec::new(),
        order: Vec::new(),
        limit: None,
        dedup: Vec::new(),
    };
    for command in &query.commands {
        table.command(&command.kind);
    }
    table.settle();
    table
}

fn push(columns: &mut Vec<String>, name: String) {
    if !columns.contains(&name) {
        columns.push(name);
    }
}

impl Table {
    fn command(&mut self, command: &CommandKind) {
        if matches!(
            command,
            CommandKind::Filter(_) | CommandKind::Sort(_) | CommandKind::Stats(_) | CommandKind::Dedup(_)
        ) && self.limit.is_some()
        {
            self.settle();
        }
        match command {
            CommandKind::Filter(filter) => self.rows.retain(|row| condition(filter, row)),
            CommandKind::Fields(columns) => {
                self.make(columns);
                columns.iter().for_each(|column| push(&mut self.columns, column.name()));
            }
            CommandKind::Display(columns) => {
                self.make(columns);
                self.columns.clear();
                self.parsed.clear();
                columns.iter().for_each(|column| push(&mut self.columns, column.name()));
            }
            CommandKind::Parse(parse) => {
                let message = || Value::Text(String::new().into());
                let subject = |row: &NaiveRow| match &parse.subject {
                    Some(subject) => value(subject, row),
                    None => row.get("@message").cloned().unwrap_or_else(message),
                };
                let (regex, names) = regex_of(&parse.pattern);
                for row in &mut self.rows {
                    let found = text(&subject(row));
                    let captures = regex.captures(&found);
                    for (index, name) in names.iter().enumerate() {
                        let part = captures.as_ref().and_then(|captures| captures.get(index + 1));
                        let part =
                            part.map_or(Value::Absent, |part| Value::Text(part.as_str().to_owned().into()));
                        row.insert(name.clone(), part);
                    }
                }
                self.parsed.extend(names);
            }
            CommandKind::Stats(stats) => self.stats(&stats.columns, &stats.by),
            CommandKind::Sort(keys) => {
                let keys = keys.iter().map(|key| (key.expr.clone(), key.descending));
                self.order = keys.chain(std::mem::take(&mut self.order)).collect();
            }
            CommandKind::Limit(limit) => {
                let limit = usize::try_from(*limit).unwrap();
                self.limit = Some(self.limit.map_or(limit, |other| other.min(limit)));
            }
            CommandKind::Dedup(names) => self.dedup.clone_from(names),
        }
    }

    fn make(&mut self, columns: &[Named]) {
        for column in columns {
            for row in &mut self.rows {
                let made = value(&column.expr, row);
                row.insert(column.name(), made);
            }
        }
    }

    /// Sorts, leaves out duplicates, cuts.
    fn settle(&mut self) {
        if self.columns.is_empty() {
            self.columns = vec!["@timestamp".to_owned(), "@message".to_owned()];
        }
        std::mem::take(&mut self.parsed).into_iter().for_each(|name| push(&mut self.columns, name));
        let mut order = std::mem::take(&mut self.order);
        if order.is_empty() && !self.dedup.is_empty() {
            let kind = ExprKind::Name("@timestamp".to_owned());
            order.push((Expr { kind, span: flow_query::Span::default() }, true));
        }
        if !order.is_empty() {
            let columns = self.columns.clone();
            self.rows.sort_by(|left, right| compare(&order, &columns, left, right));
        }
        let mut kept: Vec<NaiveRow> = Vec::new();
        let dedup = std::mem::take(&mut self.dedup);
        let values = |row: &NaiveRow| dedup.iter().map(|name| value(name, row)).collect::<Vec<_>>();
        for row in std::mem::take(&mut self.rows) {
            let own = values(&row);
            let may_repeat = dedup.is_empty() || own.contains(&Value::Absent);
            if may_repeat || kept.iter().all(|other| values(other) != own) {
                kept.push(row);
            }
        }
        kept.truncate(self.limit.take().unwrap_or(usize::MAX));
        self.rows = kept;
    }

    fn stats(&mut self, columns: &[Named], by: &[Named]) {
        let mut groups: Vec<(Vec<V>, Vec<NaiveRow>)> = Vec::new();
        if by.is_empty() {
            groups.push((Vec::new(), Vec::new()));
        }
        for row in std::mem::take(&mut self.rows) {
            let key: Vec<V> = by.iter().map(|group| value(&group.expr, &row)).collect();
            match groups.iter_mut().find(|(other, _)| *other == key) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((key, vec![row])),
            }
        }
        groups.sort_by(|(left, _), (right, _)| {
            let orders = left.iter().zip(right).map(|(left, right)| of_groups(left, right));
            orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        self.order.clear();
        self.parsed.clear();
        self.columns = by.iter().chain(columns).map(Named::name).collect();
        for (key, rows) in groups {
            let mut row: NaiveRow = by.iter().map(Named::name).zip(key).collect();
            for column in columns {
                let made = over_group(&column.expr, &rows, &row);
                row.insert(column.name(), made);
            }
            self.rows.push(row);
        }
    }
}

fn compare(order: &[(Expr, bool)], columns: &[String], left: &NaiveRow, right: &NaiveRow) -> Ordering {
    for (key, descending) in order {
        let order = natural(&value(key, left), &value(key, right));
        if order.is_ne() {
            return if *descending { order.reverse() } else { order };
        }
    }
    let absent = Value::Absent;
    let of = |row: &NaiveRow, name: &String| row.get(name).unwrap_or(&absent).clone();
    let orders = columns.iter().map(|name| total(&of(left, name), &of(right, name)));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// A glob as the expression that says the same.
fn regex_of(pattern: &ParsePattern) -> (Regex, Vec<String>) {
    match pattern {
        ParsePattern::Regex(text) => {
            let regex = Regex::new(text).unwrap();
            let names = regex.capture_names().flatten().map(str::to_owned).collect();
            (regex, names)
        }
        ParsePattern::Glob { glob, names } => {
            let end = if glob.ends_with('*') { "$" } else { "" };
            let glob = regex::escape(glob).replace("\\*", "(.*?)");
            (Regex::new(&format!("(?s){glob}{end}")).unwrap(), names.clone())
        }
    }
}

/// A column of `stats`: its aggregates over the group's records, all else over what the group's row has already.
fn over_group(expr: &Expr, rows: &[NaiveRow], row: &NaiveRow) -> V {
    match &expr.kind {
        ExprKind::Aggregate(call) => aggregate(call, rows),
        ExprKind::Arithmetic(op, left, right) => {
            let named = [("left", over_group(left, rows, row)), ("right", over_group(right, rows, row))];
            let operands = named.map(|(name, value)| (name.to_owned(), value)).into();
            let name = |name: &str| Box::new(Expr { kind: ExprKind::Name(name.to_owned()), span: expr.span });
            let kind = ExprKind::Arithmetic(*op, name("left"), name("right"));
            value(&Expr { kind, span: expr.span }, &operands)
        }
        _ => value(expr, row),
    }
}

fn aggregate(call: &AggregateCall, rows: &[NaiveRow]) -> V {
    let Some(argument) = &call.argument else { return Value::Integer(i64::try_from(rows.len()).unwrap()) };
    let timed = rows
        .iter()
        .map(|row| (row.get("@timestamp").cloned().unwrap_or(Value::Absent), value(argument, row)));
    let timed: Vec<(V, V)> = timed.filter(|(_, value)| *value != Value::Absent).collect();
    let values: Vec<V> = timed.iter().map(|(_, value)| value.clone()).collect();
    let numbers: Vec<_> = values.iter().filter_map(number).collect();
    let floats: Vec<f64> = numbers.iter().map(|number| number.float()).collect();
    let (count, sum) = (floats.len(), floats.iter().sum::<f64>());
    let whole = |count: usize| Value::Integer(i64::try_from(count).unwrap());
    let chosen = |value: Option<V>| value.unwrap_or(Value::Absent);
    let moments = || {
        let known = timed.iter().filter(|(at, _)| *at != Value::Absent).cloned();
        let order =
            |left: &(V, V), right: &(V, V)| total(&left.0, &right.0).then_with(|| total(&left.1, &right.1));
        (known.clone().min_by(order), known.max_by(order))
    };
    match call.function {
        AggregateFunction::Count => whole(values.len()),
        AggregateFunction::CountDistinct => {
            let mut distinct: Vec<V> = Vec::new();
            values.into_iter().for_each(|value| {
                if !distinct.contains(&value) {
                    distinct.push(value);
                }
            });
            whole(distinct.len())
        }
        AggregateFunction::Sum => of_float(sum),
        AggregateFunction::Avg => of_float(sum / count as f64),
        AggregateFunction::Min => chosen(numbers.into_iter().min_by(|a, b| a.order(*b)).map(of_number)),
        AggregateFunction::Max => chosen(numbers.into_iter().max_by(|a, b| a.order(*b)).map(of_number)),
        AggregateFunction::Pct(percent) => {
            let mut sorted = numbers;
            sorted.sort_by(|a, b| a.order(*b));
            // The least value that as many percent of all values do not exceed.
            let percent: f64 = percent.to_string().parse().unwrap();
            let enough = |index: usize| (index + 1) as f64 * 100.0 >= percent * sorted.len() as f64;
            chosen((0..sorted.len()).find(|index| enough(*index)).map(|index| of_number(sorted[index])))
        }
        AggregateFunction::StdDev if count < 2 => Value::Absent,
        AggregateFunction::StdDev => {
            let mean = sum / count as f64;
            let squares: f64 = floats.iter().map(|float| (float - mean) * (float - mean)).sum();
            of_float((squares / (count - 1) as f64).sqrt())
        }
        AggregateFunction::Earliest => chosen(moments().0.map(|(_, value)| value)),
        AggregateFunction::Latest => chosen(moments().1.map(|(_, value)| value)),
        AggregateFunction::SortsFirst => chosen(values.into_iter().min_by(total)),
        AggregateFunction::SortsLast => chosen(values.into_iter().max_by(total)),
    }
}

/// Whether two values are the same but for rounding.
pub(crate) fn is_near(left: &V, right: &V) -> bool {
    match (number(left), number(right)) {
        (Some(one), Some(other)) => {
            let (one, other) = (one.float(), other.float());
            (one - other).abs() <= 1e-6 + 1e-9 * one.abs().max(other.abs())
        }
        _ => left == right || holds(left, flow_query::Comparison::Equal, right),
    }
}
